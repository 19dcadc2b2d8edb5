// What RNN, GRU and LSTM share: shapes, directions, sequence lengths and activation functions (ONNX opset
// 14).
//
// X [seq,batch,input], W [dirs,gates*hidden,input], R [dirs,gates*hidden,hidden], B [dirs,2*gates*hidden],
// sequence_lens [batch], initial states [dirs,batch,hidden]; Y [seq,dirs,batch,hidden] and last states
// [dirs,batch,hidden]. With layout 1 batch comes first everywhere.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "ops/op_def.h"

namespace twofour::ops {

/// An activation function with its parameters.
class RecurrentActivation {
 public:
  enum class Kind : uint8_t {
    kAffine,
    kElu,
    kHardSigmoid,
    kLeakyRelu,
    kRelu,
    kScaledTanh,
    kSigmoid,
    kSoftplus,
    kSoftsign,
    kTanh,
    kThresholdedRelu
  };
  RecurrentActivation(Kind kind, double alpha, double beta) : kind_(kind), alpha_(alpha), beta_(beta) {}
  double operator()(double v) const;
  Kind kind() const { return kind_; }
  double alpha() const { return alpha_; }
  double beta() const { return beta_; }

 private:
  Kind kind_;
  double alpha_, beta_;
};

/// Of one direction of RNN, GRU or LSTM.
const std::vector<std::string>& default_recurrent_activations(std::string_view op);

/// `count` functions for each direction: attributes activations, activation_alpha and activation_beta, or the
/// defaults. Names are not case-sensitive. Throws Error{kInvalidArgument} on unknown ones.
std::vector<RecurrentActivation> recurrent_activations(const Attrs& attrs,
                                                       const std::vector<std::string>& defaults);

/// Types of Y, Y_h and (`cell_state`) Y_c. Inputs 6 and 7 of LSTM are its initial cell state and peepholes.
/// The element types of W and R are the caller's to check.
void infer_recurrent(const Node& node, std::span<ValueType> outputs, int64_t gates);

/// The weights of one direction, rows as ONNX orders the gates.
struct RecurrentWeights {
  int64_t input, hidden;
  std::span<const double> w, r;
  std::span<const double> w_bias, r_bias;  // zeros when absent
  std::span<const double> peephole;        // empty when absent
  std::span<const RecurrentActivation> activations;
  double clip;

  /// Bounds what goes into an activation.
  double clipped(double v) const { return v < -clip ? -clip : v > clip ? clip : v; }
  double from_input(int64_t gate, int64_t i, std::span<const double> x) const;
  /// Without the bias.
  double from_hidden(int64_t gate, int64_t i, std::span<const double> h) const;
  /// Both, with both biases.
  double gate(int64_t gate, int64_t i, std::span<const double> x, std::span<const double> h) const;
};

/// One step for one item of the batch: replaces `h` (and `c`).
using RecurrentCell = void (*)(const RecurrentWeights& weights, const Attrs& attrs, std::span<const double> x,
                               std::span<double> h, std::span<double> c);
void run_recurrent(const ReferenceArgs& args, int64_t gates,
                   const std::vector<std::string>& default_activations, RecurrentCell cell);

/// Gates i (input), o (output), f (forget), c (candidate); peepholes i, o, f.
void lstm_cell(const RecurrentWeights& weights, const Attrs& attrs, std::span<const double> x,
               std::span<double> h, std::span<double> c);

/// Ports and attributes that all three have.
std::vector<Port> recurrent_inputs();
std::vector<std::string_view> recurrent_attrs();
/// `op`, which has those, with what LSTM has beside them.
OpDef with_cell_state(OpDef op);

}  // namespace twofour::ops
