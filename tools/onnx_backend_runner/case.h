// One case of ONNX's backend tests: a model with sets of inputs and expected outputs.
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "base/tensor.h"
#include "ir/graph.h"

namespace twofour::conformance {

struct DataSet {
  std::vector<std::filesystem::path> inputs;  // in the order of the graph's inputs
  std::vector<std::filesystem::path> outputs;
};

struct Case {
  std::string name;
  std::filesystem::path model;
  /// Empty for the "light" models: then inputs are arange(n) / n and outputs stand beside the model.
  std::vector<DataSet> sets;
};

enum class Verdict : uint8_t { kPassed, kFailed, kUnsupported };
struct Outcome {
  Verdict verdict = Verdict::kPassed;
  std::string reason;         // empty when passed
  std::set<std::string> ops;  // of the model
};

struct Tolerance {
  double relative = 1e-3;
  double absolute = 1e-7;
};

/// Computes the outputs of a model for these inputs.
using Runner = std::vector<Tensor> (*)(Graph graph, const std::vector<Tensor>& inputs);
/// Node by node through the reference kernels.
std::vector<Tensor> run_reference(Graph graph, const std::vector<Tensor>& inputs);
/// Through the optimiser and an engine of this CPU; tactics are not timed.
std::vector<Tensor> run_engine(Graph graph, const std::vector<Tensor>& inputs);

/// Every folder below `root` that holds model.onnx, and every light_*.onnx, sorted.
std::vector<Case> find_cases(const std::filesystem::path& root);
/// Unsupported is only what the importer or an operator refuses as such; everything else that goes wrong
/// fails.
Outcome run_case(const Case& test, Runner runner, const Tolerance& tolerance);

/// What differs first between two tensors; empty when nothing does. dtype and shape must be equal, NaN equals
/// NaN, infinities must be the same.
std::string difference(const Tensor& actual, const Tensor& expected, const Tolerance& tolerance);

}  // namespace twofour::conformance
