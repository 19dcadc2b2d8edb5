// Sizes that the ops' small examples do not reach: odd ones, several blocks, several threads' worth of work.
#include <gtest/gtest.h>

#include <cmath>

#include "base/parallel.h"
#include "support/cpu_device.h"
#include "tactics/harness.h"

namespace twofour::tactic_test {
namespace {

using backend::Format;
using Ints = std::vector<int64_t>;

constexpr std::array kFormats = {Format::kPlain, Format::kChannelsLast};

const backend::Tactic& tactic(std::string_view name) { return *device().find_tactic(name); }

const std::vector<Shape> kImages = {{2, 3, 5, 7},  {3, 17, 9, 11}, {2, 64, 14, 14}, {1, 130, 3, 5},
                                    {4, 33, 1, 1}, {2, 1, 19, 23}, {5, 16, 31, 29}};

TEST(Shapes, FusedConvInPlaceAndCopied) {
  for (const Format format : kFormats)
    for (const std::string activation : {"none", "relu", "clip"})
      for (const bool in_place : {true, false})
        for (const char* name : {"onednn.conv", "onednn.conv_blocked"}) {
          const Case test = with_format(make_case("FusedConv",
                                                  {{.shape = {2, 18, 9, 7}},
                                                   {.shape = {20, 18, 3, 3}, .constant = true},
                                                   {.shape = {20}, .constant = true},
                                                   {.shape = {2, 20, 9, 7}}},
                                                  {{"pads", Ints{1, 1, 1, 1}},
                                                   {"activation", activation},
                                                   {"clip_low", -0.5F},
                                                   {"clip_high", 1.5F}}),
                                        format);
          const RunOptions options{.in_place = in_place};
          if (name == std::string_view("onednn.conv")) expect_runs(tactic(name), test, options, 256);
          else check_tactic(tactic(name), test, options, 256);
          check_tactic(tactic("half_storage:" + std::string(name)), with_half(test, DType::kF16), options);
        }
}

TEST(Shapes, ConvGradients) {
  struct Geometry {
    Shape src, weight;
    int64_t stride, pad, group;
  };
  const std::vector<Geometry> geometries = {
      {{2, 16, 9, 8}, {32, 16, 3, 3}, 1, 1, 1}, {{3, 19, 11, 7}, {21, 19, 3, 3}, 2, 1, 1},
      {{2, 3, 17, 15}, {24, 3, 7, 7}, 2, 3, 1}, {{2, 40, 6, 6}, {24, 40, 1, 1}, 2, 0, 1},
      {{2, 12, 8, 8}, {18, 4, 3, 3}, 1, 1, 3},  {{2, 20, 7, 9}, {20, 1, 3, 3}, 1, 1, 20}};
  for (const Geometry& g : geometries)
    for (const Format format : kFormats) {
      const int64_t r = g.weight[2];
      const Shape dst = {g.src[0], g.weight[0], (g.src[2] + 2 * g.pad - r) / g.stride + 1,
                         (g.src[3] + 2 * g.pad - r) / g.stride + 1};
      Attrs attrs = {{"pads", Ints(4, g.pad)}, {"strides", Ints(2, g.stride)}, {"group", g.group}};
      Attrs data = attrs;
      data.set("src_shape", g.src.dims());
      Attrs weight = attrs;
      weight.set("weight_shape", g.weight.dims());
      const Case grad_data =
          with_format(make_case("ConvGradData", {{.shape = dst}, {.shape = g.weight}}, data), format);
      const Case grad_weight =
          with_format(make_case("ConvGradWeight", {{.shape = g.src}, {.shape = dst}}, weight), format);
      expect_runs(tactic("onednn.conv_grad_data"), grad_data, {}, 256);
      expect_runs(tactic("onednn.conv_grad_weight"), grad_weight, {}, 256);
      check_tactic(tactic("onednn.conv_grad_data_blocked"), grad_data, {}, 256);
      check_tactic(tactic("onednn.conv_grad_weight_blocked"), grad_weight, {}, 256);
    }
}

TEST(Shapes, Gemm) {
  for (const auto& [m, n, k] :
       std::vector<std::array<int64_t, 3>>{{1, 10, 37}, {33, 65, 129}, {64, 1000, 512}, {7, 1, 3}})
    for (const int64_t ta : {0, 1})
      for (const int64_t tb : {0, 1})
        for (const bool constant : {true, false})
          for (const Shape& c : {Shape{n}, Shape{1, n}, Shape{m, 1}, Shape{m, n}, Shape{}}) {
            const Case test =
                make_case("Gemm",
                          {{.shape = ta ? Shape{k, m} : Shape{m, k}},
                           {.shape = tb ? Shape{n, k} : Shape{k, n}, .constant = constant},
                           {.shape = c, .constant = constant}},
                          {{"transA", ta}, {"transB", tb}, {"alpha", c.rank() == 2 ? 0.5F : 1.0F}});
            expect_runs(tactic("onednn.gemm"), test, {.read_only_pack = true}, 256);
          }
}

TEST(Shapes, BroadcastingBinary) {
  for (const Shape& image : kImages)
    for (const Shape& other :
         {image, Shape{}, Shape{1}, Shape{image[1], 1, 1}, Shape{1, image[1], 1, 1},
          Shape{image[2], image[3]}, Shape{image[0], image[1], 1, 1}, Shape{image[0], 1, image[2], image[3]}})
      for (const char* op : {"Add", "Sub", "Mul", "Div"})
        for (const Format format : kFormats) {
          const CaseInput divisor{.shape = other, .low = 0.5F, .high = 2};
          expect_runs(tactic("native.binary"),
                      with_format(make_case(op, {{.shape = image}, divisor}), format), {.in_place = true}, 1);
          expect_runs(tactic("native.binary"),
                      with_format(make_case(op, {divisor, {.shape = image, .low = 1}}), format),
                      {.misalign = 4}, 2);
        }
}

TEST(Shapes, BatchNormInBothFormats) {
  for (const Shape& image : kImages)
    for (const Format format : kFormats)
      for (const int64_t relu : {0, 1})
        for (const bool in_place : {false, true}) {
          const CaseInput channel{.shape = {image[1]}, .low = 0.5F, .high = 2};
          const CaseInput data{.shape = image, .low = 3, .high = 5};
          const Case train =
              make_case("BatchNormTrain", {data, channel, channel, channel, channel}, {{"relu", relu}}, 5);
          const CaseInput gate{.shape = image, .absent = relu == 0};
          const Case grad = make_case("BatchNormTrainGrad",
                                      {{.shape = image}, {.shape = image}, channel, channel, channel, gate},
                                      {{"relu", relu}}, 3);
          const double eps =
              image.numel() == image[1] ? 1e9 : 4096;  // one value per channel: dst is bias plus noise
          expect_runs(tactic("native.batch_norm"), with_format(train, format), {.in_place = in_place}, eps);
          expect_runs(tactic("native.batch_norm"), with_format(grad, format), {.in_place = in_place}, 512);
          check_tactic(tactic("half_storage:native.batch_norm"),
                       with_half(with_format(grad, format), DType::kF16));
        }
}

// About the rounded mean of a long row, rounding leaves a variance below zero.
TEST(Shapes, LayerNormOfEqualValuesIsFinite) {
  constexpr int64_t kLength = 100003;
  for (const float value : {1e5F / 3, 1e6F / 3, 1e7F / 3, 1e8F / 3, 1e9F / 7, 1e10F / 9}) {
    const std::vector<float> row(kLength, value);
    const Case test =
        make_case("LayerNormalization",
                  {{.shape = {1, kLength}, .values = row}, {.shape = {kLength}}, {.shape = {kLength}}});
    const Tensor dst = run_tactic(tactic("native.row_norm"), test)[0];
    EXPECT_TRUE(std::ranges::all_of(dst.span<float>(), [](float v) { return std::isfinite(v); })) << value;
  }
}

TEST(Shapes, BatchNormOfNanGivesVarianceNan) {
  const CaseInput ones{.shape = {2}, .values = {1, 1}};
  Case test = make_case("BatchNormTrain", {{.shape = {2, 2, 5, 7}}, ones, ones, ones, ones}, {}, 5);
  test.inputs[0].span<float>()[3] = NAN;  // of channel 0
  for (const Format format : {Format::kPlain, Format::kChannelsLast})
    expect_runs(tactic("native.batch_norm"), with_format(test, format), {}, 512);
}

// A large mean must not drown the variance.
TEST(Shapes, BatchNormOfShiftedData) {
  const CaseInput one{.shape = {8}, .low = 1, .high = 1};
  for (const Format format : kFormats) {
    const Case test = with_format(
        make_case("BatchNormTrain",
                  {{.shape = {4, 8, 33, 31}, .low = 1000, .high = 1001}, one, one, one, one}, {}, 5),
        format);
    const auto actual = run_tactic(tactic("native.batch_norm"), test);
    const auto expected = run_reference(test);
    for (size_t c = 0; c < 8; ++c)
      EXPECT_NEAR(actual[4].span<float>()[c], expected[4].span<float>()[c],
                  2e-4 * expected[4].span<float>()[c]);
  }
}

CaseInput axes_input(const Ints& axes) {
  return {.dtype = DType::kI64,
          .shape = {static_cast<int64_t>(axes.size())},
          .constant = true,
          .values = std::vector<float>(axes.begin(), axes.end())};
}

TEST(Shapes, Reductions) {
  for (const Shape& image : kImages)
    for (const Ints& axes :
         {Ints{0, 2, 3}, Ints{2, 3}, Ints{1}, Ints{0}, Ints{3}, Ints{0, 2}, Ints{}, Ints{0, 1, 2, 3}})
      for (const int64_t keep : {0, 1})
        for (const Format format : kFormats) {
          const Case test = with_format(
              make_case("ReduceMean", {{.shape = image}, axes_input(axes)}, {{"keepdims", keep}}), format);
          if (format == Format::kPlain) expect_runs(tactic("native.reduction"), test, {}, 4);
          else check_tactic(tactic("native.reduction"), test, {}, 4);
        }
  expect_runs(tactic("native.reduction"), make_case("GradNormSquared", {{.shape = {100003}}}), {}, 4);
}

TEST(Shapes, ReductionsDoNotDependOnThreads) {
  const Case test = make_case("ReduceMean", {{.shape = {70001, 3}}, axes_input({0})});
  const int before = max_threads();
  std::vector<Tensor> results;
  for (const int threads : {1, 2, 3}) {
    set_max_threads(threads);
    results.push_back(run_tactic(tactic("native.reduction"), test)[0]);
  }
  set_max_threads(before);
  for (const Tensor& result : results)
    EXPECT_TRUE(std::ranges::equal(result.span<float>(), results[0].span<float>()));
}

TEST(Shapes, ReorderOfEveryElementSize) {
  for (const Shape& image : kImages)
    for (const DType dtype : {DType::kF32, DType::kF16, DType::kI8, DType::kI64})
      for (const Format from : kFormats) {
        Case test = make_case("Reorder", {{.dtype = dtype, .shape = image, .low = -50, .high = 50}});
        test.node.inputs[0].desc.format = from;
        test.node.outputs[0].format = from == Format::kPlain ? Format::kChannelsLast : Format::kPlain;
        expect_runs(tactic("native.expand"), test, {.misalign = 8}, 0);
      }
}

TEST(Shapes, MovementInChannelsLast) {
  const Shape image = {2, 18, 9, 7};
  for (const Format format : kFormats) {
    const auto check = [&](const char* name, Case test) {
      expect_runs(tactic(name), with_format(std::move(test), format), {}, 0);
    };
    for (const int64_t axis : {0, 1, 2, 3}) {
      Shape other = image;
      other[static_cast<size_t>(axis)] = 5;
      check("native.concat", make_case("Concat", {{.shape = image}, {.shape = other}}, {{"axis", axis}}));
    }
    check("native.transpose", make_case("Transpose", {{.shape = image}}, {{"perm", Ints{0, 2, 3, 1}}}));
    check("native.transpose", make_case("Transpose", {{.shape = image}}, {{"perm", Ints{3, 1, 0, 2}}}));
    const CaseInput pads{
        .dtype = DType::kI64, .shape = {8}, .constant = true, .values = {0, 0, 1, 2, 0, 0, 3, -1}};
    check("native.pad", make_case("Pad", {{.shape = image}, pads}));
    const CaseInput shape{.dtype = DType::kI64, .shape = {4}, .constant = true, .values = {2, 18, 9, 7}};
    check("native.expand", make_case("Expand", {{.shape = {2, 18, 1, 1}}, shape}));
    check("native.expand", make_case("Expand", {{.shape = {9, 1}}, shape}));
  }
  expect_runs(tactic("native.transpose"), make_case("Transpose", {{.shape = {75, 131}}}), {}, 0);
}

TEST(Shapes, Pools) {
  for (const Shape& image : {Shape{2, 3, 9, 8}, Shape{1, 64, 12, 12}, Shape{3, 70, 7, 11}})
    for (const Format format : kFormats)
      for (const int64_t ceil : {0, 1}) {
        const Attrs attrs = {{"kernel_shape", Ints{3, 3}},
                             {"strides", Ints{2, 2}},
                             {"pads", Ints{1, 1, 1, 1}},
                             {"ceil_mode", ceil}};
        const Case max = make_case("MaxPool", {{.shape = image, .distinct = true}}, attrs);
        expect_runs(tactic("native.max_pool"), with_format(max, format), {}, 1);
        expect_runs(tactic("onednn.pool"),
                    with_format(make_case("AveragePool", {{.shape = image}}, attrs), format), {}, 16);
        const Shape pooled = max.node.outputs[0].shape;
        Attrs average = attrs;
        average.set("src_shape", image.dims());
        expect_runs(tactic("onednn.average_pool_grad"),
                    with_format(make_case("AveragePoolGrad", {{.shape = pooled}}, average), format), {}, 16);
        Case grad = make_case("MaxPoolGrad", {{.shape = pooled}, {.shape = image}, {.shape = pooled}}, attrs);
        for (float& v : grad.inputs[1].span<float>()) v = std::round(v * 4);  // ties
        grad.inputs[2] =
            run_reference({make_case("MaxPool", {{.shape = image}}, attrs).node, {grad.inputs[1]}})[0];
        expect_runs(tactic("native.max_pool_grad"), with_format(grad, format), {}, 4);
      }
}

TEST(Shapes, OptimiserOverManyElements) {
  const Shape shape = {40001};
  const CaseInput rate{.shape = {}, .values = {0.1F}};
  const CaseInput mask{.dtype = DType::kBool, .shape = shape, .low = 0, .high = 2};
  for (const bool masked : {false, true})
    for (const float bad : {0.0F, 1.0F}) {
      CaseInput mask_input = mask;
      mask_input.absent = !masked;
      const Case test = make_case("SgdUpdate",
                                  {{.shape = shape},
                                   {.shape = shape},
                                   {.shape = shape},
                                   rate,
                                   mask_input,
                                   {.shape = {}, .values = {bad}}},
                                  {{"momentum", 0.9F}, {"weight_decay", 1e-4F}, {"nesterov", int64_t{1}}}, 2);
      expect_runs(tactic("native.sgd_update"), test, {}, 2);
      expect_runs(tactic("native.sgd_update"), test, {.in_place = true}, 2);
    }
  for (const float bad : {1.0F, INFINITY, NAN}) {
    Case test = make_case("GradUnscale", {{.shape = shape}, {.shape = {}, .values = {1024}}}, {}, 2);
    test.inputs[0].span<float>()[33333] = bad;
    expect_runs(tactic("native.grad_unscale"), test, {.in_place = true}, 1);
  }
}

}  // namespace
}  // namespace twofour::tactic_test
