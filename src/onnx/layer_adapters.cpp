#include "onnx/layer_adapters.h"

#include "onnx/draft_edit.h"

namespace twofour::onnx_io {

/// Scatter was renamed in opset 11.
void scatter_along_axis(Draft& draft) { draft.op = "ScatterElements"; }

/// Before opset 10 k was an attribute.
void top_k_to_input(Draft& draft) {
  if (!draft.attrs.has("k")) return;
  set_input(draft, 1, constant(draft, "k", Tensor::i64({draft.attrs.i("k", 0)})));
  draft.attrs.erase("k");
}

}  // namespace twofour::onnx_io
