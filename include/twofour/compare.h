// Comparing what an engine computes, layer by layer, with the reference kernels or with another engine. The
// engine runs as it was built: its tensors are looked at between its steps, nothing is unfused.
//
//   const auto report = twofour::compare_to_reference(engine, model, inputs, {.bisect = true});
//   if (!report.passed()) std::cout << report.culprit << "\n";
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "twofour/engine.h"

namespace twofour {

/// An element agrees when |actual - expected| <= atol + rtol * |expected|.
struct Tolerance {
  double atol = 1e-3;
  double rtol = 1e-3;
};

/// How two tensors differ.
struct Difference {
  int64_t elements = 0;
  int64_t mismatches = 0;  // elements out of tolerance, or finite in one tensor only
  int64_t nans = 0;        // elements that are NaN in the tensor that is compared
  double max_abs = 0;      // of elements that are finite in both
  double mean_abs = 0;
  double relative = 0;  // |actual - expected| / |expected|, as Euclidean norms
  double cosine = 1;

  bool within() const { return mismatches == 0; }
};

struct LayerDifference {
  std::string tensor;
  std::string layer;  // of the engine that is compared
  std::string op;     // as it runs
  std::string tactic;
  Difference difference;
};

struct CompareReport {
  /// Tensors that both sides have, in the order in which the engine computes them.
  std::vector<LayerDifference> layers;
  std::vector<LayerDifference> outputs;
  /// Layers without such a tensor: names or shapes differ, or the other side fused them.
  int64_t unmatched = 0;
  /// With CompareOptions::bisect and an output out of tolerance: the first layer with which the output leaves
  /// it, all before it run by the engine, all behind it by the reference.
  std::string culprit;

  /// Null when every layer is within tolerance.
  const LayerDifference* first_outside() const;
  /// Every output is within tolerance.
  bool passed() const;
  std::string json() const;
};

struct CompareOptions {
  Tolerance tolerance;
  bool bisect = false;
};

/// Tensors by input name.
using InputTensors = std::map<std::string, Tensor>;

/// `model` runs on the reference kernels, which is slow. Throws Error{kInvalidArgument} when inputs or
/// outputs of the two do not belong together.
CompareReport compare_to_reference(const Engine& engine, const Model& model, const InputTensors& inputs,
                                   const CompareOptions& options = {});
/// Inputs and outputs of the two engines are matched by name, or by position where the names differ. Throws
/// as compare_to_reference does, and Error{kUnsupported} when asked to bisect.
CompareReport compare_to_engine(const Engine& engine, const Engine& expected, const InputTensors& inputs,
                                const CompareOptions& options = {});

}  // namespace twofour
