// LpNormalization, MeanVarianceNormalization.
#include <cmath>

#include "ops/builder.h"
#include "ops/elementwise/elementwise.h"
#include "ops/reduction/reduce.h"

namespace twofour::ops {
namespace {

int64_t norm_of(const Attrs& attrs) {
  const int64_t p = attrs.i("p", 2);
  TWOFOUR_CHECK(p == 1 || p == 2, kInvalidArgument, "p is {}; 1 and 2 are known", p);
  return p;
}

void infer_lp(const Node& node, std::span<ValueType> outputs) {
  infer_same_real(node, outputs);
  norm_of(node.attrs());
  normalize_axis(node.attrs().i("axis", -1), outputs[0].dims.size());
}

// A row of zeros stays one.
void reference_lp(const ReferenceArgs& args) {
  const Shape& shape = args.inputs[0].shape();
  const AxisView view(shape, normalize_axis(args.attrs.i("axis", -1), shape.rank()));
  const bool squares = norm_of(args.attrs) == 2;
  dispatch_real(args.inputs[0].dtype(), [&]<typename T>(T) {
    for (int64_t o = 0; o < view.outer; ++o)
      for (int64_t i = 0; i < view.inner; ++i) {
        const int64_t begin = o * view.size * view.inner + i;
        const T* src = args.inputs[0].span<T>().data() + begin;
        T* dst = args.outputs[0].span<T>().data() + begin;
        double sum = 0;
        for (int64_t c = 0; c < view.size; ++c) {
          const double v = src[c * view.inner];
          sum += squares ? v * v : std::fabs(v);
        }
        const double norm = squares ? std::sqrt(sum) : sum;
        for (int64_t c = 0; c < view.size; ++c)
          dst[c * view.inner] = norm == 0 ? T{} : static_cast<T>(src[c * view.inner] / norm);
      }
  });
}

std::vector<Value*> grad_lp(const GradArgs& args) {
  Builder& b = args.builder;
  Value* src = args.node.input(0);
  Value* dy = args.grad_outputs[0];
  const bool squares = norm_of(args.node.attrs()) == 2;
  const std::vector<int64_t> axes = {args.node.attrs().i("axis", -1)};
  Value* along = b.reduce_sum(b.mul(dy, args.node.output()), axes, true);
  Value* direction = squares ? args.node.output() : b.op("Sign", {src});
  Value* norm = b.op(squares ? "ReduceL2" : "ReduceL1", {src, b.i64(axes)});
  return {b.div(b.sub(dy, b.mul(direction, along)), norm)};
}

constexpr double kEpsilon = 1e-9;

std::vector<int64_t> mvn_axes(const Attrs& attrs) { return attrs.ints("axes", {0, 2, 3}); }

void infer_mvn(const Node& node, std::span<ValueType> outputs) {
  infer_same_real(node, outputs);
  axis_flags(mvn_axes(node.attrs()), outputs[0].dims.size());
}

struct Moments {
  double sum = 0;
  double squares = 0;  // of the distances from the mean
};

void reference_mvn(const ReferenceArgs& args) {
  const Shape& shape = args.inputs[0].shape();
  const std::vector<bool> reduced = axis_flags(mvn_axes(args.attrs), shape.rank());
  int64_t groups = 1;
  for (size_t i = 0; i < shape.rank(); ++i) groups *= reduced[i] ? 1 : shape[i];
  const double share = static_cast<double>(groups) / static_cast<double>(shape.numel());
  dispatch_real(args.inputs[0].dtype(), [&]<typename T>(T) {
    const auto src = args.inputs[0].span<T>();
    const auto dst = args.outputs[0].span<T>();
    std::vector<Moments> moments(static_cast<size_t>(groups));
    const auto centred = [&](size_t i, size_t j) { return src[i] - moments[j].sum * share; };
    for_each_reduced(shape, reduced, [&](size_t i, size_t j) { moments[j].sum += src[i]; });
    for_each_reduced(shape, reduced,
                     [&](size_t i, size_t j) { moments[j].squares += centred(i, j) * centred(i, j); });
    for_each_reduced(shape, reduced, [&](size_t i, size_t j) {
      dst[i] = static_cast<T>(centred(i, j) / (std::sqrt(moments[j].squares * share) + kEpsilon));
    });
  });
}

std::vector<Value*> grad_mvn(const GradArgs& args) {
  Builder& b = args.builder;
  Value* src = args.node.input(0);
  Value* dst = args.node.output();
  Value* dy = args.grad_outputs[0];
  const auto mean = [&](Value* v) { return b.op("ReduceMean", {v, b.i64(mvn_axes(args.node.attrs()))}); };
  Value* centred = b.sub(src, mean(src));
  Value* deviation = b.add(b.op("Sqrt", {mean(b.mul(centred, centred))}), b.scalar(kEpsilon));
  Value* along = b.mul(dst, mean(b.mul(dy, dst)));
  return {b.div(b.sub(b.sub(dy, mean(dy)), along), deviation)};
}

OpDef normalization(std::string_view name, std::string_view doc, std::string_view attr, InferFn infer,
                    ReferenceFn reference, GradFn grad) {
  return {
      .name = name,
      .doc = doc,
      .inputs = {{"src"}},
      .outputs = {{"dst"}},
      .attrs = {attr},
      .infer = infer,
      .reference = reference,
      .grad = grad,
      .amp = Amp::kDeny,
      .quant = quant_float("its scale depends on the data"),
      .sparsity = no_sparsity(),
      .examples = {{.inputs = {{.shape = {2, 3, 4, 5}}}}},
  };
}

OpDef lp_normalization() {
  OpDef op = normalization("LpNormalization",
                           "dst = src / its norm along `axis`: p=1 the sum of |src|, p=2 the Euclidean one.",
                           "axis", infer_lp, reference_lp, grad_lp);
  op.attrs.emplace_back("p");
  op.examples.push_back(
      {.inputs = {{.shape = {3, 5}, .distinct = true}}, .attrs = {{"axis", int64_t{0}}, {"p", int64_t{1}}}});
  op.examples.push_back({.inputs = {{.dtype = DType::kF64, .shape = {2, 2}, .values = {3, 4, 0, 0}}}});
  return op;
}

OpDef mean_variance_normalization() {
  OpDef op = normalization("MeanVarianceNormalization",
                           "dst = (src - mean) / (standard deviation + 1e-9), both taken over `axes`.",
                           "axes", infer_mvn, reference_mvn, grad_mvn);
  op.examples.push_back({.inputs = {{.shape = {4, 3}}}, .attrs = {{"axes", std::vector<int64_t>{-1}}}});
  op.examples.push_back({.inputs = {{.dtype = DType::kF64, .shape = {2, 3, 4, 1}}}});
  return op;
}

}  // namespace

extern const OpDef kLpNormalization;
const OpDef kLpNormalization = lp_normalization();
extern const OpDef kMeanVarianceNormalization;
const OpDef kMeanVarianceNormalization = mean_variance_normalization();

}  // namespace twofour::ops
