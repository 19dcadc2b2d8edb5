// The sparse tactics through the contract: constant 2:4 weights, both formats, epilogues, half storage.
#include <gtest/gtest.h>

#include <cmath>

#include "base/cpu.h"
#include "cpu/backend.h"
#include "tactics/harness.h"

namespace twofour::tactic_test {
namespace {

using backend::Format;
using Ints = std::vector<int64_t>;

class SparseTactics : public ::testing::Test {
 protected:
  void SetUp() override {
    if (max_isa() < Isa::kAvx2) GTEST_SKIP() << "the 2:4 kernels need AVX2";
  }
  void check(const std::string& name, const Case& test, const RunOptions& options = {}) const {
    expect_runs(*device_.find_tactic(name), test, options, 256);
    const Case half = with_half(test, DType::kF16);
    expect_runs(*device_.find_tactic("half_storage:" + name), half, options, 256);
  }
  cpu::CpuBackend device_;
};

TEST_F(SparseTactics, Conv) {
  for (const Format format : {Format::kPlain, Format::kChannelsLast})
    for (const bool in_place : {true, false}) {
      const Case test = make_case("FusedConv",
                                  {{.shape = {2, 20, 9, 7}},
                                   {.shape = {24, 20, 3, 3}, .constant = true},
                                   {.shape = {24}, .constant = true},
                                   {.shape = {2, 24, 9, 7}}},
                                  {{"pads", Ints{1, 1, 1, 1}}, {"activation", std::string("relu")}});
      check("sparse24.conv", with_format(pruned(test, 9), format),
            {.in_place = in_place, .read_only_pack = true});
    }
}

TEST_F(SparseTactics, GroupedConv) {
  for (const Format format : {Format::kPlain, Format::kChannelsLast})
    for (const int64_t stride : {1, 2}) {
      const int64_t h = (9 - 1) / stride + 1, w = (7 - 1) / stride + 1;
      const Case test = make_case("FusedConv",
                                  {{.shape = {2, 24, 9, 7}},
                                   {.shape = {9, 8, 3, 3}, .constant = true},
                                   {.shape = {9}, .constant = true},
                                   {.shape = {2, 9, h, w}}},
                                  {{"pads", Ints{1, 1, 1, 1}},
                                   {"strides", Ints{stride, stride}},
                                   {"group", int64_t{3}},
                                   {"activation", std::string("relu")}});
      check("sparse24.conv", with_format(pruned(test, 9), format), {.read_only_pack = true});
    }
}

TEST_F(SparseTactics, Linear) {
  const Case test = make_case(
      "Gemm", {{.shape = {5, 36}}, {.shape = {28, 36}, .constant = true}, {.shape = {28}, .constant = true}},
      {{"transB", int64_t{1}}});
  check("sparse24.gemm", pruned(test, 1), {.read_only_pack = true});
}

TEST_F(SparseTactics, EveryActivation) {
  for (const char* activation :
       {"none", "relu", "leaky_relu", "sigmoid", "tanh", "swish", "hard_sigmoid", "hard_swish", "gelu"}) {
    const Attrs attrs = {
        {"activation", std::string(activation)}, {"activation_slope", 0.3F}, {"activation_offset", 0.6F}};
    const Case conv = make_case("FusedConv",
                                {{.shape = {2, 20, 9, 7}, .low = -3, .high = 3},
                                 {.shape = {24, 20, 1, 1}, .constant = true},
                                 {.absent = true},
                                 {.shape = {2, 24, 9, 7}}},
                                attrs);
    check("sparse24.conv", pruned(conv, 1));
    const Case linear = make_case(
        "FusedMatMul",
        {{.shape = {2, 5, 36}}, {.shape = {36, 28}, .constant = true}, {.shape = {28}, .constant = true}},
        attrs);
    check("sparse24.gemm", pruned(linear, 28));
  }
}

TEST_F(SparseTactics, OnlyGeneratedCodeHasABudget) {
  constexpr int64_t kSide = 32768;
  Case linear = make_case("MatMul", {{.shape = {64, 8}}, {.shape = {8, 8}, .constant = true}});
  linear.node.inputs[0].desc.shape = {64, kSide};
  linear.node.outputs[0].shape = {64, kSide};
  Case conv = make_case("Conv", {{.shape = {1, 8, 5, 5}}, {.shape = {8, 8, 1, 1}, .constant = true}});
  conv.node.inputs[0].desc.shape = {1, kSide, 5, 5};
  conv.node.outputs[0].shape = {1, kSide, 5, 5};
  for (auto [name, node] : {std::pair("sparse24.gemm", linear.node), {"sparse24.conv", conv.node}}) {
    node.inputs[1].desc.shape = node.op == "Conv" ? Shape{kSide, kSide, 1, 1} : Shape{kSide, kSide};
    node.inputs[1].data = Tensor();
    const backend::Support support = device_.find_tactic(name)->supports(node);
    EXPECT_EQ(support.to_string(),
              max_isa() < Isa::kAvx512
                  ? "supported (from lists, without code: the CPU lacks the instruction set (needs avx512, "
                    "has avx2))"
                  : "the generated code would exceed its budget (32768x32768 weights, 536870912 bytes)");
  }
}

class CompactTactic : public SparseTactics {
 protected:
  void SetUp() override {
    if (max_isa() < Isa::kAvx2) GTEST_SKIP() << "the kernels for few items need AVX2";
  }
  backend::Support answer(const Case& test) const {
    return device_.find_tactic("sparse24.gemv")->supports(test.node);
  }
};

Case gemm_of(const Shape& a, const Shape& c) {
  const Shape b = {c[c.rank() - 1], 36};
  return make_case("Gemm", {{.shape = a}, {.shape = b, .constant = true}, {.shape = c, .constant = true}},
                   {{"transB", int64_t{1}}});
}

TEST_F(CompactTactic, FewItems) {
  for (const int64_t items : {1, 3, 16, 80})
    for (const size_t misalign : {0U, 4U})
      check("sparse24.gemv", pruned(gemm_of({items, 36}, {28}), 1),
            {.misalign = misalign, .read_only_pack = true});
}

Case conv_of(const Shape& weight, const Attrs& attrs, Format format) {
  const auto pads = attrs.ints("pads", {0, 0, 0, 0}), strides = attrs.ints("strides", {1, 1});
  const int64_t h = (3 + pads[0] + pads[2] - weight[2]) / strides[0] + 1;
  const int64_t w = (5 + pads[1] + pads[3] - weight[3]) / strides[1] + 1;
  const Case test = make_case("FusedConv",
                              {{.shape = {2, 20, 3, 5}},
                               {.shape = weight, .constant = true},
                               {.shape = {weight[0]}, .constant = true},
                               {.shape = {2, weight[0], h, w}}},
                              attrs);
  return with_format(pruned(test, weight[2] * weight[3]), format);
}

TEST_F(CompactTactic, ConvOfFewPixels) {
  const Attrs relu = {{"activation", std::string("relu")}};
  for (const bool in_place : {true, false})
    check("sparse24.gemv", conv_of({28, 20, 1, 1}, relu, Format::kChannelsLast),
          {.in_place = in_place, .read_only_pack = true});
  check("sparse24.gemv", conv_of({9, 20, 1, 1}, {{"strides", Ints{2, 3}}}, Format::kChannelsLast));
  check("sparse24.gemv",
        conv_of({9, 20, 3, 2}, {{"pads", Ints{1, 0, 2, 1}}, {"strides", Ints{2, 1}}}, Format::kChannelsLast));
}

TEST_F(CompactTactic, DeclinesConvsWithReasons) {
  const Shape pointwise = {28, 20, 1, 1};
  EXPECT_EQ(answer(conv_of(pointwise, {}, Format::kPlain)).reason, backend::Reason::kFormat);
  EXPECT_EQ(answer(conv_of({28, 10, 1, 1}, {{"group", int64_t{2}}}, Format::kChannelsLast)).reason,
            backend::Reason::kGrouped);
  const Case large = make_case("Conv", {{.shape = {1, 8, 9, 9}}, {.shape = {8, 8, 1, 1}, .constant = true}});
  EXPECT_EQ(answer(with_format(pruned(large, 1), Format::kChannelsLast)).detail,
            "N = 81 is too large for compact weights, at most 80");
}

TEST_F(CompactTactic, EveryActivation) {
  for (const char* activation :
       {"none", "relu", "leaky_relu", "sigmoid", "tanh", "swish", "hard_sigmoid", "hard_swish", "gelu"}) {
    const Case linear = make_case(
        "FusedMatMul",
        {{.shape = {2, 5, 36}}, {.shape = {36, 28}, .constant = true}, {.shape = {28}, .constant = true}},
        {{"activation", std::string(activation)}, {"activation_slope", 0.3F}, {"activation_offset", 0.6F}});
    check("sparse24.gemv", pruned(linear, 28));
  }
}

TEST_F(CompactTactic, WeightsKeepTheTypeThatTheyWereStoredAs) {
  const auto packed_as = [this](DType dtype, const auto& round) {
    const Case test = pruned(gemm_of({3, 36}, {28}), 1);
    for (float& v : test.inputs[1].span<float>()) v = round(v);
    EXPECT_EQ(device_.find_tactic("sparse24.gemv")->pack(test.node)[0].dtype(), dtype);
    expect_runs(*device_.find_tactic("sparse24.gemv"), test, {.read_only_pack = true}, 256);
  };
  packed_as(DType::kF32, [](float v) { return v; });
  packed_as(DType::kF16, [](float v) { return to_float(to_f16(v)); });
  packed_as(DType::kBF16, [](float v) { return to_float(to_bf16(v)) * 0x1p30F; });
  packed_as(DType::kI8, [](float v) { return std::round(v * 127) * 0.0123F; });
}

TEST_F(CompactTactic, DeclinesWithReasons) {
  EXPECT_EQ(answer(gemm_of({3, 36}, {28})).reason, backend::Reason::kNotSparse);
  EXPECT_EQ(answer(pruned(gemm_of({81, 36}, {28}), 1)).to_string(),
            "shape is not supported (N = 81 is too large for compact weights, at most 80)");
  EXPECT_EQ(answer(make_case("MatMul", {{.shape = {3, 6}}, {.shape = {6, 8}, .constant = true}})).reason,
            backend::Reason::kAxisNotMultipleOf4);
  EXPECT_EQ(answer(make_case("MatMul", {{.shape = {3, 8}}, {.shape = {8, 8}}})).reason,
            backend::Reason::kWeightNotConstant);
  EXPECT_EQ(
      answer(make_case("MatMul", {{.shape = {3, 8}, .constant = true}, {.shape = {8, 8}, .constant = true}}))
          .detail,
      "every input is constant");
}

TEST_F(CompactTactic, ValuesPerRowAreNoBias) {
  const Case test = make_case(
      "Gemm",
      {{.shape = {8, 36}}, {.shape = {36, 8}, .constant = true}, {.shape = {8, 1}, .constant = true}});
  for (const char* name : {"sparse24.gemv", "sparse24.gemm"})
    EXPECT_FALSE(device_.find_tactic(name)->supports(pruned(test, 8).node)) << name;
}

TEST_F(SparseTactics, DenseWeightsAreDeclined) {
  const Case test = make_case("Conv", {{.shape = {1, 8, 5, 5}}, {.shape = {8, 8, 1, 1}, .constant = true}});
  EXPECT_EQ(device_.find_tactic("sparse24.conv")->supports(test.node).reason, backend::Reason::kNotSparse);
}

TEST_F(SparseTactics, DepthwiseConvsAreDeclined) {
  const Case test = make_case("Conv", {{.shape = {1, 8, 5, 5}}, {.shape = {8, 1, 3, 3}, .constant = true}},
                              {{"group", int64_t{8}}});
  EXPECT_EQ(device_.find_tactic("sparse24.conv")->supports(test.node).to_string(),
            "grouped convolution (C / group = 1)");
}

}  // namespace
}  // namespace twofour::tactic_test
