// SGD and loss scaling: their options and the tensors they carry from step to step.
#pragma once

#include <map>
#include <string>

#include "ir/graph.h"
#include "twofour/train_options.h"

namespace twofour::train {

/// Throws Error{kInvalidArgument} naming the field.
void check(const SgdOptions& options);
void check(const LossScaling& scaling);

/// The optimiser of one model. Keys are names of parameters; a momentum that is missing starts from zero.
struct OptimizerState {
  SgdOptions sgd;
  std::map<std::string, Tensor> momentum;  // f32, shape of the parameter
  std::map<std::string, Tensor> masks;     // bool, shape of the parameter; true: kept
};

/// Sets every masked-out element of the model's weights and of the momentum to +0. Throws
/// Error{kInvalidArgument} naming a mask that fits no f32 constant of the model.
void apply_masks(Graph& model, OptimizerState& state);

}  // namespace twofour::train
