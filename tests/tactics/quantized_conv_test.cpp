// QuantizedConv through oneDNN.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "base/parallel.h"
#include "cpu/onednn/primitive.h"
#include "tactics/quantized_cases.h"

namespace twofour::tactic_test {
namespace {

using backend::Format;
using Ints = std::vector<int64_t>;

struct Geometry {
  Shape src, weight;
  Attrs attrs;
};

/// Those that the library has kernels for, whatever is around them.
std::vector<Geometry> geometries() {
  const Ints pad1 = {1, 1, 1, 1};
  return {
      {{1, 3, 7, 6}, {5, 3, 3, 3}, {{"pads", pad1}}},
      {{2, 16, 5, 7}, {40, 16, 1, 1}, {}},
      {{1, 33, 6, 5}, {17, 33, 1, 1}, {{"strides", Ints{2, 2}}}},
      {{1, 33, 7, 6}, {7, 33, 3, 3}, {{"pads", pad1}}},
      {{2, 5, 9, 8}, {16, 5, 5, 3}, {{"pads", Ints{2, 1, 0, 1}}, {"strides", Ints{2, 1}}}},
      {{1, 1, 9, 9}, {7, 1, 3, 3}, {{"pads", pad1}}},
      {{1, 16, 9, 9}, {1, 16, 3, 3}, {}},
      {{1, 16, 8, 9}, {16, 1, 3, 3}, {{"pads", pad1}, {"group", int64_t{16}}}},
      {{2, 33, 8, 9},
       {33, 1, 5, 3},
       {{"pads", Ints{2, 1, 2, 1}}, {"strides", Ints{2, 2}}, {"group", int64_t{33}}}},
      {{1, 64, 6, 6}, {64, 16, 3, 3}, {{"pads", pad1}, {"group", int64_t{4}}}},
      {{1, 16, 8, 7}, {16, 16, 3, 3}, {{"pads", Ints{2, 2, 2, 2}}, {"dilations", Ints{2, 2}}}},
      {{3, 40, 1, 1}, {10, 40, 1, 1}, {}},
      {{2, 8, 11}, {6, 8, 3}, {{"pads", Ints{1, 1}}}},
      {{1, 4, 5, 4, 6}, {8, 4, 3, 3, 3}, {{"pads", Ints(6, 1)}}},
  };
}

Attrs joined(Attrs attrs, const Attrs& more) {
  for (const auto& [name, value] : more) attrs.set(name, value);
  return attrs;
}

Case conv(const Geometry& g, DType src, Around a, bool constant_weight = true) {
  a.attrs = joined(a.attrs, g.attrs);
  return around("QuantizedConv", codes(src, g.src), codes(DType::kI8, g.weight, constant_weight), g.weight[0],
                g.weight.numel(1, g.weight.rank()), a);
}

/// In every format that the shape has.
template <typename Fn>
void in_formats(const Case& test, const Fn& fn) {
  fn(test);
  if (test.node.outputs[0].shape.rank() == 4) fn(with_format(test, Format::kChannelsLast));
}

TEST(QuantizedConv, GeometriesAndZeroPoints) {
  for (const Geometry& g : geometries())
    for (const DType src : {DType::kU8, DType::kI8})
      for (const auto zero_point : zero_points(src))
        for (const DType dst : kResults)
          in_formats(conv(g, src, {.dst = dst, .zero_point = zero_point}),
                     [](const Case& test) { expect_both(test, {.read_only_pack = true}); });
}

TEST(QuantizedConv, GroupsOfOddSize) {
  const Geometry g = {{1, 12, 6, 6}, {18, 4, 3, 3}, {{"pads", Ints{0, 1, 2, 1}}, {"group", int64_t{3}}}};
  for (const std::optional<DType> residual : {std::optional<DType>(), std::optional(DType::kU8)})
    in_formats(conv(g, DType::kU8, {.zero_point = 100, .residual = residual}),
               [](const Case& test) { check_both(test); });
}

TEST(QuantizedConv, Activations) {
  for (const Geometry& g : {geometries()[3], geometries()[7]})
    for (const Attrs& activation : activations())
      for (const DType dst : kResults)
        for (const bool constant : {true, false})
          for (const bool residual : {true, false})
            in_formats(conv(g, DType::kU8,
                            {.dst = dst,
                             .zero_point = 99,
                             .constant = constant,
                             .residual = residual ? std::optional(dst) : std::nullopt,
                             .attrs = activation}),
                       [](const Case& test) { expect_both(test); });
}

TEST(QuantizedConv, ResidualsInPlaceAndCopied) {
  for (const Geometry& g : {geometries()[0], geometries()[1], geometries()[7]})
    for (const DType dst : kResults)
      for (const DType residual : kResults)
        for (const bool in_place : {true, false})
          in_formats(conv(g, DType::kI8, {.dst = dst, .residual = residual}), [&](const Case& test) {
            const bool sums_up = dtype_size(dst) == dtype_size(residual);
            (sums_up ? expect_both : check_both)(test, {.in_place = in_place, .misalign = 4});
          });
}

TEST(QuantizedConv, RunTimeInputs) {
  for (const Geometry& g : {geometries()[0], geometries()[1], geometries()[7], geometries()[9]})
    for (const bool constant_weight : {true, false})
      for (const bool one_scale : {true, false})
        for (const bool bias : {true, false})
          for (const DType dst : kResults)
            in_formats(
                conv(g, DType::kU8,
                     {.dst = dst, .zero_point = 200, .constant = false, .one_scale = one_scale, .bias = bias},
                     constant_weight),
                [](const Case& test) { expect_both(test, {.read_only_pack = true}); });
}

/// Sums of two such products leave 16 bits, and 4608 of them 24.
TEST(QuantizedConv, SumsDoNotSaturate) {
  const Geometry g = {{1, 512, 4, 3}, {24, 512, 3, 3}, {{"pads", Ints{1, 1, 1, 1}}}};
  for (const auto& [src, code] : {std::pair(DType::kU8, 255), {DType::kI8, 127}, {DType::kI8, -128}})
    for (const int weight : {-127, 127})
      for (const auto zero_point : zero_points(src))
        in_formats(filled(conv(g, src, {.zero_point = zero_point}), code, weight, 4608),
                   [](const Case& test) { expect_both(test); });
}

/// Where the scale is 0 only the bias counts; dividing it by the scale next to 0 would overflow.
TEST(QuantizedConv, ScalesOfZero) {
  for (const bool constant : {true, false})
    for (const bool one_scale : {true, false})
      for (const bool bias : {true, false}) {
        Case test =
            conv(geometries()[1], DType::kU8, {.constant = constant, .one_scale = one_scale, .bias = bias});
        const auto scale = test.inputs[2].span<float>();  // shared with the node's constant
        scale[0] = 0;
        if (!one_scale) scale[3] = 1e-44F;
        in_formats(test, [](const Case& c) { expect_both(c); });
      }
}

TEST(QuantizedConv, NanOfAResidualStays) {
  for (const Attrs& activation : activations()) {
    Case test =
        conv(geometries()[1], DType::kU8, {.dst = DType::kF32, .residual = DType::kF32, .attrs = activation});
    test.inputs[4].span<float>()[7] = NAN;
    in_formats(test, [](const Case& c) { expect_both(c); });
  }
}

TEST(QuantizedConv, NanOfAScaleStays) {
  for (const Attrs& activation : activations())
    for (const bool constant : {true, false})
      for (const bool bias : {true, false}) {
        Case test = conv(geometries()[1], DType::kU8,
                         {.dst = DType::kF32, .constant = constant, .bias = bias, .attrs = activation});
        test.inputs[2].span<float>()[3] = NAN;  // shared with the node's constant
        in_formats(test, [](const Case& c) { expect_both(c); });
      }
}

TEST(QuantizedConv, AnyNumberOfThreadsGivesTheSameBits) {
  const int before = max_threads();
  for (const Geometry& g : geometries())
    for (const DType dst : kResults) {
      const Case test =
          conv(g, DType::kU8, {.dst = dst, .zero_point = 7, .residual = dst, .attrs = activations()[5]});
      for (const backend::Tactic* tactic : {&on_codes(test), &on_values(test)}) {
        if (!tactic->supports(test.node)) continue;
        set_max_threads(1);
        const Tensor expected = run_tactic(*tactic, test)[0];
        for (const int threads : {2, 3}) {
          set_max_threads(threads);
          const Tensor actual = run_tactic(*tactic, test)[0];
          EXPECT_EQ(std::memcmp(actual.raw(), expected.raw(), actual.size_bytes()), 0)
              << tactic->name() << " with " << threads << " threads on " << test.node.signature();
        }
      }
    }
  set_max_threads(before);
}

TEST(QuantizedConv, ResidualOfAnotherSizeIsDeclined) {
  const Case test = conv(geometries()[0], DType::kU8, {.residual = DType::kF32});
  EXPECT_EQ(on_codes(test).supports(test.node).reason,
            cpu::onednn::has_vnni() ? backend::Reason::kDtype : backend::Reason::kNoVnni);
}

TEST(QuantizedConv, PackedConstantsThatDoNotFit) {
  expect_bad_packs_refused(conv(geometries()[0], DType::kU8, {.zero_point = 3}));
}

}  // namespace
}  // namespace twofour::tactic_test
