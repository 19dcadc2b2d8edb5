#include "onnx/vendor/quantised.h"

#include "onnx/vendor/adapters.h"
#include "ops/quantisation/quantize.h"

namespace twofour::onnx_io {
namespace {

/// `value` with its last axis of one element stretched to the size of `vector`; itself where neither is such.
Value* stretched(const Emit& emit, Value* value, Value* vector) {
  if (!value || !vector || !value->type().known || !vector->type().known) return value;
  const bool many = vector->rank() == 1 && vector->dims()[0] != Dim(1);
  const bool one = value->rank() == 0 || value->dims().back() == Dim(1);
  return many && one ? emit.op("Expand", {value, emit.size(vector, 0)}) : value;
}

/// Sums of codes exceed the range of halves even where their result does not.
Value* in_f32(const Emit& emit, Value* scale) {
  return is_half(scale->dtype()) ? emit.cast(scale, DType::kF32) : scale;
}

}  // namespace

Value* dequantised(const Emit& emit, Value* codes, Value* scale, Value* zero_point, Attrs attrs) {
  return with_context([&] { return fmt::format("dequantising \"{}\"", codes->name()); },
                      [&] {
                        return emit.op("DequantizeLinear", {codes, scale, zero_point}, std::move(attrs));
                      });
}

Value* dequantised_along(const Emit& emit, int64_t axis, Value* codes, Value* scale, Value* zero_point) {
  Value* wide = in_f32(emit, scale);
  return dequantised(emit, codes, stretched(emit, wide, zero_point), stretched(emit, zero_point, wide),
                     {{"axis", axis}});
}

Value* dequantised_bias(const Emit& emit, Value* bias, Value* a_scale, Value* b_scale) {
  if (!bias) return nullptr;
  ops::check_dtype(bias->type(), DType::kI32, "the bias");
  Value* unit = emit.mul(a_scale, b_scale);
  return dequantised_along(emit, -1, stretched(emit, bias, unit), unit, nullptr);
}

Value* quantised(const Emit& emit, Value* src, Value* scale, Value* zero_point) {
  ops::check_scale(scale->type(), nullptr, "the scale of the result");
  return emit.op("QuantizeLinear", {src, in_f32(emit, scale), zero_point});
}

Value* scaled_product(const Emit& emit, Value* a, Value* a_scale, Value* a_zero_point, Value* b,
                      Value* b_scale, Value* b_zero_point) {
  return emit.op("MatMul", {dequantised_along(emit, -2, a, a_scale, a_zero_point),
                            dequantised_along(emit, -1, b, b_scale, b_zero_point)});
}

void ms_linear(Draft& draft) {
  adapt(draft, kLastOpset);
  if (!draft.results) draft.results.emplace(1, Emit(draft).op(draft.op, draft.inputs, draft.attrs));
}

void ms_matmul_integer_to_float(Draft& draft) {
  const Emit emit(draft);
  Value* product = scaled_product(emit, draft.input(0), draft.input(2), draft.input(4), draft.input(1),
                                  draft.input(3), draft.input(5));
  draft.results.emplace(1, emit.add_optional(emit.cast(product, draft.input(2)->dtype()), draft.input(6)));
}

void ms_dynamic_quantize_matmul(Draft& draft) {
  const Emit emit(draft);
  const std::vector<Value*> a = emit.op_n("DynamicQuantizeLinear", {draft.input(0)}, 3);
  Value* product = scaled_product(emit, a[0], a[1], a[2], draft.input(1), draft.input(2), draft.input(3));
  draft.results.emplace(1, emit.add_optional(product, draft.input(4)));
}

/// C counts units of the products, so that alpha is a factor of it, too.
void ms_q_gemm(Draft& draft) {
  const Emit emit(draft);
  ops::check_scale(draft.input(1)->type(), nullptr, "a_scale");
  const int64_t columns = draft.attrs.i("transB", 0) != 0 ? 0 : 1;
  Value* a = dequantised(emit, draft.input(0), draft.input(1), draft.input(2));
  Value* b = dequantised_along(emit, columns, draft.input(3), draft.input(4), draft.input(5));
  Value* c = dequantised_bias(emit, draft.input(6), draft.input(1), draft.input(4));
  draft.attrs.set("beta", draft.attrs.f("alpha", 1));
  Value* product = emit.op("Gemm", {a, b, c}, draft.attrs);
  draft.results.emplace(1,
                        draft.input(7) ? quantised(emit, product, draft.input(7), draft.input(8)) : product);
}

}  // namespace twofour::onnx_io
