#include <algorithm>

#include "ops/builder.h"
#include "ops/elementwise/activation.h"
#include "ops/linear/matrix_product.h"

namespace twofour::ops {
namespace {

void infer(const Node& node, std::span<ValueType> outputs) {
  const ValueType& a = node.input(0)->type();
  const DType dtype = a.dtype;
  check_wide_number(a, "a");
  check_dtype(node.input(1)->type(), dtype, "b");
  outputs[0] = {dtype, matmul_dims(a, node.input(1)->type())};
}

template <typename T>
void multiply(const ReferenceArgs& args) {
  T* dst = args.outputs[0].span<T>().data();
  for_each_matmul_row(args.inputs[0].shape(), args.inputs[0].span<T>().data(), args.inputs[1].shape(),
                      args.inputs[1].span<T>().data(), [&](int64_t begin, int64_t, const auto& sums) {
                        std::ranges::transform(sums, dst + begin, [](auto v) { return static_cast<T>(v); });
                      });
}

void reference(const ReferenceArgs& args) {
  dispatch_number(args.inputs[0].dtype(), [&]<typename T>(T) {
    if constexpr (sizeof(T) >= 4) multiply<T>(args);
  });
}

void infer_fused(const Node& node, std::span<ValueType> outputs) {
  activation_from(node.attrs());
  check_float(node.input(0)->type(), "a");
  infer(node, outputs);
  if (const Value* bias = node.input(2)) {
    TWOFOUR_CHECK(!outputs[0].dims.empty(), kInvalidArgument,
                  "the product is a scalar; a bias needs columns");
    check_dtype(bias->type(), outputs[0].dtype, "bias");
    check_dims(bias->type(), {outputs[0].dims.back()}, "bias");
  }
}

void reference_fused(const ReferenceArgs& args) {
  const double alpha = args.attrs.f("alpha", 1);
  const Activation activation = activation_from(args.attrs);
  const Tensor bias = input_or_none(args, 2);
  float* dst = args.outputs[0].span<float>().data();
  for_each_matmul_row(args.inputs[0].shape(), args.inputs[0].span<float>().data(), args.inputs[1].shape(),
                      args.inputs[1].span<float>().data(), [&](int64_t begin, int64_t, const auto& sums) {
                        for (size_t n = 0; n < sums.size(); ++n) {
                          const double b = bias.defined() ? bias.span<float>()[n] : 0.0;
                          dst[static_cast<size_t>(begin) + n] =
                              activation(static_cast<float>(alpha * sums[n] + b));
                        }
                      });
}

Value* transpose_last(Builder& b, Value* v) {
  std::vector<int64_t> perm(v->rank());
  for (size_t i = 0; i < perm.size(); ++i) perm[i] = static_cast<int64_t>(i);
  std::swap(perm[perm.size() - 1], perm[perm.size() - 2]);
  return b.transpose(v, std::move(perm));
}

// b is one matrix for the whole batch, as the weights of a linear layer are: two Gemms over all rows at once.
std::vector<Value*> grad_linear(const GradArgs& args) {
  Builder& b = args.builder;
  Value* a = args.node.input(0);
  Value* weight = args.node.input(1);
  const int64_t k = weight->shape()[0];
  const int64_t n = weight->shape()[1];
  const int64_t rows = a->shape().numel(0, a->rank() - 1);
  Value* dy = b.reshape(args.grad_outputs[0], {rows, n});
  std::vector<Value*> result(2, nullptr);
  if (args.needed[0]) result[0] = b.reshape(b.op("Gemm", {dy, weight}, {{"transB", int64_t{1}}}), a->shape());
  if (args.needed[1]) result[1] = b.op("Gemm", {b.reshape(a, {rows, k}), dy}, {{"transA", int64_t{1}}});
  return result;
}

std::vector<Value*> grad(const GradArgs& args) {
  if (args.node.input(1)->rank() == 2) return grad_linear(args);
  Builder& b = args.builder;
  Value* a = args.node.input(0);
  Value* c = args.node.input(1);
  const Shape shape_a(as_matrix(a->shape().dims(), true, int64_t{1}));
  const Shape shape_c(as_matrix(c->shape().dims(), false, int64_t{1}));
  Shape shape_y = args.grad_outputs[0]->shape();
  if (a->rank() == 1 || c->rank() == 1) {
    auto dims = shape_y.dims();
    if (c->rank() == 1) dims.push_back(1);
    if (a->rank() == 1) dims.insert(dims.end() - 1, 1);
    shape_y = Shape(std::move(dims));
  }
  Value* dy = b.reshape(args.grad_outputs[0], shape_y);
  std::vector<Value*> result(2, nullptr);
  const auto fit = [&](Value* v, const Shape& matrix, Value* like) {
    return b.reshape(b.unbroadcast(v, matrix), like->shape());
  };
  if (args.needed[0])
    result[0] = fit(b.op("MatMul", {dy, transpose_last(b, b.reshape(c, shape_c))}), shape_a, a);
  if (args.needed[1])
    result[1] = fit(b.op("MatMul", {transpose_last(b, b.reshape(a, shape_a)), dy}), shape_c, c);
  return result;
}

// The reduction axis of b.
size_t sparsity_axis(const Node& node) {
  const size_t rank = node.input(1)->rank();
  return rank < 2 ? 0 : rank - 2;
}

}  // namespace

Dims matmul_dims(const ValueType& a, const ValueType& b) {
  TWOFOUR_CHECK(!a.dims.empty() && !b.dims.empty(), kInvalidArgument,
                "a and b are {} and {}; scalars do not multiply", a.to_string(), b.to_string());
  const Dims x = as_matrix(a.dims, true, Dim(1));
  const Dims y = as_matrix(b.dims, false, Dim(1));
  TWOFOUR_CHECK(dims_fit(x.back(), y[y.size() - 2]), kInvalidArgument, "{} and {} do not multiply",
                a.to_string(), b.to_string());
  Dims dims = broadcast_dims(Dims(x.begin(), x.end() - 2), Dims(y.begin(), y.end() - 2));
  if (a.dims.size() > 1) dims.push_back(x[x.size() - 2]);
  if (b.dims.size() > 1) dims.push_back(y.back());
  return dims;
}

extern const OpDef kMatMul;
const OpDef kMatMul = {
    .name = "MatMul",
    .doc = "dst = a * b over the last two axes, the others broadcasting as in numpy.",
    .inputs = {{.name = "a", .weight = true}, {.name = "b", .weight = true}},
    .outputs = {{"dst"}},
    .infer = infer,
    .reference = reference,
    .grad = grad,
    .amp = Amp::kAllow,
    .quant = quant_weighted(),
    .sparsity = {1, sparsity_axis},
    .examples = {{.inputs = {{.shape = {3, 5}}, {.shape = {5, 4}}}},
                 {.inputs = {{.shape = {2, 3, 5}}, {.shape = {5, 4}}}},
                 {.inputs = {{.shape = {2, 1, 3, 5}}, {.shape = {3, 5, 2}}}},
                 {.inputs = {{.shape = {5}}, {.shape = {2, 5, 3}}}},
                 {.inputs = {{.shape = {2, 3, 5}}, {.shape = {5}}}},
                 {.inputs = {{.shape = {5}}, {.shape = {5}}}},
                 {.inputs = {{.shape = {5}}, {.shape = {5, 3}}}},
                 {.inputs = {{.dtype = DType::kF64, .shape = {2, 3}},
                             {.dtype = DType::kF64, .shape = {3, 2}}}},
                 {.inputs = {{.dtype = DType::kI32, .shape = {2, 3}, .low = -9, .high = 9},
                             {.dtype = DType::kI32, .shape = {3}, .low = -9, .high = 9}}}},
};

extern const OpDef kFusedMatMul;
const OpDef kFusedMatMul = {
    .name = "FusedMatMul",
    .doc = "dst = activation(alpha * MatMul(a, b) + bias), bias per column; activation as FusedConv's.",
    .standard = false,
    .inputs = {{.name = "a", .weight = true},
               {.name = "b", .weight = true},
               {.name = "bias", .optional = true, .weight = true}},
    .outputs = {{"dst"}},
    .attrs = {"activation", "activation_offset", "activation_slope", "alpha", "clip_high", "clip_low"},
    .infer = infer_fused,
    .reference = reference_fused,
    .grad = not_differentiable("made by fusion, after gradients"),
    .amp = Amp::kAllow,
    .quant = quant_weighted(),
    .sparsity = {1, sparsity_axis},
    .examples = {{.inputs = {{.shape = {2, 3, 5}}, {.shape = {5, 4}}, {.shape = {4}}},
                  .attrs = {{"activation", std::string("gelu")}}},
                 {.inputs = {{.shape = {2, 3, 4, 5}}, {.shape = {2, 3, 5, 6}}}, .attrs = {{"alpha", 0.125F}}},
                 {.inputs = {{.shape = {2, 3, 5}},
                             {.shape = {5, 8}, .constant = true},
                             {.shape = {8}, .constant = true}},
                  .attrs = {{"activation", std::string("relu")}}}},
};

}  // namespace twofour::ops
