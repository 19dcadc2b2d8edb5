#include "ops/builder.h"
#include "ops/conv_geometry.h"
#include "ops/infer.h"

namespace twofour::ops {
namespace {

void infer(const Node& node, std::span<ValueType> outputs) {
  check_float(node.input(0)->type(), "src");
  outputs[0] = infer_pool(node.attrs(), node.input(0)->type());
}

/// How many window positions of output index `out` along spatial axis `i` lie in the input plus its padding;
/// ceil_mode may leave some beyond both.
int64_t padded_extent(const Window2d& window, size_t i, int64_t out, int64_t size) {
  const int64_t room = size + window.pads[i] + window.pads[i + 2] - out * window.stride[i];
  return std::min(window.kernel[i], (room + window.dilation[i] - 1) / window.dilation[i]);
}

/// Calls fn(plane, output index, p, q, 1 / number of values averaged) for every output.
template <typename Fn>
void for_each_window(const Attrs& attrs, const Pool2d& pool, Fn&& fn) {
  const bool include_pad = attrs.i("count_include_pad", 0) != 0;
  size_t i = 0;
  for (int64_t plane = 0; plane < pool.planes; ++plane)
    for (int64_t p = 0; p < pool.p; ++p)
      for (int64_t q = 0; q < pool.q; ++q, ++i) {
        int64_t count = 0;
        if (include_pad)
          count = padded_extent(pool.window, 0, p, pool.h) * padded_extent(pool.window, 1, q, pool.w);
        else pool.for_each_tap(p, q, [&](size_t) { ++count; });
        fn(plane, i, p, q, count ? 1.0 / static_cast<double>(count) : 0.0);
      }
}

void reference(const ReferenceArgs& args) {
  const Pool2d pool = pool2d_from(args.attrs, args.inputs[0].shape());
  const auto src = args.inputs[0].span<float>();
  const auto dst = args.outputs[0].span<float>();
  for_each_window(args.attrs, pool, [&](int64_t plane, size_t i, int64_t p, int64_t q, double factor) {
    const float* image = src.data() + plane * pool.h * pool.w;
    double sum = 0;
    pool.for_each_tap(p, q, [&](size_t tap) { sum += image[tap]; });
    dst[i] = static_cast<float>(sum * factor);
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
  const Pool2d pool = pool2d_from(args.attrs, args.outputs[0].shape());
  const auto dy = args.inputs[0].span<float>();
  const auto dx = args.outputs[0].span<float>();
  std::vector<double> sums(dx.size(), 0.0);
  for_each_window(args.attrs, pool, [&](int64_t plane, size_t i, int64_t p, int64_t q, double factor) {
    double* into = sums.data() + plane * pool.h * pool.w;
    pool.for_each_tap(p, q, [&](size_t tap) { into[tap] += factor * double{dy[i]}; });
  });
  for (size_t i = 0; i < dx.size(); ++i) dx[i] = static_cast<float>(sums[i]);
}

}  // namespace

extern const OpDef kAveragePool;
const OpDef kAveragePool = {
    .name = "AveragePool",
    .doc = "dst[n,c,p,q] = the mean of src in the window of (p, q); padding counts when count_include_pad.",
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
                            {"auto_pad", std::string("SAME_UPPER")}}}},
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
