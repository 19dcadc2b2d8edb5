// From an ONNX file to an engine: 2:4 weights that a file keeps as i8 with a scale per row, or as halves, are
// read as such, however large they are.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/cpu.h"
#include "base/rng.h"
#include "builder/builder.h"
#include "onnx/model_file.h"
#include "support/cpu_device.h"

namespace twofour::builder {
namespace {

using onnx_io::ModelFile;

constexpr int64_t kM = 1411, kK = 4100;  // 17.4 MB more as f32 than as i8

/// W [M,K] as whole numbers, two of every four zero.
std::vector<int8_t> sparse_codes() {
  std::vector<int8_t> codes(static_cast<size_t>(kM * kK));
  Rng rng(1);
  for (size_t block = 0; block < codes.size(); block += 4) {
    const size_t first = rng.below(4), second = (first + 1 + rng.below(3)) % 4;
    for (const size_t place : {first, second})
      codes[block + place] = static_cast<int8_t>(static_cast<int>(rng.below(256)) - 128);
  }
  return codes;
}

std::vector<int8_t> transposed(const std::vector<int8_t>& codes) {
  std::vector<int8_t> result(codes.size());
  for (int64_t m = 0; m < kM; ++m)
    for (int64_t k = 0; k < kK; ++k)
      result[static_cast<size_t>(k * kM + m)] = codes[static_cast<size_t>(m * kK + k)];
  return result;
}

std::vector<float> random_scales() {
  std::vector<float> scales(static_cast<size_t>(kM));
  Rng rng(2);
  for (float& scale : scales) scale = rng.uniform(0.001F, 0.01F);
  return scales;
}

template <typename T>
std::string raw(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

struct Case {
  const char* name;
  const char* op;
  DType stored;
  int64_t zero_point = 0;
};

std::ostream& operator<<(std::ostream& os, const Case& c) { return os << c.name; }

class StoredWeights : public ::testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    if (max_isa() < Isa::kAvx2) GTEST_SKIP() << "the 2:4 kernels need AVX2";
  }

  bool is_gemm() const { return std::string_view(GetParam().op) == "Gemm"; }

  ModelFile model() const {
    ModelFile file(19);
    file.input("x", {1, kK}).output("y");
    const std::vector<int64_t> dims = is_gemm() ? std::vector{kM, kK} : std::vector{kK, kM};
    if (GetParam().stored == DType::kI8) add_quantised(file, dims);
    else add_halves(file, dims);
    file.node(GetParam().op, {"x", "w"}, {"y"}, "layer");
    if (is_gemm()) file.attr("transB", int64_t{1});
    return file;
  }

  void add_quantised(ModelFile& file, const std::vector<int64_t>& dims) const {
    file.floats("scales", {kM}, scales_);
    const bool shifted = GetParam().zero_point != 0;
    const int type = shifted ? onnx::TensorProto::UINT8 : onnx::TensorProto::INT8;
    std::vector<int8_t> codes = is_gemm() ? codes_ : transposed(codes_);
    for (int8_t& code : codes) code = static_cast<int8_t>(code + GetParam().zero_point);
    file.initializer("codes", dims, type).set_raw_data(raw(codes));
    const std::vector<uint8_t> zeros(static_cast<size_t>(kM), static_cast<uint8_t>(GetParam().zero_point));
    file.initializer("zeros", {kM}, type).set_raw_data(raw(zeros));
    file.node("DequantizeLinear", {"codes", "scales", "zeros"}, {"w"})
        .attr("axis", int64_t{is_gemm() ? 0 : 1});
  }

  void add_halves(ModelFile& file, const std::vector<int64_t>& dims) const {
    const bool is_f16 = GetParam().stored == DType::kF16;
    std::vector<uint16_t> bits;
    for (const int8_t code : is_gemm() ? codes_ : transposed(codes_))
      bits.push_back(is_f16 ? to_f16(value(code)).bits : to_bf16(value(code)).bits);
    const int type = is_f16 ? onnx::TensorProto::FLOAT16 : onnx::TensorProto::BFLOAT16;
    file.initializer("halves", dims, type).set_raw_data(raw(bits));
    file.node("Cast", {"halves"}, {"w"}).attr("to", static_cast<int64_t>(onnx::TensorProto::FLOAT));
  }

  /// No multiple of one number, and no f16 where bf16 is meant.
  float value(int8_t code) const {
    const float v = std::exp2(static_cast<float>(code) / 8) * (code % 2 ? 1.0F : -1.0F);
    if (code == 0) return 0;
    return GetParam().stored == DType::kF16 ? to_float(to_f16(v)) : to_float(to_bf16(1e-6F * v));
  }

  double expected(int64_t m, std::span<const float> x) const {
    double sum = 0;
    for (int64_t k = 0; k < kK; ++k) {
      const int8_t code = codes_[static_cast<size_t>(m * kK + k)];
      const double w = GetParam().stored == DType::kI8
                           ? static_cast<double>(code) * static_cast<double>(scales_[static_cast<size_t>(m)])
                           : static_cast<double>(value(code));
      sum += w * static_cast<double>(x[static_cast<size_t>(k)]);
    }
    return sum;
  }

  std::vector<int8_t> codes_ = sparse_codes();
  std::vector<float> scales_ = random_scales();
};

TEST_P(StoredWeights, StayAsSmallAsTheFileHasThem) {
  Options options;
  options.time_tactics = false;
  const Result result = build(model().import(), device(), options);
  const engine::Plan& plan = result.engine->plan();
  ASSERT_EQ(plan.steps.size(), 1u);
  EXPECT_EQ(plan.steps[0].tactic, "sparse24.gemv");
  const Tensor& packed = result.engine->sections()[static_cast<size_t>(plan.steps[0].packed[0])];
  EXPECT_EQ(packed.dtype(), GetParam().stored);
  const double kept = static_cast<double>(kM * kK) / 2;
  EXPECT_LT(static_cast<double>(result.engine->file_bytes()),
            1.03 * kept * (static_cast<double>(dtype_size(packed.dtype())) + 0.25));

  Tensor x(DType::kF32, {1, kK});
  Rng rng(3);
  for (float& v : x.span<float>()) v = rng.normal();
  const auto context = result.engine->create_context();
  context->bind("x", x);
  context->run();
  const Tensor y = context->tensor("y");
  double largest = 0;
  for (int64_t m = 0; m < kM; ++m) largest = std::max(largest, std::abs(expected(m, x.span<float>())));
  for (int64_t m = 0; m < kM; ++m)
    ASSERT_NEAR(y.span<float>()[static_cast<size_t>(m)], expected(m, x.span<float>()), 1e-5 * largest) << m;
}

INSTANTIATE_TEST_SUITE_P(Files, StoredWeights,
                         ::testing::Values(Case{"GemmI8", "Gemm", DType::kI8},
                                           Case{"MatMulI8", "MatMul", DType::kI8},
                                           Case{"MatMulU8WithZeroPoint", "MatMul", DType::kI8, 128},
                                           Case{"MatMulF16", "MatMul", DType::kF16},
                                           Case{"GemmBF16", "Gemm", DType::kBF16}),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace twofour::builder
