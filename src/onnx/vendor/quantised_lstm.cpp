// DynamicQuantizeLSTM: weights in codes, the input in codes of its whole range, the hidden state in codes of
// each step's range.
#include "onnx/vendor/adapters.h"
#include "onnx/vendor/quantised.h"

namespace twofour::onnx_io {
namespace {

/// Codes [directions, inputs, gates] as LSTM's weight [directions, gates, inputs]; scale and zero point are
/// [directions] or [directions, gates].
Value* weight(const Emit& emit, Value* codes, Value* scale, Value* zero_point, std::string_view name) {
  check_rank(codes, 3, name);
  TWOFOUR_CHECK(scale->type().known && (scale->rank() == 1 || scale->rank() == 2), kInvalidArgument,
                "the scale of {} is {}; one or two dimensions are expected", name, scale->type().to_string());
  Attrs attrs = {{"axis", int64_t{0}}};
  if (scale->rank() == 2) {
    attrs = {{"axis", int64_t{1}}, {"block_size", known_size(codes, 1, name)}};
    scale = emit.unsqueeze(scale, {1});
    zero_point = emit.unsqueeze(zero_point, {1});
  }
  return emit.transpose(dequantised(emit, codes, scale, zero_point, std::move(attrs)), {0, 2, 1});
}

}  // namespace

void ms_dynamic_quantize_lstm(Draft& draft) {
  const Emit emit(draft);
  const std::vector<Value*> x = emit.op_n("DynamicQuantizeLinear", {draft.input(0)}, 3);
  std::vector<Value*> inputs(draft.inputs.begin(), draft.inputs.begin() + 8);
  inputs[0] = dequantised(emit, x[0], x[1], x[2]);
  inputs[1] = weight(emit, draft.input(1), draft.input(8), draft.input(9), "W");
  inputs[2] = weight(emit, draft.input(2), draft.input(10), draft.input(11), "R");
  draft.results = emit.op_n("DynamicQuantizeLSTM", std::move(inputs), draft.num_outputs, draft.attrs);
}

}  // namespace twofour::onnx_io
