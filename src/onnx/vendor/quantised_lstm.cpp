#include "onnx/vendor/adapters.h"
#include "onnx/vendor/emit.h"

namespace twofour::onnx_io {

/// The file has codes [directions, inputs, gates], LSTM's weights are [directions, gates, inputs].
void ms_dynamic_quantize_lstm(Draft& draft) {
  const Emit emit(draft);
  std::vector<Value*> inputs = draft.inputs;
  for (const size_t weight : {1, 2}) inputs[weight] = emit.transpose(inputs[weight], {0, 2, 1});
  draft.results = emit.op_n("DynamicQuantizeLSTM", std::move(inputs), draft.num_outputs, draft.attrs);
}

}  // namespace twofour::onnx_io
