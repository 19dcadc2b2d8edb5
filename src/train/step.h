// One training step as a pure graph: forward, loss, backward and the optimiser's update.
//
//   inputs:  images, labels, lr, every parameter (f32 masters) and its momentum, running statistics,
//            masks of pruned parameters, loss scale and its tracker
//   outputs: loss, correct, and the new value of all state, which may take over the buffer of the old
//   (donations)
//
// Mixed precision paints forward and backward only: the update is appended after the paint pass has run.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "amp/paint.h"
#include "train/update.h"
#include "twofour/train_options.h"

namespace twofour::train {

DType precision_dtype(Precision precision);

struct StepOptions {
  int64_t batch_size = 32;
  Shape image_shape;
  Precision precision = Precision::kF32;  // of the painted graph, whatever the hardware
  std::vector<std::string> deny_half;     // node name globs that stay f32 when painted
  double label_smoothing = 0;
  UpdateOptions update;
  std::set<std::string> masked;  // parameters that have a mask
};

/// One tensor that lives from step to step: read from `input`, written to `output`.
struct StateTensor {
  enum class Kind : uint8_t { kParameter, kStatistic, kMomentum, kLossScale, kTracker };
  Kind kind;
  std::string name;  // of the model's constant; empty for the loss scale and its tracker
  std::string input;
  std::string output;
};

struct TrainingStep {
  Graph graph;
  int64_t num_classes = 0;
  std::string images;  // names of inputs
  std::string labels;
  std::string lr;
  std::string loss_scale;                                  // empty without scaling
  std::map<std::string, std::string> masks;                // parameter -> input
  std::string loss;                                        // names of outputs, f32 scalars
  std::string correct;                                     // images whose highest score is their label's
  std::string nonfinite;                                   // 1: the step was skipped; empty without scaling
  std::map<std::string, std::string> nonfinite_gradients;  // parameter -> output
  std::vector<StateTensor> state;
  amp::Report paint;  // what mixed precision did; empty in fp32

  /// Output -> input, for builder::Options.
  std::map<std::string, std::string> donations() const;
};

/// Throws what prepare_training and append_gradients throw, and Error{kInvalidArgument} on options out of
/// range or a mask for something that is no parameter.
TrainingStep make_step(const Graph& model, const StepOptions& options);

}  // namespace twofour::train
