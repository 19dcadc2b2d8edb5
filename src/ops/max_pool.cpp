#include <limits>

#include "ops/builder.h"
#include "ops/conv_geometry.h"
#include "ops/infer.h"

namespace twofour::ops {
namespace {

void infer(const Node& node, std::span<ValueType> outputs) {
  const ValueType& src = node.input(0)->type();
  TWOFOUR_CHECK(src.dtype != DType::kBool, kUnsupported, "src is bool; numbers are expected");
  TWOFOUR_CHECK(node.attrs().i("storage_order", 0) == 0, kUnsupported, "storage_order 1 is not supported");
  outputs[0] = infer_pool(node.attrs(), src);
}

void reference(const ReferenceArgs& args) {
  const Pool2d pool = pool2d_from(args.attrs, args.inputs[0].shape());
  dispatch_number(args.inputs[0].dtype(), [&]<typename T>(T) {
    const T* src = args.inputs[0].span<T>().data();
    const auto dst = args.outputs[0].span<T>();
    using Limits = std::numeric_limits<T>;
    constexpr T kLowest = Limits::has_infinity ? -Limits::infinity() : Limits::lowest();
    size_t i = 0;
    for (int64_t plane = 0; plane < pool.planes; ++plane, src += pool.h * pool.w)
      for (int64_t p = 0; p < pool.p; ++p)
        for (int64_t q = 0; q < pool.q; ++q) {
          T most = kLowest;
          pool.for_each_tap(p, q, [&](size_t tap) { most = std::max(most, src[tap]); });
          dst[i++] = most;
        }
  });
}

std::vector<Value*> grad(const GradArgs& args) {
  Attrs attrs = args.node.attrs();
  attrs.erase("storage_order");
  return {args.builder.op("MaxPoolGrad", {args.grad_outputs[0], args.node.input(0), args.node.output()},
                          std::move(attrs))};
}

void infer_grad(const Node& node, std::span<ValueType> outputs) {
  const ValueType& src = node.input(1)->type();
  check_float(src, "src");
  for (const size_t i : {0, 2}) {
    const std::string_view what = i == 0 ? "grad_dst" : "dst";
    check_dtype(node.input(i)->type(), src.dtype, what);
    check_pooled(node.attrs(), node.input(i)->type(), src.shape(), what);
  }
  outputs[0] = src;
}

void reference_grad(const ReferenceArgs& args) {
  const Pool2d pool = pool2d_from(args.attrs, args.inputs[1].shape());
  const auto dy = args.inputs[0].span<float>();
  const float* src = args.inputs[1].span<float>().data();
  const auto dst = args.inputs[2].span<float>();
  const auto dx = args.outputs[0].span<float>();
  std::ranges::fill(dx, 0.0F);
  float* into = dx.data();
  size_t i = 0;
  for (int64_t plane = 0; plane < pool.planes; ++plane, src += pool.h * pool.w, into += pool.h * pool.w)
    for (int64_t p = 0; p < pool.p; ++p)
      for (int64_t q = 0; q < pool.q; ++q, ++i) {
        bool given = false;
        pool.for_each_tap(p, q, [&](size_t tap) {
          if (given || src[tap] != dst[i]) return;
          into[tap] += dy[i];
          given = true;
        });
      }
}

}  // namespace

extern const OpDef kMaxPool;
const OpDef kMaxPool = {
    .name = "MaxPool",
    .doc = "dst[n,c,p,q] = the maximum of src in the window of (p, q); padding never wins.",
    .inputs = {{"src"}},
    .outputs = {{"dst"}},
    .attrs = {"auto_pad", "ceil_mode", "dilations", "kernel_shape", "pads", "storage_order", "strides"},
    .infer = infer,
    .reference = reference,
    .grad = grad,
    .amp = Amp::kClear,
    .quant = quant_commutes(),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {{.shape = {2, 3, 6, 7}, .distinct = true}},
                  .attrs = {{"kernel_shape", std::vector<int64_t>{2, 2}},
                            {"strides", std::vector<int64_t>{2, 2}}}},
                 {.inputs = {{.shape = {1, 2, 7, 5}, .distinct = true}},
                  .attrs = {{"kernel_shape", std::vector<int64_t>{3, 3}},
                            {"strides", std::vector<int64_t>{2, 2}},
                            {"pads", std::vector<int64_t>{1, 1, 1, 1}}}},
                 {.inputs = {{.shape = {1, 2, 7, 6}, .distinct = true}},
                  .attrs = {{"kernel_shape", std::vector<int64_t>{3, 2}},
                            {"strides", std::vector<int64_t>{2, 3}},
                            {"dilations", std::vector<int64_t>{1, 2}},
                            {"ceil_mode", int64_t{1}}}},
                 {.inputs = {{.shape = {1, 1, 5, 6}, .distinct = true}},
                  .attrs = {{"kernel_shape", std::vector<int64_t>{3, 3}},
                            {"strides", std::vector<int64_t>{2, 2}},
                            {"auto_pad", std::string("SAME_LOWER")}}}},
};

extern const OpDef kMaxPoolGrad;
const OpDef kMaxPoolGrad = {
    .name = "MaxPoolGrad",
    .doc =
        "Gradient of MaxPool: grad_dst goes to the first element of each window, in row order, that equals "
        "dst.",
    .standard = false,
    .inputs = {{"grad_dst"}, {"src"}, {"dst"}},
    .outputs = {{"grad_src"}},
    .attrs = {"auto_pad", "ceil_mode", "dilations", "kernel_shape", "pads", "strides"},
    .infer = infer_grad,
    .reference = reference_grad,
    .grad = not_differentiable("second derivatives are not supported"),
    .amp = Amp::kClear,
    .quant = quant_float("a gradient"),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {{.shape = {1, 1, 2, 2}},
                             {.shape = {1, 1, 3, 4}, .values = {1, 5, 5, 0, 4, 2, 3, 3, 9, 9, 1, 2}},
                             {.shape = {1, 1, 2, 2}, .values = {5, 5, 9, 3}}},
                  .attrs = {{"kernel_shape", std::vector<int64_t>{2, 2}},
                            {"strides", std::vector<int64_t>{1, 2}}}}},
};

}  // namespace twofour::ops
