// Gemm, and FusedGemm: the same with an activation, made by the fusion pass. Integers wrap around; with
// factors other than 1 their last step is computed in double and cut off.
#include "base/truncate.h"
#include "ops/builder.h"
#include "ops/elementwise/activation.h"
#include "ops/linear/matrix_product.h"

namespace twofour::ops {
namespace {

bool trans_a(const Attrs& attrs) { return attrs.i("transA", 0) != 0; }
bool trans_b(const Attrs& attrs) { return attrs.i("transB", 0) != 0; }

void infer(const Node& node, std::span<ValueType> outputs) {
  const ValueType& a = node.input(0)->type();
  const ValueType& b = node.input(1)->type();
  check_wide_number(a, "a");
  check_dtype(b, a.dtype, "b");
  TWOFOUR_CHECK(a.dims.size() == 2 && b.dims.size() == 2, kInvalidArgument,
                "a and b are {} and {}; both must be matrices", a.to_string(), b.to_string());
  const bool ta = trans_a(node.attrs());
  const bool tb = trans_b(node.attrs());
  TWOFOUR_CHECK(dims_fit(a.dims[ta ? 0 : 1], b.dims[tb ? 1 : 0]), kInvalidArgument,
                "{} (transA {:d}) and {} (transB {:d}) do not multiply", a.to_string(), ta, b.to_string(),
                tb);
  outputs[0] = {a.dtype, {a.dims[ta ? 1 : 0], b.dims[tb ? 0 : 1]}};
  if (const Value* c = node.input(2)) {
    check_dtype(c->type(), a.dtype, "c");
    TWOFOUR_CHECK(c->rank() <= 2, kInvalidArgument, "c is {}; it has more than two dimensions",
                  c->type().to_string());
    const Dims both = broadcast_dims(c->dims(), outputs[0].dims);
    for (size_t i = 0; i < 2; ++i)
      TWOFOUR_CHECK(dims_fit(both[i], outputs[0].dims[i]), kInvalidArgument, "c {} does not broadcast to {}",
                    c->type().to_string(), outputs[0].to_string());
  }
}

void infer_fused(const Node& node, std::span<ValueType> outputs) {
  activation_from(node.attrs());
  check_real(node.input(0)->type(), "a");
  infer(node, outputs);
}

struct Factors {
  double alpha;
  double beta;

  /// alpha * sum + beta * c.
  template <typename T>
  T join(ProductSum<T> sum, T c) const {
    if constexpr (std::is_floating_point_v<T>) {
      return static_cast<T>(alpha * sum + beta * double{c});
    } else {
      if (alpha == 1 && beta == 1) return static_cast<T>(sum + static_cast<ProductSum<T>>(c));
      return truncate<T>(alpha * static_cast<double>(static_cast<T>(sum)) + beta * static_cast<double>(c));
    }
  }
};

template <typename T>
T activated(const Activation& activation, T v) {
  if constexpr (std::is_floating_point_v<T>) return activation(v);
  else return v;
}

void reference(const ReferenceArgs& args) {
  const Tensor& a = args.inputs[0];
  const Tensor& b = args.inputs[1];
  const Tensor c = input_or_none(args, 2);
  const bool ta = trans_a(args.attrs);
  const bool tb = trans_b(args.attrs);
  const Shape& shape = args.outputs[0].shape();
  // What is not there is not multiplied: beta may be infinite.
  const Factors factors = {args.attrs.f("alpha", 1), c.defined() ? args.attrs.f("beta", 1) : 1};
  const Activation activation = activation_from(args.attrs);
  const std::vector<int64_t> c_strides =
      c.defined() ? broadcast_strides(c.shape(), shape) : std::vector<int64_t>{0, 0};
  dispatch_number(a.dtype(), [&]<typename T>(T) {
    T* dst = args.outputs[0].span<T>().data();
    const auto bias = [&](int64_t m, int64_t n) {
      return c.defined() ? c.span<T>()[static_cast<size_t>(m * c_strides[0] + n * c_strides[1])] : T{};
    };
    const MatrixView<T> view_a = {a.span<T>().data(), ta ? 1 : a.shape()[1], ta ? a.shape()[1] : 1};
    const MatrixView<T> view_b = {b.span<T>().data(), tb ? 1 : b.shape()[1], tb ? b.shape()[1] : 1};
    for_each_product_row(view_a, view_b, shape[0], shape[1], a.shape()[ta ? 0 : 1],
                         [&](int64_t m, const std::vector<ProductSum<T>>& sums) {
                           for (int64_t n = 0; n < shape[1]; ++n)
                             *dst++ = activated(activation,
                                                factors.join<T>(sums[static_cast<size_t>(n)], bias(m, n)));
                         });
  });
}

Value* product(Builder& b, Value* x, bool tx, Value* y, bool ty, float alpha) {
  return b.op("Gemm", {x, y}, {{"transA", int64_t{tx}}, {"transB", int64_t{ty}}, {"alpha", alpha}});
}

std::vector<Value*> grad(const GradArgs& args) {
  Builder& builder = args.builder;
  Value* dy = args.grad_outputs[0];
  Value* a = args.node.input(0);
  Value* b = args.node.input(1);
  const bool ta = trans_a(args.node.attrs());
  const bool tb = trans_b(args.node.attrs());
  const float alpha = args.node.attrs().f("alpha", 1);
  const float beta = args.node.attrs().f("beta", 1);
  std::vector<Value*> result(args.node.inputs().size(), nullptr);
  if (args.needed[0])
    result[0] = ta ? product(builder, b, tb, dy, true, alpha) : product(builder, dy, false, b, !tb, alpha);
  if (args.needed[1])
    result[1] = tb ? product(builder, dy, true, a, ta, alpha) : product(builder, a, !ta, dy, false, alpha);
  if (result.size() > 2 && args.node.input(2) && args.needed[2]) {
    Value* dc = builder.unbroadcast(dy, args.node.input(2)->shape());
    result[2] = beta == 1 ? dc : builder.mul(dc, builder.scalar(beta));
  }
  return result;
}

// The reduction axis of b, wherever transB puts it.
size_t sparsity_axis(const Node& node) { return trans_b(node.attrs()) ? 1 : 0; }

}  // namespace

extern const OpDef kGemm;
const OpDef kGemm = {
    .name = "Gemm",
    .doc =
        "dst = alpha * a * b + beta * c, with a transposed when transA and b when transB; c broadcasts to "
        "[M,N].",
    .inputs = {{.name = "a", .weight = true},
               {.name = "b", .weight = true},
               {.name = "c", .optional = true, .weight = true}},
    .outputs = {{"dst"}},
    .attrs = {"alpha", "beta", "transA", "transB"},
    .infer = infer,
    .reference = reference,
    .grad = grad,
    .amp = Amp::kAllow,
    .quant = quant_weighted(),
    .sparsity = {1, sparsity_axis},
    .examples = {{.inputs = {{.shape = {3, 5}}, {.shape = {5, 7}}, {.shape = {7}}}},
                 {.inputs = {{.shape = {5, 3}}, {.shape = {7, 5}}, {.shape = {3, 1}}},
                  .attrs = {{"transA", int64_t{1}}, {"transB", int64_t{1}}, {"alpha", 0.5F}, {"beta", 2.0F}}},
                 {.inputs = {{.shape = {4, 3}}, {.shape = {4, 6}}, {.shape = {}}},
                  .attrs = {{"transA", int64_t{1}}}},
                 {.inputs = {{.shape = {1, 8}}, {.shape = {4, 8}}}, .attrs = {{"transB", int64_t{1}}}},
                 {.inputs = {{.dtype = DType::kF64, .shape = {2, 3}},
                             {.dtype = DType::kF64, .shape = {3, 2}},
                             {.dtype = DType::kF64, .shape = {2}}}},
                 {.inputs = {{.dtype = DType::kI32, .shape = {2, 3}, .low = -9, .high = 9},
                             {.dtype = DType::kI32, .shape = {3, 4}, .low = -9, .high = 9},
                             {.dtype = DType::kI32, .shape = {4}, .low = -9, .high = 9}}},
                 {.inputs = {{.dtype = DType::kU64, .shape = {2, 3}, .low = 0, .high = 9},
                             {.dtype = DType::kU64, .shape = {3, 4}, .low = 0, .high = 9}},
                  .attrs = {{"alpha", 0.5F}}}},
};

extern const OpDef kFusedGemm;
const OpDef kFusedGemm = {
    .name = "FusedGemm",
    .doc = "dst = activation(Gemm(a, b, c)); activation as FusedConv's.",
    .standard = false,
    .inputs = {{.name = "a", .weight = true},
               {.name = "b", .weight = true},
               {.name = "c", .optional = true, .weight = true}},
    .outputs = {{"dst"}},
    .attrs = {"activation", "activation_offset", "activation_slope", "alpha", "beta", "clip_high", "clip_low",
              "transA", "transB"},
    .infer = infer_fused,
    .reference = reference,
    .grad = not_differentiable("made by fusion, after gradients"),
    .amp = Amp::kAllow,
    .quant = quant_weighted(),
    .sparsity = {1, sparsity_axis},
    .examples = {{.inputs = {{.shape = {3, 5}}, {.shape = {7, 5}}, {.shape = {7}}},
                  .attrs = {{"transB", int64_t{1}}, {"activation", std::string("relu")}}},
                 {.inputs = {{.shape = {3, 9}}, {.shape = {9, 2}, .constant = true}},
                  .attrs = {{"activation", std::string("clip")}, {"clip_low", -0.5F}, {"clip_high", 0.5F}}},
                 {.inputs = {{.shape = {3, 9}}, {.shape = {9, 2}}},
                  .attrs = {{"activation", std::string("gelu")}}}},
};

}  // namespace twofour::ops
