#include "sparse/problem.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/cpu.h"
#include "base/rng.h"

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

Problem conv_problem(const Suite& suite, const ConvLayer& layer, int64_t batch) {
  return {.suite = suite.name,
          .name = fmt::format("{}_b{}", layer.name, batch),
          .m = layer.k / layer.groups,
          .k = layer.c / layer.groups * layer.r * layer.s,
          .n = batch * layer.out_h() * layer.out_w(),
          .batch = batch,
          .conv = layer};
}

std::vector<Problem> problems_of(const Suite& suite, const ShapeFile& file) {
  std::vector<Problem> list;
  for (const GemmLayer& layer : file.gemms)
    for (const int64_t n : layer.n)
      list.push_back({.suite = suite.name,
                      .name = fmt::format("{}_n{}", layer.name, n),
                      .m = layer.m,
                      .k = layer.k,
                      .n = n,
                      .stored = suite.stored});
  for (const int64_t batch : suite.batches)
    for (const ConvLayer& layer : file.convs) list.push_back(conv_problem(suite, layer, batch));
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

/// The nearest values that `stored` has; i8: those of scales [M], which make the largest value of a row 127.
void round_to(DType stored, Tensor& weight, Tensor& scales) {
  if (stored != DType::kI8) {
    weight = weight.to(stored).to(DType::kF32);
    return;
  }
  scales = Tensor(DType::kF32, {weight.shape()[0]});
  const auto k = static_cast<size_t>(weight.shape()[1]);
  for (size_t row = 0; row < scales.span<float>().size(); ++row) {
    const std::span<float> values = weight.span<float>().subspan(row * k, k);
    float& scale = scales.span<float>()[row] = std::numeric_limits<float>::min();
    for (const float v : values) scale = std::max(scale, std::abs(v) / 127);
    for (float& v : values) v = std::nearbyint(v / scale) * scale;
  }
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
         data.stored == p.stored;
}

}  // namespace

std::vector<Problem> list_problems(const std::string& folder, const std::vector<std::string>& only,
                                   bool quick) {
  constexpr double kQuickBytes = 64 << 20;
  constexpr size_t kQuickStep = 5;
  std::vector<Problem> list;
  for (const Suite& suite : suites()) {
    const ShapeFile file = read_shapes(fmt::format("{}/{}.txt", folder, suite.name));
    size_t index = 0;
    for (Problem& p : problems_of(suite, file)) {
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
    data.weight = sparse_weight(p);
    round_to(p.stored, data.weight, data.scales);
  }
  if (p.is_conv()) data.bias = random_tensor({p.conv.k}, 3);
  data.src = random_tensor(p.is_conv() ? Shape{p.batch, p.conv.c, p.conv.h, p.conv.w} : Shape{p.n, p.k}, 4);
  if (p.stored == DType::kI8)
    for (float& v : data.src.span<float>()) v = std::nearbyint(v * 127) / 128;
  // Of what sparse kernels read, half of it or less, twice the cache must go by between two uses.
  const auto cache = static_cast<double>(last_level_cache_bytes());
  if (p.weight_bytes() > cache)
    data.copies = std::max<int64_t>(2, std::llround(std::ceil(4 * cache / p.stored_bytes())));
  return data;
}

}  // namespace twofour::bench
