// Odd sizes, types and forms of the plain kernels, family by family.
#include <gtest/gtest.h>

#include "support/cpu_device.h"
#include "tactics/harness.h"

namespace twofour::tactic_test {
namespace {

using backend::Format;
using Ints = std::vector<int64_t>;

const backend::Tactic& tactic(std::string_view name) { return *device().find_tactic(name); }

CaseInput numbers(std::vector<float> values) {
  return {.dtype = DType::kI64,
          .shape = {static_cast<int64_t>(values.size())},
          .constant = true,
          .values = std::move(values)};
}
CaseInput number(float value) {
  return {.dtype = DType::kI64, .shape = {}, .constant = true, .values = {value}};
}

TEST(Families, ConvolutionsOfOneAndThreeAxes) {
  struct Geometry {
    Shape src, weight;
    Ints strides, pads, dilations;
    int64_t group;
  };
  const std::vector<Geometry> geometries = {
      {{2, 16, 33}, {24, 16, 3}, {1}, {1, 1}, {1}, 1},
      {{1, 19, 50}, {21, 19, 5}, {2}, {2, 1}, {3}, 1},
      {{3, 20, 17}, {20, 1, 4}, {1}, {0, 3}, {2}, 20},
      {{2, 12, 9}, {18, 4, 1}, {1}, {0, 0}, {1}, 3},
      {{1, 8, 1}, {16, 8, 1}, {1}, {0, 0}, {1}, 1},
      {{1, 1, 400}, {32, 1, 160}, {80}, {0, 0}, {1}, 1},
      {{1, 6, 5, 7, 9}, {10, 6, 3, 2, 3}, {1, 2, 1}, {1, 0, 1, 1, 1, 2}, {1, 1, 2}, 1},
      {{2, 8, 4, 4, 5}, {8, 1, 3, 3, 3}, {1, 1, 1}, {1, 1, 1, 1, 1, 1}, {1, 1, 1}, 8}};
  for (const Geometry& g : geometries) {
    const Attrs attrs = {
        {"strides", g.strides}, {"pads", g.pads}, {"dilations", g.dilations}, {"group", g.group}};
    for (const bool constant : {true, false}) {
      const CaseInput weight{.shape = g.weight, .constant = constant};
      const CaseInput bias{.shape = {g.weight[0]}, .constant = constant};
      const Case plain = make_case("Conv", {{.shape = g.src}, weight, bias}, attrs);
      for (const char* name : {"onednn.conv", "onednn.conv_blocked"}) {
        if (name == std::string_view("onednn.conv")) expect_runs(tactic(name), plain, {.misalign = 4}, 256);
        else check_tactic(tactic(name), plain, {}, 256);
        check_tactic(tactic("half_storage:" + std::string(name)), with_half(plain, DType::kF16));
        Attrs fused = attrs;
        fused.set("activation", std::string("relu"));
        check_tactic(
            tactic(name),
            make_case("FusedConv", {{.shape = g.src}, weight, bias, {.shape = plain.node.outputs[0].shape}},
                      fused),
            {.in_place = true}, 256);
      }
    }
    const Case forward = make_case("Conv", {{.shape = g.src}, {.shape = g.weight}}, attrs);
    const CaseInput grad{.shape = forward.node.outputs[0].shape};
    Attrs data = attrs, weight = attrs;
    data.set("src_shape", g.src.dims());
    weight.set("weight_shape", g.weight.dims());
    check_tactic(tactic("onednn.conv_grad_data"),
                 make_case("ConvGradData", {grad, {.shape = g.weight}}, data), {}, 512);
    check_tactic(tactic("onednn.conv_grad_weight"),
                 make_case("ConvGradWeight", {{.shape = g.src}, grad}, weight), {}, 512);
  }
}

TEST(Families, SparseConvolutionsHaveAtMostTwoAxes) {
  const Case volume =
      make_case("Conv", {{.shape = {1, 8, 4, 5, 6}}, {.shape = {16, 8, 3, 3, 3}, .constant = true}});
  const Case line =
      pruned(make_case("Conv", {{.shape = {2, 16, 40}}, {.shape = {32, 16, 1}, .constant = true}}), 1);
  for (const backend::Tactic* candidate : device().tactics()) {
    if (!candidate->is_sparse()) continue;
    EXPECT_FALSE(candidate->supports(volume.node)) << candidate->name();
    check_tactic(*candidate, line, {}, 256);
  }
}

TEST(Families, TransposedConvolutionsOfOneAndThreeAxes) {
  for (const int64_t group : {1, 2})
    for (const int64_t stride : {1, 3}) {
      const Attrs line = {{"strides", Ints{stride}}, {"pads", Ints{1, 0}}, {"group", group}};
      expect_runs(
          tactic("onednn.conv_transpose"),
          make_case("ConvTranspose",
                    {{.shape = {2, 6, 11}}, {.shape = {6, 5, 4}, .constant = true}, {.shape = {5 * group}}},
                    line),
          {}, 256);
      const Attrs volume = {{"strides", Ints{1, stride, 2}}, {"group", group}};
      check_tactic(
          tactic("onednn.conv_transpose"),
          make_case("ConvTranspose",
                    {{.shape = {1, 4, 3, 5, 4}}, {.shape = {4, 3, 2, 3, 3}, .constant = true}}, volume),
          {}, 256);
    }
}

TEST(Families, PoolsOfOneAndThreeAxes) {
  for (const int64_t ceil : {0, 1})
    for (const char* op : {"MaxPool", "AveragePool"}) {
      const char* name = op == std::string_view("MaxPool") ? "native.max_pool" : "onednn.pool";
      expect_runs(
          tactic(name),
          make_case(
              op, {{.shape = {2, 5, 23}}},
              {{"kernel_shape", Ints{3}}, {"strides", Ints{2}}, {"pads", Ints{1, 0}}, {"ceil_mode", ceil}}),
          {}, 64);
      expect_runs(
          tactic(name),
          make_case(op, {{.shape = {1, 17, 6, 7, 8}}},
                    {{"kernel_shape", Ints{2, 3, 2}}, {"strides", Ints{1, 2, 2}}, {"ceil_mode", ceil}}),
          {}, 64);
    }
}

TEST(Families, BinaryOperatorsOfEveryType) {
  const std::vector<std::pair<Shape, Shape>> shapes = {
      {{3, 37}, {3, 37}}, {{3, 37}, {}}, {{1, 5}, {7, 1}}, {{2, 3, 5, 7}, {3, 1, 1}}, {{1}, {130}}};
  const std::vector<DType> all = {DType::kF32, DType::kF64, DType::kI8,  DType::kU8,  DType::kI16,
                                  DType::kU16, DType::kI32, DType::kU32, DType::kI64, DType::kU64};
  for (const auto& [a, b] : shapes)
    for (const DType dtype : all) {
      const bool is_unsigned = dtype_name(dtype).starts_with("u");
      const CaseInput x{.dtype = dtype, .shape = a, .low = is_unsigned ? 0.0F : -9.0F, .high = 9};
      const CaseInput y{.dtype = dtype, .shape = b, .low = 1, .high = 7};
      for (const char* op : {"Add", "Sub", "Mul", "Div", "Max", "Min", "Equal", "Greater", "GreaterOrEqual",
                             "Less", "LessOrEqual"}) {
        expect_runs(tactic("native.binary"), make_case(op, {x, y}), {.misalign = 8}, 2);
        expect_runs(tactic("native.binary"), make_case(op, {y, y}), {.in_place = true}, 2);
      }
      expect_runs(tactic("native.binary"), make_case("Mod", {x, y}, {{"fmod", int64_t{1}}}), {}, 4);
      if (is_float(dtype)) continue;
      expect_runs(tactic("native.binary"), make_case("Mod", {x, y}), {}, 0);
      for (const char* op : {"BitwiseAnd", "BitwiseOr", "BitwiseXor"})
        expect_runs(tactic("native.binary"), make_case(op, {x, y}), {}, 0);
    }
  for (const char* op : {"And", "Or", "Xor", "Equal"}) {
    const CaseInput flags{.dtype = DType::kBool, .shape = {5, 33}, .low = 0, .high = 2};
    expect_runs(tactic("native.binary"), make_case(op, {flags, flags}), {.in_place = true}, 0);
  }
}

TEST(Families, IntegerDivisionByZeroIsRefused) {
  for (const char* op : {"Div", "Mod"}) {
    Case test = make_case(op, {{.dtype = DType::kI64, .shape = {70000}, .low = 1, .high = 9},
                               {.dtype = DType::kI64, .shape = {70000}, .low = 1, .high = 9}});
    test.inputs[1].span<int64_t>()[69999] = 0;
    EXPECT_ANY_THROW(run_tactic(tactic("native.binary"), test));
  }
}

TEST(Families, VariadicOperators) {
  const CaseInput a{.shape = {3, 1, 21}}, b{.shape = {4, 21}}, c{.shape = {3, 4, 21}};
  for (const char* op : {"Max", "Min", "Sum"})
    for (const bool in_place : {false, true})
      expect_runs(tactic("native.binary"), make_case(op, {c, b, a, b}), {.in_place = in_place}, 8);
}

TEST(Families, WhereOfEverySize) {
  for (const DType dtype : {DType::kF32, DType::kF16, DType::kI8, DType::kI64})
    for (const Shape& condition : {Shape{3, 37}, Shape{3, 1}, Shape{37}, Shape{}})
      for (const Shape& x : {Shape{3, 37}, Shape{}})
        expect_runs(tactic("native.where"),
                    make_case("Where", {{.dtype = DType::kBool, .shape = condition, .low = 0, .high = 2},
                                        {.dtype = dtype, .shape = x, .low = -9, .high = 9},
                                        {.dtype = dtype, .shape = {3, 37}, .low = -9, .high = 9}}),
                    {.in_place = true}, 0);
}

TEST(Families, Functions) {
  for (const char* op : {"Sin", "Cos", "Tan", "Floor", "Ceil", "Round", "Sign", "Softplus", "Softsign"})
    for (const float reach : {0.01F, 1.4F, 300.0F, 1e6F})
      if (op != std::string_view("Tan") || reach < 10)
        expect_runs(tactic("native.function"),
                    make_case(op, {{.shape = {3, 1001}, .low = -reach, .high = reach}}),
                    {.in_place = true, .misalign = 4}, 8);
  for (const char* op : {"Acos", "Asin", "Atan"})
    expect_runs(tactic("native.function"), make_case(op, {{.shape = {3, 1001}}}),
                {.in_place = true, .misalign = 4}, 8);
  for (const char* op : {"Celu", "Erf", "Mish", "Selu"})
    for (const float reach : {0.01F, 1.4F, 300.0F})
      expect_runs(tactic("native.unary"), make_case(op, {{.shape = {3, 1001}, .low = -reach, .high = reach}}),
                  {.in_place = true, .misalign = 4}, 8);
  for (const float alpha : {-1.0F, 0.0F, INFINITY, NAN})
    EXPECT_FALSE(
        tactic("native.unary").supports(make_case("Celu", {{.shape = {5}}}, {{"alpha", alpha}}).node));
  for (const char* op : {"Neg", "Abs", "Sign"})
    for (const DType dtype : {DType::kI32, DType::kI64})
      expect_runs(tactic("native.function"),
                  make_case(op, {{.dtype = dtype, .shape = {131}, .low = -99, .high = 99}}), {}, 0);
}

TEST(Families, ReductionsOfEveryKind) {
  for (const Shape& shape : {Shape{2, 3, 5, 7}, Shape{1, 67, 1, 131}, Shape{4, 1030}})
    for (const std::vector<float>& axes : {std::vector<float>{0}, {1}, {-1}, {0, -1}})
      for (const int64_t keep : {0, 1}) {
        const Attrs attrs = {{"keepdims", keep}};
        for (const char* op : {"ReduceMax", "ReduceMin"})
          for (const DType dtype : {DType::kF32, DType::kI8, DType::kI32, DType::kI64})
            check_tactic(
                tactic("native.extreme"),
                make_case(op, {{.dtype = dtype, .shape = shape, .low = -99, .high = 99}, numbers(axes)},
                          attrs),
                {}, 0);
        check_tactic(
            tactic("native.extreme"),
            make_case("ReduceProd",
                      {{.dtype = DType::kI32, .shape = shape, .low = -3, .high = 3}, numbers(axes)}, attrs),
            {}, 0);
        for (const char* op : {"ReduceL1", "ReduceL2", "ReduceSumSquare", "ReduceLogSum"})
          check_tactic(tactic("native.reduction"),
                       make_case(op, {{.shape = shape, .low = 0.5F, .high = 2}, numbers(axes)}, attrs), {},
                       8);
      }
  expect_runs(tactic("native.extreme"), make_case("ReduceMax", {{.shape = {70001}}, numbers({0})}), {}, 0);
  expect_runs(tactic("native.extreme"), make_case("GlobalMaxPool", {{.shape = {2, 5, 9, 11}}}), {}, 0);
}

TEST(Families, ExtremesPropagateNan) {
  for (const char* op : {"ReduceMax", "ReduceMin"})
    for (const int64_t at : {0, 1, 40, 99}) {
      Case test = make_case(op, {{.shape = {100}}, numbers({0})});
      test.inputs[0].span<float>()[static_cast<size_t>(at)] = NAN;
      EXPECT_TRUE(std::isnan(run_tactic(tactic("native.extreme"), test)[0].span<float>()[0]));
    }
}

TEST(Families, ArgExtremesAndSums) {
  for (const Shape& shape : {Shape{3, 67, 5}, Shape{130, 7}, Shape{1, 1000}})
    for (int64_t axis = 0; axis < static_cast<int64_t>(shape.rank()); ++axis) {
      for (const char* op : {"ArgMax", "ArgMin"})
        for (const int64_t last : {0, 1})
          for (const DType dtype : {DType::kF32, DType::kI32, DType::kI64, DType::kU8})
            expect_runs(tactic("native.arg_extreme"),
                        make_case(op, {{.dtype = dtype, .shape = shape, .low = 0, .high = 20}},
                                  {{"axis", axis}, {"select_last_index", last}}),
                        {}, 0);
      for (const int64_t reverse : {0, 1})
        for (const int64_t exclusive : {0, 1})
          for (const DType dtype : {DType::kF32, DType::kI32, DType::kI64})
            expect_runs(tactic("native.cumulative"),
                        make_case("CumSum",
                                  {{.dtype = dtype, .shape = shape, .low = -9, .high = 9},
                                   number(static_cast<float>(axis))},
                                  {{"reverse", reverse}, {"exclusive", exclusive}}),
                        {}, 4);
    }
}

TEST(Families, TopKOfEveryAxis) {
  for (const int64_t axis : {0, 1, 2})
    for (const int64_t largest : {0, 1})
      for (const DType dtype : {DType::kF32, DType::kI32, DType::kI64})
        expect_runs(
            tactic("native.top_k"),
            make_case("TopK", {{.dtype = dtype, .shape = {5, 9, 31}, .low = 0, .high = 20}, numbers({4})},
                      {{"axis", axis}, {"largest", largest}}, 2),
            {}, 0);
}

TEST(Families, GatheredAndScatteredSlices) {
  for (const DType dtype : {DType::kF32, DType::kI8, DType::kI64})
    for (const DType index : {DType::kI32, DType::kI64}) {
      const CaseInput src{.dtype = dtype, .shape = {4, 5, 6}, .low = -9, .high = 9};
      for (const int64_t axis : {0, 1, 2}) {
        const CaseInput at{.dtype = index, .shape = {3, 4, 5}, .low = -4, .high = 4};
        expect_runs(tactic("native.gather_slices"), make_case("GatherElements", {src, at}, {{"axis", axis}}),
                    {}, 0);
        const CaseInput updates{.dtype = dtype, .shape = at.shape, .low = -9, .high = 9};
        expect_runs(tactic("native.scatter_slices"),
                    make_case("ScatterElements", {src, at, updates}, {{"axis", axis}}), {.in_place = true},
                    0);
        if (dtype == DType::kF32)
          for (const std::string reduction : {"add", "mul", "max", "min"})
            expect_runs(
                tactic("native.scatter_slices"),
                make_case("ScatterElements", {src, at, updates}, {{"axis", axis}, {"reduction", reduction}}),
                {}, 64);
      }
      const CaseInput pairs{.dtype = index, .shape = {7, 2}, .low = -4, .high = 4};
      expect_runs(tactic("native.gather_slices"), make_case("GatherND", {src, pairs}), {}, 0);
      expect_runs(
          tactic("native.scatter_slices"),
          make_case("ScatterND", {src, pairs, {.dtype = dtype, .shape = {7, 6}, .low = -9, .high = 9}}), {},
          0);
      const CaseInput in_batches{.dtype = index, .shape = {4, 3, 1}, .low = -5, .high = 5};
      expect_runs(tactic("native.gather_slices"),
                  make_case("GatherND", {src, in_batches}, {{"batch_dims", int64_t{1}}}), {}, 0);
    }
}

TEST(Families, GridSampleInEveryMode) {
  for (const std::string mode : {"nearest", "linear", "cubic"})
    for (const std::string padding : {"zeros", "border", "reflection"})
      for (const int64_t align : {0, 1}) {
        const Attrs attrs = {{"mode", mode}, {"padding_mode", padding}, {"align_corners", align}};
        expect_runs(
            tactic("native.grid_sample"),
            make_case("GridSample",
                      {{.shape = {2, 9, 9, 7}}, {.shape = {2, 5, 31, 2}, .low = -1.7F, .high = 1.7F}}, attrs),
            {.misalign = 4}, 64);
        expect_runs(
            tactic("native.grid_sample"),
            make_case("GridSample",
                      {{.shape = {1, 2, 4, 5, 3}}, {.shape = {1, 2, 3, 5, 3}, .low = -1.3F, .high = 1.3F}},
                      attrs),
            {}, 64);
      }
}

TEST(Families, TransformsOfEveryLength) {
  for (const int64_t length : {1, 2, 3, 4, 5, 8, 12, 15, 64, 67, 134, 150, 400, 512}) {
    for (const int64_t parts : {1, 2})
      for (const int64_t inverse : {0, 1}) {
        const Attrs attrs = {{"inverse", inverse}};
        expect_runs(tactic("native.fourier"), make_case("DFT", {{.shape = {3, length, parts}}}, attrs), {},
                    256);
        expect_runs(tactic("native.fourier"),
                    make_case("DFT", {{.shape = {2, length, 5, parts}}, {.absent = true}, number(1)}, attrs),
                    {}, 256);
      }
    expect_runs(tactic("native.fourier"),
                make_case("DFT", {{.shape = {19, length, 1}}}, {{"onesided", int64_t{1}}}), {}, 256);
    expect_runs(tactic("native.fourier"),
                make_case("STFT", {{.shape = {2, 3 * length + 1, 1}}, number(2), {.shape = {length}}}), {},
                256);
  }
  expect_runs(tactic("native.fourier"), make_case("DFT", {{.shape = {2, 9, 1}}, number(12)}), {}, 256);
}

// A node that never runs may hold such constants.
TEST(Families, IntegerDivisionByZeroThrowsWhenItRuns) {
  for (const char* op : {"Div", "Mod"})
    for (const bool constant : {false, true}) {
      const CaseInput divisors{.dtype = DType::kI32, .shape = {3}, .constant = constant, .values = {1, 0, 2}};
      const Case test = make_case(op, {{.dtype = DType::kI32, .shape = {3}, .values = {4, 5, 6}}, divisors});
      EXPECT_NO_THROW(tactic("native.binary").create(test.node, {}));
      EXPECT_THROW(run_tactic(tactic("native.binary"), test), Error);
    }
}

TEST(Families, SlicesWithShortRows) {
  for (const DType dtype : {DType::kBool, DType::kF16, DType::kF32, DType::kI64}) {
    const CaseInput src{.dtype = dtype, .shape = {3, 1031, 7}, .low = 0, .high = 2};
    for (const float step : {1.0F, 2.0F, -1.0F}) {
      const float begin = step < 0 ? 5 : 2, end = step < 0 ? 1 : 6;
      expect_runs(tactic("native.slice"),
                  make_case("Slice", {src, numbers({begin}), numbers({end}), numbers({2}), numbers({step})}),
                  {}, 0);
    }
    expect_runs(tactic("native.concat"), make_case("Concat", {src, src}, {{"axis", int64_t{2}}}), {}, 0);
    expect_runs(
        tactic("native.expand"),
        make_case("Expand", {{.dtype = dtype, .shape = {1031, 1}, .low = 0, .high = 2}, numbers({1031, 3})}),
        {}, 0);
  }
}

TEST(Families, TilesAndBlocks) {
  for (const DType dtype : {DType::kF32, DType::kI8, DType::kI64}) {
    expect_runs(tactic("native.tile"),
                make_case("Tile", {{.dtype = dtype, .shape = {2, 3, 1, 5}, .low = -9, .high = 9},
                                   numbers({3, 1, 4, 2})}),
                {}, 0);
    for (const std::string mode : {"DCR", "CRD"}) {
      const Attrs attrs = {{"blocksize", int64_t{3}}, {"mode", mode}};
      expect_runs(
          tactic("native.depth_to_space"),
          make_case("DepthToSpace", {{.dtype = dtype, .shape = {2, 18, 5, 7}, .low = -9, .high = 9}}, attrs),
          {}, 0);
    }
    expect_runs(tactic("native.depth_to_space"),
                make_case("SpaceToDepth", {{.dtype = dtype, .shape = {2, 3, 6, 8}, .low = -9, .high = 9}},
                          {{"blocksize", int64_t{2}}}),
                {}, 0);
  }
}

}  // namespace
}  // namespace twofour::tactic_test
