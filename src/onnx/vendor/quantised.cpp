#include "onnx/vendor/quantised.h"

#include "onnx/vendor/adapters.h"

namespace twofour::onnx_io {

Value* dequantised(const Emit& emit, Value* codes, Value* scale, Value* zero_point, Attrs attrs) {
  return emit.op("DequantizeLinear", {codes, scale, zero_point}, std::move(attrs));
}

Value* quantised(const Emit& emit, Value* src, Value* scale, Value* zero_point) {
  return emit.op("QuantizeLinear", {src, scale, zero_point});
}

Value* scaled_product(const Emit& emit, Value* a, Value* a_scale, Value* a_zero_point, Value* b,
                      Value* b_scale, Value* b_zero_point) {
  Value* sums = emit.op("MatMulInteger", {a, b, a_zero_point, b_zero_point});
  return emit.mul(emit.cast(sums, a_scale->dtype()), emit.mul(a_scale, b_scale));
}

void ms_linear(Draft& draft) {
  adapt(draft, kLastOpset);
  if (!draft.results) draft.results.emplace(1, Emit(draft).op(draft.op, draft.inputs, draft.attrs));
}

void ms_matmul_integer_to_float(Draft& draft) {
  const Emit emit(draft);
  Value* product = scaled_product(emit, draft.input(0), draft.input(2), draft.input(4), draft.input(1),
                                  draft.input(3), draft.input(5));
  draft.results.emplace(1, emit.add_optional(product, draft.input(6)));
}

void ms_dynamic_quantize_matmul(Draft& draft) {
  const Emit emit(draft);
  const std::vector<Value*> a = emit.op_n("DynamicQuantizeLinear", {draft.input(0)}, 3);
  Value* product = scaled_product(emit, a[0], a[1], a[2], draft.input(1), draft.input(2), draft.input(3));
  draft.results.emplace(1, emit.add_optional(product, draft.input(4)));
}

void ms_q_gemm(Draft& draft) {
  const Emit emit(draft);
  const auto matrix = [&](size_t input, const char* flag) {
    check_rank(draft.input(input), 2, input == 0 ? "A" : "B");
    return draft.attrs.i(flag, 0) != 0 ? emit.transpose(draft.input(input), {1, 0}) : draft.input(input);
  };
  Value* sums =
      emit.op("MatMulInteger", {matrix(0, "transA"), matrix(3, "transB"), draft.input(2), draft.input(5)});
  sums = emit.cast(emit.add_optional(sums, draft.input(6)), DType::kF32);
  Value* scale = emit.scaled(emit.mul(draft.input(1), draft.input(4)), draft.attrs.f("alpha", 1));
  Value* product = emit.mul(sums, scale);
  draft.results.emplace(1,
                        draft.input(7) ? quantised(emit, product, draft.input(7), draft.input(8)) : product);
}

}  // namespace twofour::onnx_io
