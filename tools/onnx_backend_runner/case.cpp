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

// Integer inputs decide sizes and axes: those few are bound when the model is read, if it cannot be read
// without.
Graph import_with(const fs::path& model, const std::vector<Tensor>& inputs, std::vector<Tensor>& left) {
  left = inputs;
  try {
    return onnx_io::import_model(model);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kUnsupported) throw;
  }
  onnx_io::ImportOptions options;
  const std::vector<std::string> names = onnx_io::read_outline(model).inputs;
  left.clear();
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i].defined() && !is_float(inputs[i].dtype()) && inputs[i].shape().rank() <= 1)
      options.known_inputs[names.at(i)] = inputs[i];
    else left.push_back(inputs[i]);
  }
  return onnx_io::import_model(model, options);
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

std::vector<Tensor> load_all(const std::vector<fs::path>& files) {
  std::vector<Tensor> tensors;
  for (const fs::path& file : files) tensors.push_back(onnx_io::load_tensor(file));
  return tensors;
}

std::string run_set(const Case& test, const DataSet& set, Runner runner, const Tolerance& tolerance) {
  std::vector<Tensor> inputs;
  Graph graph = import_with(test.model, load_all(set.inputs), inputs);
  return check_outputs(runner(std::move(graph), inputs), load_all(set.outputs), tolerance);
}

std::string run_light(const Case& test, Runner runner, const Tolerance& tolerance) {
  Graph graph = onnx_io::import_model(test.model);
  std::vector<Tensor> inputs;
  for (const Value* input : graph.inputs()) inputs.push_back(ramp(*input));
  const std::string stem = test.model.stem().string();
  return check_outputs(runner(std::move(graph), inputs),
                       load_all(numbered(test.model.parent_path(), stem + "_output")), tolerance);
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
    TWOFOUR_CHECK(outline.only_tensors, kUnsupported, "an input or output is a sequence or an optional");
    if (test.sets.empty()) outcome.reason = run_light(test, runner, tolerance);
    for (const DataSet& set : test.sets)
      if (outcome.reason.empty()) outcome.reason = run_set(test, set, runner, tolerance);
    if (!outcome.reason.empty()) outcome.verdict = Verdict::kFailed;
  } catch (const Error& error) {
    outcome.verdict = error.code() == ErrorCode::kUnsupported ? Verdict::kUnsupported : Verdict::kFailed;
    outcome.reason = error.what();
  }
  return outcome;
}

}  // namespace twofour::conformance
