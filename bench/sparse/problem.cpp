#include "sparse/problem.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/cpu.h"
#include "base/rng.h"
#include "sparse/codes.h"

namespace twofour::bench {
namespace {

struct Suite {
  const char* name;
  std::vector<int64_t> batches;  // of convolutions
  DType stored = DType::kF32;
};

const std::vector<Suite>& suites() {
  static const std::vector<Suite> list = {{"transformer_gemm", {}},
                                          {"sweep_size_gemm", {}},
                                          {"sweep_m_gemm", {}},
                                          {"sweep_n_gemm", {}},
                                          {"sweep_k_gemm", {}},
                                          {"gemv_gemm", {}},
                                          {"gemv_f16_gemm", {}, DType::kF16},
                                          {"gemv_bf16_gemm", {}, DType::kBF16},
                                          {"gemv_i8_gemm", {}, DType::kI8},
                                          {"resnet50_conv", {1, 8}},
                                          {"resnext101_conv", {1, 8}},
                                          {"vgg16_conv", {1}},
                                          {"resnet20_conv", {64}}};
  return list;
}

/// What weights are stored as.
DType stored_at(Precision precision, const Suite& suite) {
  switch (precision) {
    case Precision::kBF16: return DType::kBF16;
    case Precision::kInt8: return DType::kI8;
    case Precision::kF32: break;
  }
  return suite.stored;
}

Problem conv_problem(const Suite& suite, Precision precision, const ConvLayer& layer, int64_t batch) {
  return {.suite = suite.name,
          .name = fmt::format("{}_b{}", layer.name, batch),
          .precision = precision,
          .m = layer.k / layer.groups,
          .k = layer.c / layer.groups * layer.r * layer.s,
          .n = batch * layer.out_h() * layer.out_w(),
          .batch = batch,
          .conv = layer,
          .stored = stored_at(precision, suite)};
}

std::vector<Problem> problems_of(const Suite& suite, Precision precision, const ShapeFile& file) {
  std::vector<Problem> list;
  for (const GemmLayer& layer : file.gemms)
    for (const int64_t n : layer.n)
      list.push_back({.suite = suite.name,
                      .name = fmt::format("{}_n{}", layer.name, n),
                      .precision = precision,
                      .m = layer.m,
                      .k = layer.k,
                      .n = n,
                      .stored = stored_at(precision, suite)});
  for (const int64_t batch : suite.batches)
    for (const ConvLayer& layer : file.convs) list.push_back(conv_problem(suite, precision, layer, batch));
  return list;
}

/// Two of every four of `values` that lie `step` apart become zero.
void prune(std::span<float> values, size_t step, Rng& rng) {
  for (size_t block = 0; block < values.size(); block += 4 * step)
    for (size_t i = 0; i < step && block + i + 3 * step < values.size(); ++i) {
      const size_t first = rng.below(4);
      const size_t second = (first + 1 + rng.below(3)) % 4;
      for (const size_t zero : {first, second}) values[block + i + zero * step] = 0;
    }
}

Tensor random_tensor(Shape shape, uint64_t seed) {
  Tensor tensor(DType::kF32, std::move(shape));
  Rng rng(seed);
  for (float& v : tensor.span<float>()) v = rng.uniform(-1, 1);
  return tensor;
}

Tensor sparse_weight(const Problem& p) {
  const ConvLayer& v = p.conv;
  Tensor weight = random_tensor(p.is_conv() ? Shape{v.k, v.c / v.groups, v.r, v.s} : Shape{p.m, p.k}, 1);
  Rng rng(2);
  prune(weight.span<float>(), p.is_conv() ? static_cast<size_t>(v.r * v.s) : 1, rng);
  return weight;
}

bool same_weight(const Problem& p, const ProblemData& data) {
  return !p.is_conv() && data.weight.defined() && data.weight.shape() == Shape{p.m, p.k} &&
         data.stored == p.stored && data.weight.dtype() == p.weight_dtype();
}

void make_weight(const Problem& p, ProblemData* data) {
  data->weight = sparse_weight(p);
  if (p.stored == DType::kI8) data->scales = round_weight(data->weight);
  else data->weight = data->weight.to(p.stored).to(p.weight_dtype());
  if (p.precision == Precision::kInt8) data->weight = weight_codes(data->weight, data->scales);
}

Tensor make_src(const Problem& p) {
  const ConvLayer& v = p.conv;
  Tensor src = random_tensor(p.is_conv() ? Shape{p.batch, v.c, v.h, v.w} : Shape{p.n, p.k}, 4);
  if (p.stored == DType::kI8) round_src(src);
  const DType dtype = dtype_at(p.precision);
  return p.precision == Precision::kInt8 ? src_codes(src, dtype) : src.to(dtype);
}

/// Codes of four standard deviations to each side, or behind ReLU to one.
ops::OutputCodes dst_codes(const Problem& p) {
  // Products of values in [-1, 1), half of the weights zero.
  const double deviation = std::sqrt(static_cast<double>(p.k) / 18);
  const bool relu = p.is_conv();
  return {DType::kU8, static_cast<float>((relu ? 4 : 8) * deviation / 255), relu ? 0 : 128};
}

}  // namespace

DType dtype_at(Precision precision) {
  switch (precision) {
    case Precision::kBF16: return DType::kBF16;
    case Precision::kInt8: return DType::kU8;
    case Precision::kF32: break;
  }
  return DType::kF32;
}

std::vector<Problem> list_problems(const std::string& folder, Precision precision,
                                   const std::vector<std::string>& only, bool quick) {
  constexpr double kQuickBytes = 64 << 20;
  constexpr size_t kQuickStep = 5;
  std::vector<Problem> list;
  for (const Suite& suite : suites()) {
    if (precision != Precision::kF32 && suite.stored != DType::kF32) continue;
    const ShapeFile file = read_shapes(fmt::format("{}/{}.txt", folder, suite.name));
    size_t index = 0;
    for (Problem& p : problems_of(suite, precision, file)) {
      if (quick && (p.weight_bytes() > kQuickBytes || index++ % kQuickStep != 0)) continue;
      const std::string name = p.suite + "/" + p.name;
      const auto is_in_name = [&](const std::string& part) { return name.find(part) != std::string::npos; };
      if (only.empty() || std::ranges::any_of(only, is_in_name)) list.push_back(std::move(p));
    }
  }
  return list;
}

ProblemData make_data(const Problem& p, const ProblemData& last) {
  ProblemData data;
  data.stored = p.stored;
  if (same_weight(p, last)) {
    data.weight = last.weight;
    data.scales = last.scales;
  } else {
    make_weight(p, &data);
  }
  if (p.is_conv())
    data.bias = random_tensor({p.conv.k}, 3).to(is_half(dtype_at(p.precision)) ? p.stored : DType::kF32);
  data.src = make_src(p);
  if (p.precision == Precision::kInt8) data.dst = dst_codes(p);
  // Of what sparse kernels read, half of it or less, twice the cache must go by between two uses.
  const auto cache = static_cast<double>(last_level_cache_bytes());
  if (p.weight_bytes() > cache)
    data.copies = std::max<int64_t>(2, std::llround(std::ceil(4 * cache / p.stored_bytes())));
  return data;
}

}  // namespace twofour::bench
