#include "onnx/vendor/activation.h"

#include <algorithm>
#include <array>

#include "onnx/vendor/adapters.h"

namespace twofour::onnx_io {
namespace {

struct Activation {
  std::string_view name;
  std::array<const char*, 2> attrs = {};
};
constexpr std::array kActivations = {
    Activation{"Elu", {"alpha"}},
    Activation{"HardSigmoid", {"alpha", "beta"}},
    Activation{"LeakyRelu", {"alpha"}},
    Activation{"Relu"},
    Activation{"Sigmoid"},
    Activation{"Softplus"},
    Activation{"Softsign"},
    Activation{"Tanh"},
    Activation{"Gelu"},
    Activation{"HardSwish"},
    Activation{"Selu", {"alpha", "gamma"}},
    Activation{"ThresholdedRelu", {"alpha"}},
};

Value* with_bias(const Emit& emit, const Draft& draft) {
  return emit.add_optional(draft.input(0), draft.input(1));
}

void finish(Draft& draft, Value* result) { draft.results.emplace(1, result); }

}  // namespace

Value* activate(const Emit& emit, Value* src, const std::string& name, const std::vector<float>& params) {
  if (name.empty()) return src;
  if (name == "Clip") {
    TWOFOUR_CHECK(params.size() == 2, kInvalidArgument, "Clip has {} parameters; 2 are expected",
                  params.size());
    return emit.op("Clip", {src, emit.scalar(params[0], src->dtype()), emit.scalar(params[1], src->dtype())});
  }
  const auto* row = std::ranges::find(kActivations, name, &Activation::name);
  TWOFOUR_CHECK(row != kActivations.end(), kUnsupported, "activation \"{}\" is not known", name);
  Attrs attrs;
  for (size_t i = 0; i < std::min(params.size(), row->attrs.size()); ++i)
    if (row->attrs[i]) attrs.set(row->attrs[i], params[i]);
  return emit.op(name, {src}, std::move(attrs));
}

void ms_gelu(Draft& draft) { finish(draft, Emit(draft).op("Gelu", {draft.input(0)})); }

void ms_bias_gelu(Draft& draft) {
  const Emit emit(draft);
  finish(draft, emit.op("Gelu", {with_bias(emit, draft)}));
}

void ms_fast_gelu(Draft& draft) {
  const Emit emit(draft);
  finish(draft, emit.op("Gelu", {with_bias(emit, draft)}, {{"approximate", std::string("tanh")}}));
}

void ms_quick_gelu(Draft& draft) {
  finish(draft, Emit(draft).op("Swish", {draft.input(0)}, {{"alpha", draft.attrs.f("alpha", 1.702F)}}));
}

}  // namespace twofour::onnx_io
