// Tactic::create on what an engine file may have made up: an Error that says which part is wrong.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/cpu.h"
#include "base/error.h"
#include "cpu/backend.h"
#include "tactics/harness.h"

namespace twofour::tactic_test {
namespace {

using ::testing::HasSubstr;

class CreateKernel : public ::testing::Test {
 protected:
  void refused(const std::string& tactic, const backend::NodeDesc& node, std::span<const Tensor> packed,
               ErrorCode code, const char* text) const {
    try {
      device_.find_tactic(tactic)->create(node, packed);
      ADD_FAILURE() << tactic << " made a kernel";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), code) << error.what();
      EXPECT_THAT(error.what(), HasSubstr(text));
    }
  }
  /// Each of the constants missing, of another type, and one byte or value short.
  void refuses_bad_packs(const std::string& tactic, const backend::NodeDesc& node) const {
    const std::vector<Tensor> good = device_.find_tactic(tactic)->pack(node);
    EXPECT_NO_THROW(device_.find_tactic(tactic)->create(node, good));
    for (size_t i = 0; i < good.size(); ++i) {
      refused(tactic, node, std::span(good).first(i), ErrorCode::kDataCorrupt, "packed");
      std::vector<Tensor> bad = good;
      bad[i] = Tensor(DType::kI16, good[i].shape());
      refused(tactic, node, bad, ErrorCode::kDataCorrupt, "packed");
      bad[i] = Tensor(good[i].dtype(), {good[i].numel() - 1});
      refused(tactic, node, bad, ErrorCode::kDataCorrupt, "");
    }
  }
  cpu::CpuBackend device_;
};

const std::vector<CaseInput> kConvInputs = {
    {.shape = {1, 8, 5, 5}}, {.shape = {8, 8, 1, 1}, .constant = true}, {.shape = {8}, .constant = true}};
const std::vector<CaseInput> kGemmInputs = {
    {.shape = {3, 8}}, {.shape = {8, 4}, .constant = true}, {.shape = {4}, .constant = true}};

Case pruned(Case test) {
  const auto weight = test.inputs[1].span<float>();  // shared with the node's constant
  for (size_t i = 0; i < weight.size(); i += 2) weight[i] = 0;
  return test;
}

TEST_F(CreateKernel, NodeThatTheTacticDeclines) {
  Case test = make_case("Relu", {{.shape = {1, 2, 3, 3}}});
  test.node.inputs[0].desc.format = backend::Format::kChannelsLast;
  refused("reference", test.node, {}, ErrorCode::kFailedPrecondition,
          "reference does not run node \"test\" (Relu): memory format is not supported");
  refused("onednn.conv", test.node, {}, ErrorCode::kFailedPrecondition, "is for another operator");
}

TEST_F(CreateKernel, ConstantWithoutData) {
  Case test = make_case("Add", {{.shape = {4}}, {.shape = {4}, .constant = true}});
  EXPECT_NO_THROW(device_.find_tactic("native.binary")->create(test.node, {}));
  test.node.inputs[1].data = Tensor();
  for (const char* tactic : {"native.binary", "reference"})
    refused(tactic, test.node, {}, ErrorCode::kDataCorrupt,
            "constant input 1 of node \"test\" (Add) has no data");
}

TEST_F(CreateKernel, PackedConstantsOfTheLibrary) {
  refuses_bad_packs("onednn.conv", make_case("Conv", kConvInputs).node);
  refuses_bad_packs("onednn.gemm", make_case("Gemm", kGemmInputs).node);
  refuses_bad_packs("onednn.matmul", make_case("MatMul", {kGemmInputs[0], kGemmInputs[1]}).node);
}

TEST_F(CreateKernel, PackedSparseWeights) {
  if (max_isa() < Isa::kAvx2) GTEST_SKIP() << "the sparse kernels need AVX2";
  const Attrs transposed = {{"transB", int64_t{1}}};
  std::vector<CaseInput> inputs = kGemmInputs;
  inputs[1].shape = {4, 8};
  const Case gemm = pruned(make_case("Gemm", inputs, transposed));
  refuses_bad_packs("sparse24.gemv", gemm.node);
  Case bytes = gemm;
  for (float& v : bytes.inputs[1].span<float>()) v = v == 0 ? 0.0F : 0.3F;
  refuses_bad_packs("sparse24.gemv", bytes.node);
  refuses_bad_packs("sparse24.conv", pruned(make_case("Conv", kConvInputs)).node);
  refuses_bad_packs("sparse24.gemm", gemm.node);
  refuses_bad_packs("half_storage:sparse24.gemm", with_half(gemm, DType::kF16).node);
}

TEST_F(CreateKernel, PositionsOfSparseWeights) {
  if (max_isa() < Isa::kAvx2) GTEST_SKIP() << "the sparse kernels need AVX2";
  std::vector<CaseInput> inputs = kGemmInputs;
  inputs[1].shape = {4, 8};
  const Case gemm = pruned(make_case("Gemm", inputs, {{"transB", int64_t{1}}}));
  for (const auto& [name, test] :
       {std::pair("sparse24.gemm", gemm), {"sparse24.conv", pruned(make_case("Conv", kConvInputs))}}) {
    std::vector<Tensor> packed = device_.find_tactic(name)->pack(test.node);
    packed[1] = packed[1].clone();
    for (const uint8_t equal_or_descending : {0x0, 0x1, 0x2, 0x3, 0x5, 0x6, 0x7, 0xa, 0xb, 0xf}) {
      packed[1].span<uint8_t>()[1] = static_cast<uint8_t>(0x4 | equal_or_descending << 4);
      refused(name, test.node, packed, ErrorCode::kDataCorrupt,
              fmt::format("row 1 block 1 has index nibble {:X}", equal_or_descending).c_str());
    }
    packed[1].span<uint8_t>()[1] = 0xe4;
    EXPECT_NO_THROW(device_.find_tactic(name)->create(test.node, packed));
  }
}

TEST_F(CreateKernel, SparseWeightsOfOddColumns) {
  if (max_isa() < Isa::kAvx2) GTEST_SKIP() << "the sparse kernels need AVX2";
  const auto linear = [](int64_t k) {
    return make_case("Gemm", {{.shape = {3, k}}, {.shape = {4, k}, .constant = true}},
                     {{"transB", int64_t{1}}});
  };
  for (const char* name : {"sparse24.gemm", "sparse24.gemv"})
    refused(name, linear(6).node, device_.find_tactic(name)->pack(pruned(linear(8)).node),
            ErrorCode::kFailedPrecondition, "the reduction axis is not a multiple of 4 (K = 6)");
}

}  // namespace
}  // namespace twofour::tactic_test
