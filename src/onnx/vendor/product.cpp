// FusedMatMul, FusedGemm and FusedConv.
#include <numeric>

#include "onnx/vendor/activation.h"
#include "onnx/vendor/adapters.h"

namespace twofour::onnx_io {
namespace {

/// `batch`: the first axis is that of the rows, and what ought to come first follows it. `matrix`: the last
/// two axes change places.
Value* transposed(const Emit& emit, const Draft& draft, size_t input, bool batch, bool matrix) {
  Value* src = draft.input(input);
  TWOFOUR_CHECK(src->type().known, kUnsupported, "the rank of input {} is not known", input);
  const size_t rank = src->rank();
  if (rank < 2 || (!batch && !matrix)) return src;
  std::vector<int64_t> perm(rank);
  std::iota(perm.begin(), perm.end(), 0);
  if (batch) std::rotate(perm.begin(), perm.begin() + 1, perm.end() - 1);
  if (matrix) std::swap(perm[rank - 1], perm[rank - 2]);
  return emit.transpose(src, perm);
}

Attrs without(Attrs attrs, std::initializer_list<const char*> names) {
  for (const char* name : names) attrs.erase(name);
  return attrs;
}

}  // namespace

void ms_fused_matmul(Draft& draft) {
  const Emit emit(draft);
  const auto flag = [&](const char* name) { return draft.attrs.i(name, 0) != 0; };
  Value* a = transposed(emit, draft, 0, flag("transBatchA"), flag("transA"));
  Value* b = transposed(emit, draft, 1, flag("transBatchB"), flag("transB"));
  draft.results.emplace(1, emit.scaled(emit.op("MatMul", {a, b}), draft.attrs.f("alpha", 1)));
}

void ms_fused_gemm(Draft& draft) {
  const Emit emit(draft);
  std::vector<float> params;
  for (const char* name : {"activation_alpha", "activation_beta", "activation_gamma"})
    if (draft.attrs.has(name)) params.push_back(draft.attrs.f(name, 0));
  Value* product = emit.op(
      "Gemm", draft.inputs,
      without(draft.attrs, {"activation", "activation_alpha", "activation_beta", "activation_gamma"}));
  draft.results.emplace(1, activate(emit, product, draft.attrs.s("activation", ""), params));
}

/// Input 3 is added before the activation.
void ms_fused_conv(Draft& draft) {
  const Emit emit(draft);
  Value* product = emit.op("Conv", {draft.input(0), draft.input(1), draft.input(2)},
                           without(draft.attrs, {"activation", "activation_params"}));
  draft.results.emplace(
      1, activate(emit, emit.add_optional(product, draft.input(3)), draft.attrs.s("activation", ""),
                  draft.attrs.floats("activation_params")));
}

}  // namespace twofour::onnx_io
