#include "case.h"

#include <algorithm>

#include "base/error.h"
#include "onnx/import.h"
#include "onnx/outline.h"
#include "onnx/tensor_file.h"

namespace twofour::conformance {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> numbered(const fs::path& folder, std::string_view prefix) {
  std::vector<fs::path> files;
  for (int i = 0;; ++i) {
    fs::path file = folder / fmt::format("{}_{}.pb", prefix, i);
    if (!fs::exists(file)) return files;
    files.push_back(std::move(file));
  }
}

std::vector<DataSet> data_sets(const fs::path& folder) {
  std::vector<DataSet> sets;
  for (int i = 0;; ++i) {
    const fs::path set = folder / fmt::format("test_data_set_{}", i);
    if (!fs::exists(set)) return sets;
    sets.push_back({numbered(set, "input"), numbered(set, "output")});
  }
}

// numpy.arange(n).reshape(shape) / n, as ONNX's own runner feeds the light models.
Tensor ramp(const Value& input) {
  Shape shape;
  for (const Dim& dim : input.dims()) shape.push_back(dim.known() ? dim.value : 1);
  Tensor tensor(DType::kF32, shape);
  const auto n = static_cast<double>(tensor.numel());
  for (size_t i = 0; i < tensor.span<float>().size(); ++i)
    tensor.span<float>()[i] = static_cast<float>(static_cast<double>(i) / n);
  return tensor;
}

/// The inputs of a test by the names that they have in the graph: elements of a sequence have their own.
struct NamedInputs {
  std::vector<std::string> names;
  std::vector<Tensor> tensors;
  onnx_io::ImportOptions options;  // with the shapes of such elements
};

NamedInputs load_inputs(const onnx_io::Outline& outline, const std::vector<fs::path>& files) {
  NamedInputs inputs;
  for (size_t i = 0; i < files.size(); ++i) {
    using Kind = onnx_io::Outline::Kind;
    const auto& [name, kind, type] = outline.inputs.at(i);
    const bool is_sequence = kind == Kind::kSequence || kind == Kind::kOptionalSequence;
    const std::vector<Tensor> tensors = onnx_io::load_tensors(files[i], kind);
    TWOFOUR_CHECK(!tensors.empty(), kUnsupported, "input \"{}\" has no element", name);
    for (size_t k = 0; k < tensors.size(); ++k) {
      inputs.names.push_back(is_sequence ? fmt::format("{}/{}", name, k) : name);
      inputs.tensors.push_back(tensors[k]);
      if (is_sequence) inputs.options.shapes[inputs.names.back()] = tensors[k].shape();
    }
  }
  return inputs;
}

// All sizes, and the few integers that decide sizes and axes, are bound when the model is read, if it cannot
// be read without.
Graph import_with(const fs::path& model, NamedInputs& inputs) {
  try {
    return onnx_io::import_model(model, inputs.options);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kUnsupported) throw;
  }
  NamedInputs left;
  left.options = inputs.options;
  for (size_t i = 0; i < inputs.names.size(); ++i) {
    const Tensor& tensor = inputs.tensors[i];
    const bool is_element = inputs.options.shapes.contains(inputs.names[i]);
    if (!is_element && !is_float(tensor.dtype()) && tensor.shape().rank() <= 1) {
      left.options.known_inputs[inputs.names[i]] = tensor;
      continue;
    }
    left.options.shapes[inputs.names[i]] = tensor.shape();
    left.names.push_back(inputs.names[i]);
    left.tensors.push_back(tensor);
  }
  inputs = left;
  return onnx_io::import_model(model, inputs.options);
}

std::string check_outputs(const std::vector<Tensor>& actual, const std::vector<Tensor>& expected,
                          const Tolerance& tolerance) {
  if (actual.size() != expected.size())
    return fmt::format("{} outputs, expected {}", actual.size(), expected.size());
  for (size_t i = 0; i < actual.size(); ++i) {
    const std::string text = difference(actual[i], expected[i], tolerance);
    if (!text.empty()) return fmt::format("output {} {}", i, text);
  }
  return {};
}

std::vector<Tensor> load_outputs(const onnx_io::Outline& outline, const std::vector<fs::path>& files) {
  std::vector<Tensor> outputs;
  for (size_t i = 0; i < files.size(); ++i)
    for (Tensor& tensor : onnx_io::load_tensors(files[i], outline.outputs.at(i).kind))
      outputs.push_back(std::move(tensor));
  return outputs;
}

std::string run_set(const Case& test, const onnx_io::Outline& outline, const DataSet& set, Runner runner,
                    const Tolerance& tolerance) {
  NamedInputs inputs = load_inputs(outline, set.inputs);
  Graph graph = import_with(test.model, inputs);
  return check_outputs(runner(std::move(graph), inputs.tensors), load_outputs(outline, set.outputs),
                       tolerance);
}

std::string run_light(const Case& test, const onnx_io::Outline& outline, Runner runner,
                      const Tolerance& tolerance) {
  Graph graph = onnx_io::import_model(test.model);
  std::vector<Tensor> inputs;
  for (const Value* input : graph.inputs()) inputs.push_back(ramp(*input));
  const std::string stem = test.model.stem().string();
  return check_outputs(runner(std::move(graph), inputs),
                       load_outputs(outline, numbered(test.model.parent_path(), stem + "_output")),
                       tolerance);
}

}  // namespace

std::vector<Case> find_cases(const fs::path& root) {
  std::vector<Case> cases;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    const fs::path& path = entry.path();
    if (path.filename() == "model.onnx")
      cases.push_back({path.parent_path().filename().string(), path, data_sets(path.parent_path())});
    else if (path.extension() == ".onnx" && path.filename().string().starts_with("light_"))
      cases.push_back({path.stem().string(), path, {}});
  }
  std::ranges::sort(cases, {}, &Case::name);
  return cases;
}

Outcome run_case(const Case& test, Runner runner, const Tolerance& tolerance) {
  Outcome outcome;
  try {
    const onnx_io::Outline outline = onnx_io::read_outline(test.model);
    outcome.ops = outline.operators;
    if (test.sets.empty()) outcome.reason = run_light(test, outline, runner, tolerance);
    for (const DataSet& set : test.sets)
      if (outcome.reason.empty()) outcome.reason = run_set(test, outline, set, runner, tolerance);
    if (!outcome.reason.empty()) outcome.verdict = Verdict::kFailed;
  } catch (const Error& error) {
    outcome.verdict = error.code() == ErrorCode::kUnsupported ? Verdict::kUnsupported : Verdict::kFailed;
    outcome.reason = error.what();
  }
  return outcome;
}

}  // namespace twofour::conformance
