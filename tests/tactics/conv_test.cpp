#include <gtest/gtest.h>

#include "cpu/backend.h"
#include "tactics/harness.h"

namespace twofour::tactic_test {
namespace {

using backend::Format;
using Ints = std::vector<int64_t>;

struct Geometry {
  Shape src;
  Shape weight;
  Attrs attrs;
};

std::vector<Geometry> geometries() {
  const Ints pad1 = {1, 1, 1, 1};
  return {
      {{2, 16, 9, 7}, {32, 16, 3, 3}, {{"pads", pad1}}},
      {{1, 17, 8, 11}, {19, 17, 3, 3}, {{"pads", pad1}}},
      {{2, 3, 15, 17}, {8, 3, 7, 7}, {{"pads", Ints{3, 3, 3, 3}}, {"strides", Ints{2, 2}}}},
      {{1, 64, 7, 7}, {48, 64, 1, 1}, {}},
      {{2, 24, 10, 9}, {20, 24, 1, 1}, {{"strides", Ints{2, 2}}}},
      {{1, 12, 9, 9}, {12, 1, 3, 3}, {{"pads", pad1}, {"group", int64_t{12}}}},
      {{2, 32, 6, 5}, {32, 1, 3, 3}, {{"pads", pad1}, {"group", int64_t{32}}, {"strides", Ints{2, 1}}}},
      {{1, 12, 8, 8}, {18, 4, 3, 3}, {{"pads", Ints{0, 1, 2, 1}}, {"group", int64_t{3}}}},
      {{1, 8, 13, 11}, {16, 8, 3, 2}, {{"dilations", Ints{2, 3}}}},
      {{3, 40, 1, 1}, {10, 40, 1, 1}, {}},
      {{1, 512, 4, 3}, {32, 512, 3, 3}, {{"pads", pad1}}},
  };
}

Case conv_case(const Geometry& g, bool constant, bool bias) {
  const CaseInput bias_input{.shape = {g.weight[0]}, .constant = constant, .absent = !bias};
  return make_case("Conv", {{.shape = g.src}, {.shape = g.weight, .constant = constant}, bias_input},
                   g.attrs);
}

class ConvTactics : public testing::TestWithParam<const char*> {
 protected:
  const backend::Tactic& tactic() const { return *device_.find_tactic(GetParam()); }
  cpu::CpuBackend device_;
};

TEST_P(ConvTactics, GeometriesFormatsAndConstants) {
  int ran = 0;
  for (const Geometry& g : geometries())
    for (const bool constant : {true, false})
      for (const Format format : {Format::kPlain, Format::kChannelsLast})
        for (const DType dtype : {DType::kF32, DType::kBF16}) {
          Case test = with_format(conv_case(g, constant, constant), format);
          if (dtype != DType::kF32) test = with_half(test, dtype);
          ran += check_tactic(tactic(), test, {.read_only_pack = true}, 256);
        }
  EXPECT_GE(ran, static_cast<int>(geometries().size()));
}

INSTANTIATE_TEST_SUITE_P(All, ConvTactics, testing::Values("onednn.conv", "onednn.conv_blocked"));

TEST(Conv, DirectTacticRunsEveryGeometryInBothFormats) {
  const cpu::CpuBackend device;
  for (const Geometry& g : geometries())
    for (const Format format : {Format::kPlain, Format::kChannelsLast})
      expect_runs(*device.find_tactic("onednn.conv"), with_format(conv_case(g, true, true), format), {}, 256);
}

TEST(Conv, DeclinesWithAReason) {
  const cpu::CpuBackend device;
  const backend::Tactic& tactic = *device.find_tactic("onednn.conv");
  Case test = conv_case(geometries()[0], true, true);
  EXPECT_EQ(tactic.supports(with_half(test, DType::kF16).node).reason, backend::Reason::kDtype);
  test.node.inputs[1].desc.format = Format::kChannelsLast;
  EXPECT_EQ(tactic.supports(test.node).reason, backend::Reason::kFormat);
  EXPECT_EQ(tactic.supports({.name = "a", .op = "Add"}).reason, backend::Reason::kNotThisOp);
}

}  // namespace
}  // namespace twofour::tactic_test
