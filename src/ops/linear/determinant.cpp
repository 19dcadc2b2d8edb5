#include <cmath>

#include "ops/builder.h"
#include "ops/infer.h"

namespace twofour::ops {
namespace {

void infer(const Node& node, std::span<ValueType> outputs) {
  const ValueType& src = node.input(0)->type();
  check_real(src, "src");
  const size_t rank = src.dims.size();
  TWOFOUR_CHECK(rank >= 2 && dims_fit(src.dims[rank - 1], src.dims[rank - 2]), kInvalidArgument,
                "src is {}; square matrices are expected", src.to_string());
  outputs[0] = {src.dtype, Dims(src.dims.begin(), src.dims.end() - 2)};
}

/// Gaussian elimination with row pivots; destroys `rows`, which is n x n.
double determinant(std::vector<double>& rows, size_t n) {
  double result = 1;
  for (size_t k = 0; k < n; ++k) {
    size_t pivot = k;
    for (size_t i = k + 1; i < n; ++i)
      if (std::fabs(rows[i * n + k]) > std::fabs(rows[pivot * n + k])) pivot = i;
    if (pivot != k) {
      std::swap_ranges(&rows[k * n], &rows[k * n] + n, &rows[pivot * n]);
      result = -result;
    }
    result *= rows[k * n + k];
    if (rows[k * n + k] == 0) return 0;
    for (size_t i = k + 1; i < n; ++i) {
      const double factor = rows[i * n + k] / rows[k * n + k];
      for (size_t j = k + 1; j < n; ++j) rows[i * n + j] -= factor * rows[k * n + j];
    }
  }
  return result;
}

void reference(const ReferenceArgs& args) {
  const Shape& shape = args.inputs[0].shape();
  const auto n = static_cast<size_t>(shape[shape.rank() - 1]);
  dispatch_real(args.inputs[0].dtype(), [&]<typename T>(T) {
    const T* src = args.inputs[0].span<T>().data();
    for (T& dst : args.outputs[0].span<T>()) {
      std::vector<double> rows(src, src + n * n);
      dst = static_cast<T>(determinant(rows, n));
      src += n * n;
    }
  });
}

}  // namespace

extern const OpDef kDet;
const OpDef kDet = {
    .name = "Det",
    .doc = "dst = the determinants of the matrices in src's last two axes.",
    .inputs = {{"src"}},
    .outputs = {{"dst"}},
    .infer = infer,
    .reference = reference,
    .grad = not_differentiable("its slope is made of minors, which no operator computes"),
    .amp = Amp::kDeny,
    .quant = quant_float("a determinant needs more than 8 bits"),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {{.shape = {3, 3}}}},
                 {.inputs = {{.shape = {2, 2}, .values = {0, 2, 3, 4}}}},
                 {.inputs = {{.dtype = DType::kF64, .shape = {2, 3, 4, 4}}}},
                 {.inputs = {{.shape = {2, 1, 1}}}}},
};

}  // namespace twofour::ops
