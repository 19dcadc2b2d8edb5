#include "ops/normalisation/row_norm.h"

#include <cmath>

#include "ops/infer.h"
#include "ops/strided.h"

namespace twofour::ops {
namespace {

struct RowStats {
  double mean = 0;
  double inv_std = 0;
};

RowStats stats_of(std::span<const double> row, const RowNorm& norm) {
  const auto n = static_cast<double>(row.size());
  RowStats stats;
  if (norm.centred)
    for (const double v : row) stats.mean += v / n;
  double variance = 0;
  for (const double v : row) variance += (v - stats.mean) * (v - stats.mean) / n;
  stats.inv_std = 1 / std::sqrt(variance + norm.epsilon);
  return stats;
}

}  // namespace

void normalise_rows(const ReferenceArgs& args, const RowNorm& norm) {
  const Shape& shape = args.inputs[0].shape();
  const Tensor wide = args.inputs[0].to(DType::kF64);
  const Tensor scales = args.inputs[1].to(DType::kF64);
  const Tensor given = input_or_none(args, 2);
  const Tensor biases = given.defined() ? given.to(DType::kF64) : Tensor(DType::kF64, {1});
  const std::vector<int64_t> none(shape.rank(), 0);
  const auto length = static_cast<size_t>(norm.length);
  const auto values = wide.span<double>();
  std::vector<RowStats> rows;
  size_t i = 0;
  for_each_offset<2>(shape, {norm.scale_strides, given.defined() ? norm.bias_strides : none},
                     [&](const std::array<int64_t, 2>& at) {
                       if (i % length == 0) rows.push_back(stats_of(values.subspan(i, length), norm));
                       const double hat = (values[i] - rows.back().mean) * rows.back().inv_std;
                       values[i++] = hat * scales.span<double>()[static_cast<size_t>(at[0])] +
                                     biases.span<double>()[static_cast<size_t>(at[1])];
                     });
  store(wide, args.outputs[0]);
  for (size_t o = 1; o < args.outputs.size(); ++o) {
    Tensor stats(DType::kF64, args.outputs[o].shape());
    for (size_t row = 0; row < rows.size(); ++row)
      stats.span<double>()[row] = o == 1 ? rows[row].mean : rows[row].inv_std;
    store(stats, args.outputs[o]);
  }
}

RowNormGrad row_norm_grad(Builder& b, Value* src, Value* grad_hat, const std::vector<int64_t>& axes,
                          const RowNorm& norm) {
  Value* per_element = b.scalar(1.0F / static_cast<float>(norm.length));
  const auto mean = [&](Value* v) { return b.mul(b.reduce_sum(v, axes, true), per_element); };
  Value* centred = norm.centred ? b.sub(src, mean(src)) : src;
  Value* variance = mean(b.mul(centred, centred));
  Value* deviation = b.op("Sqrt", {b.add(variance, b.scalar(static_cast<float>(norm.epsilon)))});
  Value* hat = b.div(centred, deviation);
  Value* straight = norm.centred ? b.sub(grad_hat, mean(grad_hat)) : grad_hat;
  return {hat, b.div(b.sub(straight, b.mul(hat, mean(b.mul(grad_hat, hat)))), deviation)};
}

}  // namespace twofour::ops
