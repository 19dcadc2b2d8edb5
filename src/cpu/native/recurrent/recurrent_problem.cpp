#include "cpu/native/recurrent/recurrent_problem.h"

#include <cmath>

namespace twofour::cpu {
namespace {

RecurrentCellKind kind_of(const NodeDesc& node) {
  if (node.op == "LSTM" || node.op == "DynamicQuantizeLSTM") return RecurrentCellKind::kLstm;
  if (node.op == "RNN") return RecurrentCellKind::kRnn;
  return node.attrs.i("linear_before_reset", 0) != 0 ? RecurrentCellKind::kGruAfterProduct
                                                     : RecurrentCellKind::kGru;
}

}  // namespace

RecurrentProblem::RecurrentProblem(const NodeDesc& node)
    : kind(kind_of(node)),
      batch_first(node.attrs.i("layout", 0) != 0),
      reverse(node.attrs.s("direction", "forward") == "reverse"),
      coupled(node.attrs.i("input_forget", 0) != 0),
      clip(node.attrs.f("clip", INFINITY)),
      activations(ops::recurrent_activations(node.attrs, ops::default_recurrent_activations(node.op))),
      w_dtype(node.inputs[kW].desc.dtype),
      r_dtype(node.inputs[kR].desc.dtype) {
  const Shape& x = node.inputs[kX].desc.shape;
  const Shape& r = node.inputs[kR].desc.shape;
  dirs = r[0];
  seq = x[batch_first ? 1 : 0];
  batch = x[batch_first ? 0 : 1];
  input = x[2];
  hidden = r[2];
  gates = r[1] / hidden;
}

}  // namespace twofour::cpu
