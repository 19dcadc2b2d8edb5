#include "ops/builder.h"
#include "ops/infer.h"
#include "ops/pooling/pool_geometry.h"

namespace twofour::ops {
namespace {

void infer(const Node& node, std::span<ValueType> outputs) {
  check_real(node.input(0)->type(), "src");
  outputs[0] = infer_pool(node.attrs(), node.input(0)->type());
}

/// Calls fn(plane, output index, output position, 1 / number of values averaged) for every output.
template <typename Fn>
void for_each_window(const Attrs& attrs, const Pool3d& pool, Fn&& fn) {
  const bool include_pad = attrs.i("count_include_pad", 0) != 0;
  size_t i = 0;
  for (int64_t plane = 0; plane < pool.planes; ++plane)
    for (int64_t o = 0; o < pool.out_size(); ++o, ++i) {
      const Sizes<3> at = pool.position(o);
      int64_t count = 0;
      if (include_pad)
        count = pool.padded_taps(0, at[0]) * pool.padded_taps(1, at[1]) * pool.padded_taps(2, at[2]);
      else pool.for_each_tap(at, [&](size_t) { ++count; });
      fn(plane, i, at, count ? 1.0 / static_cast<double>(count) : 0.0);
    }
}

void reference(const ReferenceArgs& args) {
  const Pool3d pool = pool3d_from(args.attrs, args.inputs[0].shape());
  dispatch_real(args.inputs[0].dtype(), [&]<typename T>(T) {
    const auto src = args.inputs[0].span<T>();
    const auto dst = args.outputs[0].span<T>();
    for_each_window(args.attrs, pool, [&](int64_t plane, size_t i, const Sizes<3>& at, double factor) {
      const T* image = src.data() + plane * pool.in_size();
      double sum = 0;
      pool.for_each_tap(at, [&](size_t tap) { sum += image[tap]; });
      dst[i] = static_cast<T>(sum * factor);
    });
  });
}

std::vector<Value*> grad(const GradArgs& args) {
  Attrs attrs = args.node.attrs();
  attrs.set("src_shape", args.node.input(0)->shape().dims());
  return {args.builder.op("AveragePoolGrad", {args.grad_outputs[0]}, std::move(attrs))};
}

void infer_grad(const Node& node, std::span<ValueType> outputs) {
  const ValueType& dy = node.input(0)->type();
  check_float(dy, "grad_dst");
  const Shape shape = shape_attr(node.attrs(), "src_shape");
  check_pooled(node.attrs(), dy, shape, "grad_dst");
  outputs[0] = {dy.dtype, to_dims(shape)};
}

void reference_grad(const ReferenceArgs& args) {
  const Pool3d pool = pool3d_from(args.attrs, args.outputs[0].shape());
  const auto dy = args.inputs[0].span<float>();
  const auto dx = args.outputs[0].span<float>();
  std::vector<double> sums(dx.size(), 0.0);
  for_each_window(args.attrs, pool, [&](int64_t plane, size_t i, const Sizes<3>& at, double factor) {
    double* into = sums.data() + plane * pool.in_size();
    pool.for_each_tap(at, [&](size_t tap) { into[tap] += factor * double{dy[i]}; });
  });
  for (size_t i = 0; i < dx.size(); ++i) dx[i] = static_cast<float>(sums[i]);
}

}  // namespace

extern const OpDef kAveragePool;
const OpDef kAveragePool = {
    .name = "AveragePool",
    .doc =
        "dst[n,c,p,...] = the mean of src in the window of (p, ...); padding counts when count_include_pad.",
    .inputs = {{"src"}},
    .outputs = {{"dst"}},
    .attrs = {"auto_pad", "ceil_mode", "count_include_pad", "dilations", "kernel_shape", "pads", "strides"},
    .infer = infer,
    .reference = reference,
    .grad = grad,
    .amp = Amp::kInfer,
    .quant = quant_float("a mean of codes needs more than 8 bits"),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {{.shape = {2, 3, 6, 7}}},
                  .attrs = {{"kernel_shape", std::vector<int64_t>{2, 2}},
                            {"strides", std::vector<int64_t>{2, 2}}}},
                 {.inputs = {{.shape = {1, 2, 6, 5}}},
                  .attrs = {{"kernel_shape", std::vector<int64_t>{3, 3}},
                            {"strides", std::vector<int64_t>{2, 2}},
                            {"pads", std::vector<int64_t>{1, 1, 0, 1}},
                            {"ceil_mode", int64_t{1}},
                            {"count_include_pad", int64_t{1}}}},
                 {.inputs = {{.shape = {1, 2, 5, 6}}},
                  .attrs = {{"kernel_shape", std::vector<int64_t>{3, 2}},
                            {"strides", std::vector<int64_t>{2, 2}},
                            {"auto_pad", std::string("SAME_UPPER")}}},
                 {.inputs = {{.shape = {2, 2, 9}}},
                  .attrs = {{"kernel_shape", std::vector<int64_t>{3}},
                            {"dilations", std::vector<int64_t>{2}},
                            {"pads", std::vector<int64_t>{2, 3}}}},
                 {.inputs = {{.shape = {1, 1, 4, 3, 5}}},
                  .attrs = {{"kernel_shape", std::vector<int64_t>{2, 2, 3}},
                            {"strides", std::vector<int64_t>{2, 2, 2}},
                            {"pads", std::vector<int64_t>{1, 0, 1, 0, 1, 0}},
                            {"ceil_mode", int64_t{1}},
                            {"count_include_pad", int64_t{1}}}}},
};

extern const OpDef kAveragePoolGrad;
const OpDef kAveragePoolGrad = {
    .name = "AveragePoolGrad",
    .doc = "Gradient of AveragePool; attribute src_shape is the shape of its src.",
    .standard = false,
    .inputs = {{"grad_dst"}},
    .outputs = {{"grad_src"}},
    .attrs = {"auto_pad", "ceil_mode", "count_include_pad", "dilations", "kernel_shape", "pads", "src_shape",
              "strides"},
    .infer = infer_grad,
    .reference = reference_grad,
    .grad = not_differentiable("second derivatives are not supported"),
    .amp = Amp::kInfer,
    .quant = quant_float("a gradient"),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {{.shape = {1, 2, 3, 3}}},
                  .attrs = {{"kernel_shape", std::vector<int64_t>{3, 3}},
                            {"strides", std::vector<int64_t>{2, 2}},
                            {"pads", std::vector<int64_t>{1, 1, 1, 1}},
                            {"src_shape", std::vector<int64_t>{1, 2, 6, 5}}}}},
};

}  // namespace twofour::ops
