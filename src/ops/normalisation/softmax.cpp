// Softmax, LogSoftmax and Hardmax.
#include <algorithm>
#include <cmath>

#include "ops/builder.h"
#include "ops/indexing/ordering.h"
#include "ops/infer.h"
#include "ops/strided.h"

namespace twofour::ops {
namespace {

void infer(const Node& node, std::span<ValueType> outputs) {
  infer_same_real(node, outputs);
  normalize_axis(node.attrs().i("axis", -1), outputs[0].dims.size());
}

/// Calls fn(first element, distance of the next) for every row along the axis, in src and in dst.
template <typename Fn>
void for_each_row(const ReferenceArgs& args, Fn&& fn) {
  const Shape& shape = args.inputs[0].shape();
  const AxisView view(shape, normalize_axis(args.attrs.i("axis", -1), shape.rank()));
  dispatch_real(args.inputs[0].dtype(), [&]<typename T>(T) {
    for (int64_t o = 0; o < view.outer; ++o)
      for (int64_t i = 0; i < view.inner; ++i) {
        const int64_t begin = o * view.size * view.inner + i;
        fn(args.inputs[0].span<T>().data() + begin, args.outputs[0].span<T>().data() + begin, view);
      }
  });
}

/// dst = fn(src - max, log(sum(exp(src - max)))) along the axis.
template <typename Fn>
void normalise(const ReferenceArgs& args, const Fn& fn) {
  for_each_row(args, [&]<typename T>(const T* src, T* dst, const AxisView& view) {
    double most = -INFINITY;
    for (int64_t c = 0; c < view.size; ++c) most = std::max(most, double{src[c * view.inner]});
    double sum = 0;
    for (int64_t c = 0; c < view.size; ++c) sum += std::exp(src[c * view.inner] - most);
    const double log_sum = std::log(sum);
    for (int64_t c = 0; c < view.size; ++c)
      dst[c * view.inner] = static_cast<T>(fn(src[c * view.inner] - most - log_sum));
  });
}

void reference_softmax(const ReferenceArgs& args) {
  normalise(args, [](double v) { return std::exp(v); });
}
void reference_log_softmax(const ReferenceArgs& args) {
  normalise(args, [](double v) { return v; });
}

void reference_hardmax(const ReferenceArgs& args) {
  for_each_row(args, []<typename T>(const T* src, T* dst, const AxisView& view) {
    int64_t best = 0;
    for (int64_t c = 0; c < view.size; ++c) {
      if (Above{}(src[c * view.inner], src[best * view.inner])) best = c;
      dst[c * view.inner] = 0;
    }
    if (view.size > 0) dst[best * view.inner] = 1;
  });
}

std::vector<Value*> grad_hardmax(const GradArgs&) { return {nullptr}; }

Value* sum_along_axis(const GradArgs& args, Value* v) {
  return args.builder.reduce_sum(v, {args.node.attrs().i("axis", -1)}, true);
}

std::vector<Value*> grad_softmax(const GradArgs& args) {
  Builder& b = args.builder;
  Value* dy = args.grad_outputs[0];
  Value* y = args.node.output();
  return {b.mul(b.sub(dy, sum_along_axis(args, b.mul(dy, y))), y)};
}

std::vector<Value*> grad_log_softmax(const GradArgs& args) {
  Builder& b = args.builder;
  Value* dy = args.grad_outputs[0];
  return {b.sub(dy, b.mul(b.op("Exp", {args.node.output()}), sum_along_axis(args, dy)))};
}

OpDef along_axis(std::string_view name, std::string_view doc, ReferenceFn reference, GradFn grad) {
  return {
      .name = name,
      .doc = doc,
      .inputs = {{"src"}},
      .outputs = {{"dst"}},
      .attrs = {"axis"},
      .infer = infer,
      .reference = reference,
      .grad = grad,
      .amp = Amp::kDeny,
      .quant = quant_float("the range of exponentials is too wide for 8 bits"),
      .sparsity = no_sparsity(),
      .examples = {{.inputs = {{.shape = {3, 7}, .low = -3, .high = 3}}},
                   {.inputs = {{.shape = {2, 5, 3}}}, .attrs = {{"axis", int64_t{1}}}},
                   {.inputs = {{.shape = {2, 3, 1}}}, .attrs = {{"axis", int64_t{-3}}}},
                   {.inputs = {{.dtype = DType::kF64, .shape = {2, 3}}}}},
  };
}

}  // namespace

extern const OpDef kSoftmax;
const OpDef kSoftmax =
    along_axis("Softmax", "dst = exp(src) / sum(exp(src)) along `axis`.", reference_softmax, grad_softmax);
extern const OpDef kLogSoftmax;
const OpDef kLogSoftmax = along_axis("LogSoftmax", "dst = src - log(sum(exp(src))) along `axis`.",
                                     reference_log_softmax, grad_log_softmax);

extern const OpDef kHardmax;
const OpDef kHardmax = along_axis("Hardmax", "dst = 1 at the first maximum of src along `axis`, else 0.",
                                  reference_hardmax, grad_hardmax);

}  // namespace twofour::ops
