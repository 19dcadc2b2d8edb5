// Small models that once showed a fault (../shared/cases/onnx, see its README): each builds at the default
// settings, is saved, loaded and run. Where a folder has the right answer, the engine and the reference
// kernels give it. Cases that are still wrong stand in tests/conformance/pending_cases.txt with what they
// show and why.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <sstream>

#include "api/difference.h"
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

/// A case that is still wrong.
struct Pending {
  std::string failure;  // a part of what it shows
  std::string reason;
};

std::map<std::string, Pending> pending_cases() {
  std::map<std::string, Pending> pending;
  std::istringstream lines(read_file(TWOFOUR_SOURCE_DIR "/tests/conformance/pending_cases.txt"));
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with('#')) continue;
    const size_t failure = line.find(": ") + 2;
    const size_t reason = line.find(": ", failure) + 2;
    pending[line.substr(0, failure - 2)] = {line.substr(failure, reason - 2 - failure), line.substr(reason)};
  }
  return pending;
}

/// What differs; empty when nothing does. Floats agree within 1e-4 of their size, NaN with NaN and an
/// infinity with itself, everything else exactly.
std::string difference(const Tensor& got, const Tensor& expected, const std::string& who) {
  if (got.dtype() != expected.dtype() || got.shape() != expected.shape())
    return fmt::format("{} gives {}, not {}", who, type_of(got).to_string(), type_of(expected).to_string());
  const bool exact = !is_float(got.dtype());
  if (exact && std::equal(got.raw(), got.raw() + got.size_bytes(), expected.raw())) return "";
  const Difference found = api::difference_of(
      got, expected, exact ? Tolerance{.atol = 0, .rtol = 0} : Tolerance{.atol = 1e-5, .rtol = 1e-4});
  if (!exact && found.within()) return "";
  return fmt::format("{} is wrong in {} of {} values, by {} at most where both are finite", who,
                     found.mismatches, found.elements, found.max_abs);
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
  static const std::map<std::string, Pending> pending = pending_cases();
  const std::string wrong = check();
  const auto waits = pending.find(GetParam());
  if (waits == pending.end()) {
    EXPECT_EQ(wrong, "");
    return;
  }
  ASSERT_NE(wrong, "") << "it is right now: remove its line from pending_cases.txt";
  ASSERT_THAT(wrong, ::testing::HasSubstr(waits->second.failure)) << "it fails in another way now";
  GTEST_SKIP() << waits->second.reason << ": " << wrong;
}

INSTANTIATE_TEST_SUITE_P(Folders, SharedCase, ::testing::ValuesIn(case_names()), [](const auto& test) {
  std::string name = test.param;
  std::ranges::replace(name, '-', '_');
  return name;
});
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(SharedCase);

}  // namespace
}  // namespace twofour
