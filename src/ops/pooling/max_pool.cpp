#include <limits>

#include "ops/builder.h"
#include "ops/indexing/ordering.h"
#include "ops/infer.h"
#include "ops/pooling/pool_geometry.h"

namespace twofour::ops {
namespace {

void infer(const Node& node, std::span<ValueType> outputs) {
  const ValueType& src = node.input(0)->type();
  check_number(src, "src");
  const int64_t order = node.attrs().i("storage_order", 0);
  TWOFOUR_CHECK(order == 0 || order == 1, kInvalidArgument, "storage_order is {}; it must be 0 or 1", order);
  outputs[0] = infer_pool(node.attrs(), src);
  if (outputs.size() > 1) outputs[1] = {DType::kI64, outputs[0].dims};
}

/// Where element `at` of a plane stands when the first spatial axis varies fastest.
int64_t column_major(int64_t at, const Sizes<3>& in) {
  return (at % in[2] * in[1] + at / in[2] % in[1]) * in[0] + at / (in[1] * in[2]);
}

void reference(const ReferenceArgs& args) {
  const Pool3d pool = pool3d_from(args.attrs, args.inputs[0].shape());
  const bool by_column = args.attrs.i("storage_order", 0) != 0;
  dispatch_number(args.inputs[0].dtype(), [&]<typename T>(T) {
    const T* src = args.inputs[0].span<T>().data();
    const auto dst = args.outputs[0].span<T>();
    using Limits = std::numeric_limits<T>;
    constexpr T kLowest = Limits::has_infinity ? -Limits::infinity() : Limits::lowest();
    size_t i = 0;
    for (int64_t plane = 0; plane < pool.planes; ++plane, src += pool.in_size())
      for (int64_t o = 0; o < pool.out_size(); ++o, ++i) {
        T most = kLowest;
        int64_t where = -1;
        pool.for_each_tap(pool.position(o), [&](size_t tap) {
          if (where >= 0 && !Above{}(src[tap], most)) return;
          most = src[tap];
          where = static_cast<int64_t>(tap);
        });
        dst[i] = most;
        if (args.outputs.size() < 2) continue;
        TWOFOUR_CHECK(where >= 0, kInvalidArgument, "a window has no element inside src");
        args.outputs[1].span<int64_t>()[i] =
            plane * pool.in_size() + (by_column ? column_major(where, pool.in) : where);
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
  const Pool3d pool = pool3d_from(args.attrs, args.inputs[1].shape());
  const auto dy = args.inputs[0].span<float>();
  const float* src = args.inputs[1].span<float>().data();
  const auto dst = args.inputs[2].span<float>();
  const auto dx = args.outputs[0].span<float>();
  std::ranges::fill(dx, 0.0F);
  float* into = dx.data();
  size_t i = 0;
  for (int64_t plane = 0; plane < pool.planes; ++plane, src += pool.in_size(), into += pool.in_size())
    for (int64_t o = 0; o < pool.out_size(); ++o, ++i) {
      bool given = false;
      pool.for_each_tap(pool.position(o), [&](size_t tap) {
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
    .doc =
        "dst[n,c,p,...] = the maximum of src in the window of (p, ...), and where in src it stands first; "
        "padding never wins.",
    .inputs = {{"src"}},
    .outputs = {{"dst"}, {.name = "indices", .optional = true, .state = true}},
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
                            {"auto_pad", std::string("SAME_LOWER")}}},
                 {.inputs = {{.shape = {2, 2, 9}, .distinct = true}},
                  .attrs = {{"kernel_shape", std::vector<int64_t>{3}}},
                  .num_outputs = 2},
                 {.inputs = {{.shape = {1, 1, 4, 3, 5}, .distinct = true}},
                  .attrs = {{"kernel_shape", std::vector<int64_t>{2, 2, 3}},
                            {"pads", std::vector<int64_t>{1, 0, 1, 0, 1, 0}},
                            {"storage_order", int64_t{1}}},
                  .num_outputs = 2},
                 {.inputs = {{.dtype = DType::kI8, .shape = {2, 3, 6, 7}, .low = -128, .high = 127}},
                  .attrs = {{"kernel_shape", std::vector<int64_t>{3, 3}},
                            {"strides", std::vector<int64_t>{2, 2}},
                            {"pads", std::vector<int64_t>{1, 1, 1, 1}}}}},
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
