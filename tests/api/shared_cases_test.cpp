// Small models that once showed a fault (../shared/cases/onnx, see its README): each builds at the default
// settings, is saved, loaded and run. Where a folder has the right answer, the engine and the reference
// kernels give it. Cases that are still wrong stand in tests/conformance/pending_cases.txt with the reason.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <map>
#include <sstream>

#include "base/file.h"
#include "ir/graph.h"
#include "ops/evaluate.h"
#include "support/shared_data.h"
#include "support/temporary_path.h"
#include "twofour/engine.h"
#include "twofour/npy.h"

namespace twofour {
namespace {

namespace fs = std::filesystem;
using Tensors = std::map<std::string, Tensor>;

fs::path cases_folder() { return testing::shared_path("cases/onnx"); }

std::vector<std::string> case_names() {
  std::vector<std::string> names;
  std::error_code absent;
  for (const auto& entry : fs::directory_iterator(cases_folder(), absent))
    if (entry.is_directory()) names.push_back(entry.path().filename());
  std::ranges::sort(names);
  return names;
}

/// Case -> why it is still wrong.
std::map<std::string, std::string> pending_cases() {
  std::map<std::string, std::string> pending;
  std::istringstream lines(read_file(TWOFOUR_SOURCE_DIR "/tests/conformance/pending_cases.txt"));
  for (std::string line; std::getline(lines, line);)
    if (const size_t colon = line.find(": "); !line.starts_with('#') && colon != std::string::npos)
      pending[line.substr(0, colon)] = line.substr(colon + 2);
  return pending;
}

/// What differs; empty when nothing does. Floats agree within 1e-4 of their size, NaN with NaN and an
/// infinity with itself, everything else exactly.
std::string difference(const Tensor& got, const Tensor& expected, const std::string& who) {
  if (got.dtype() != expected.dtype() || got.shape() != expected.shape())
    return fmt::format("{} gives {}, not {}", who, type_of(got).to_string(), type_of(expected).to_string());
  if (!is_float(got.dtype()))
    return std::memcmp(got.raw(), expected.raw(), got.size_bytes()) == 0 ? "" : who + " gives other integers";
  const Tensor wide_got = got.to(DType::kF64);
  const Tensor wide_expected = expected.to(DType::kF64);
  for (size_t i = 0; i < wide_got.span<double>().size(); ++i) {
    const double a = wide_got.span<double>()[i];
    const double b = wide_expected.span<double>()[i];
    const bool same = std::isnan(b) ? std::isnan(a) : a == b || std::abs(a - b) <= 1e-5 + 1e-4 * std::abs(b);
    if (!same) return fmt::format("{} gives {} at {}, not {}", who, a, i, b);
  }
  return "";
}

Tensor floats(const Shape& shape, const std::vector<float>& values) {
  return Tensor::of<float>(shape, values);
}

/// Inputs of cases without data for which random values will not do: they decide sizes, or have no rank.
Tensors needed_inputs(const std::string& name) {
  if (name == "no-shape") return {{"x", floats({2, 3}, {-1, 2, -3, 4, -5, 6})}};
  if (name == "reshape-rank-from-open-slice")
    return {{"cfg", floats({3}, {2, 3, 9})}, {"x", floats({6}, {1, 2, 3, 4, 5, 6})}};
  return {};
}

class SharedCase : public ::testing::TestWithParam<std::string> {
 protected:
  fs::path folder() const { return cases_folder() / GetParam(); }

  /// The given values of the model's inputs, by name. Empty when the folder has none and none are needed.
  Tensors given_inputs(const Graph& graph) const {
    Tensors inputs = needed_inputs(GetParam());
    for (size_t i = 0; i < graph.inputs().size(); ++i) {
      const std::string& name = graph.inputs()[i]->name();
      for (const std::string& file : {"input_" + name + ".npy", fmt::format("in{}.npy", i)})
        if (fs::exists(folder() / file)) inputs[name] = read_npy(folder() / file);
    }
    return inputs;
  }

  static Engine reloaded(const Engine& engine) {
    const fs::path path = temporary_path("twofour_shared_case");
    engine.save(path);
    Engine loaded = Engine::load(path);
    fs::remove(path);
    return loaded;
  }

  static std::vector<Tensor> run_engine(const Model& model, const Tensors& given) {
    BuildOptions options{.shapes = model.default_shapes()};
    for (const auto& [name, tensor] : given) options.shapes[name] = tensor.shape();
    const Engine engine = reloaded(build_engine(model, options).engine);
    Context context = engine.context();
    for (const auto& [name, random] : engine.random_inputs()) {
      const auto value = given.find(name);
      context.bind(name, value != given.end() ? value->second : random);
    }
    context.run();
    std::vector<Tensor> outputs;
    for (const TensorInfo& output : engine.outputs()) outputs.push_back(context.tensor(output.name));
    return outputs;
  }

  /// What is wrong; empty when nothing is.
  std::string check() const {
    try {
      const Model model = Model::load(folder() / "model.onnx");
      const Graph& graph = model.graph();
      const Tensors given = given_inputs(graph);
      const std::vector<Tensor> outputs = run_engine(model, given);
      std::vector<Tensor> inputs;
      for (const Value* input : graph.inputs())
        if (const auto it = given.find(input->name()); it != given.end()) inputs.push_back(it->second);
      if (inputs.size() != graph.inputs().size()) return "";
      const std::vector<Tensor> reference = ops::evaluate(graph, inputs);
      for (size_t i = 0; i < outputs.size(); ++i) {
        const fs::path file = folder() / ("expected_" + graph.outputs()[i]->name() + ".npy");
        if (!fs::exists(file)) continue;
        const Tensor expected = read_npy(file);
        std::string wrong = difference(outputs[i], expected, "the engine");
        if (wrong.empty()) wrong = difference(reference[i], expected, "the reference");
        if (!wrong.empty()) return wrong;
      }
      return "";
    } catch (const Error& error) {
      return error.what();
    }
  }
};

TEST_P(SharedCase, IsRight) {
  static const std::map<std::string, std::string> pending = pending_cases();
  const std::string wrong = check();
  const auto waits = pending.find(GetParam());
  if (waits == pending.end()) EXPECT_EQ(wrong, "");
  else if (wrong.empty()) FAIL() << "it is right now: remove its line from pending_cases.txt";
  else GTEST_SKIP() << waits->second << ": " << wrong;
}

INSTANTIATE_TEST_SUITE_P(Folders, SharedCase, ::testing::ValuesIn(case_names()), [](const auto& test) {
  std::string name = test.param;
  std::ranges::replace(name, '-', '_');
  return name;
});
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(SharedCase);

}  // namespace
}  // namespace twofour
