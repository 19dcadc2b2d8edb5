// SGD and loss scaling: their options and the tensors they carry from step to step.
#pragma once

#include <map>
#include <string>

#include "ir/graph.h"

namespace twofour::train {

/// As torch.optim.SGD with dampening 0: g += weight_decay * p; buffer = momentum * buffer + g;
/// p -= lr * (nesterov ? g + momentum * buffer : buffer).
struct SgdOptions {
  double lr = 0.1;
  double momentum = 0.9;
  bool nesterov = false;
  double weight_decay = 1e-4;
  /// False: parameters of rank 0 and 1 (batch-norm scale and bias, biases) are not decayed.
  bool decay_norm_and_bias = true;
};

/// The loss is multiplied by the scale before the backward pass, gradients are divided by it in f32 before anything
/// else reads them (Micikevicius et al., https://arxiv.org/abs/1710.03740). A step whose gradients are not finite is
/// skipped, static scales included.
struct LossScaling {
  /// kDynamic: grows after `growth_interval` good steps in a row, backs off after a skipped one.
  enum class Mode : uint8_t { kNone, kStatic, kDynamic };
  Mode mode = Mode::kNone;
  double init_scale = 65536;  // kStatic: the scale
  double growth_factor = 2;
  double backoff_factor = 0.5;
  int64_t growth_interval = 2000;
  double min_scale = 1;
  double max_scale = 16777216;  // 2^24

  static LossScaling none() { return {}; }
  static LossScaling fixed(double scale) { return {.mode = Mode::kStatic, .init_scale = scale}; }
  static LossScaling dynamic() { return {.mode = Mode::kDynamic}; }
};

/// Throws Error{kInvalidArgument} naming the field.
void check(const SgdOptions& options);
void check(const LossScaling& scaling);

/// Keys are names of parameters. What is missing starts from zero (momentum) or from LossScaling (scale).
struct OptimizerState {
  std::map<std::string, Tensor> momentum;  // f32, shape of the parameter
  std::map<std::string, Tensor> masks;     // bool, shape of the parameter; true: kept
};

/// Sets every masked-out element of the model's weights and of the momentum to +0. Throws Error{kInvalidArgument}
/// naming a mask that fits no f32 constant of the model.
void apply_masks(Graph& model, OptimizerState& state);

}  // namespace twofour::train
