#include "twofour/compare.h"

#include <algorithm>
#include <set>

#include "api/difference.h"
#include "api/observe.h"
#include "base/json.h"
#include "ops/evaluate.h"

namespace twofour {
namespace {

using api::Observed;
using api::ObservedRun;
using TensorMap = std::map<std::string, Tensor>;

/// The tensor of the other side that is the same value; null when there is none.
const Tensor* match(const Observed& observed, const TensorMap& expected) {
  const auto it = expected.find(observed.name);
  return it != expected.end() && it->second.shape() == observed.tensor.shape() ? &it->second : nullptr;
}

std::vector<LayerDifference> output_differences(const engine::Plan& plan, const std::vector<Tensor>& actual,
                                                const std::vector<Tensor>& expected,
                                                const Tolerance& tolerance) {
  TWOFOUR_CHECK(actual.size() == expected.size(), kInvalidArgument, "the engine has {} outputs, not {}",
                actual.size(), expected.size());
  std::vector<LayerDifference> result;
  for (size_t i = 0; i < actual.size(); ++i) {
    const std::string& name = plan.tensors[static_cast<size_t>(plan.outputs[i])].name;
    TWOFOUR_CHECK(actual[i].shape() == expected[i].shape(), kInvalidArgument, "output \"{}\" is {}, not {}",
                  name, type_of(actual[i]).to_string(), type_of(expected[i]).to_string());
    result.push_back({name, "", "", "", api::difference_of(actual[i], expected[i], tolerance)});
  }
  return result;
}

CompareReport report_of(const engine::Plan& plan, const ObservedRun& run, const TensorMap& expected,
                        const std::vector<Tensor>& expected_outputs, const Tolerance& tolerance) {
  CompareReport report;
  report.outputs = output_differences(plan, run.outputs, expected_outputs, tolerance);
  std::set<size_t> unmatched;
  for (const Observed& observed : run.tensors) unmatched.insert(observed.step);
  for (const Observed& observed : run.tensors) {
    const engine::PlanStep& step = plan.steps[observed.step];
    const Tensor* other = match(observed, expected);
    if (!other) continue;
    unmatched.erase(observed.step);
    report.layers.push_back({observed.name, step.name, step.op, step.tactic,
                             api::difference_of(observed.tensor, *other, tolerance)});
  }
  report.unmatched = static_cast<int64_t>(unmatched.size());
  return report;
}

/// The model on the reference kernels.
class Reference {
 public:
  Reference(const Graph& graph, const InputTensors& inputs) : graph_(graph) {
    for (const Value* input : graph.inputs()) {
      TWOFOUR_CHECK(inputs.contains(input->name()), kInvalidArgument,
                    "the engine has no input \"{}\", the model has", input->name());
      inputs_.push_back(inputs.at(input->name()));
    }
  }

  /// Keeps the values that `run` has too.
  std::vector<Tensor> evaluate(const ObservedRun& run, TensorMap& values) const {
    for (const Observed& observed : run.tensors) values[observed.name];
    const auto keep = [&](const std::string& name, const Tensor& tensor) {
      if (const auto it = values.find(name); it != values.end()) it->second = tensor;
    };
    std::vector<Tensor> outputs = ops::evaluate(graph_, inputs_, {.given = {}, .observe = keep});
    std::erase_if(values, [](const auto& item) { return !item.second.defined(); });
    return outputs;
  }

  std::vector<Tensor> evaluate_with(TensorMap given) const {
    return ops::evaluate(graph_, inputs_, {.given = std::move(given), .observe = {}});
  }

 private:
  const Graph& graph_;
  std::vector<Tensor> inputs_;
};

/// Finds the least number of layers that, run by the engine, spoil an output.
std::string find_culprit(const engine::Plan& plan, const ObservedRun& run, const Reference& reference,
                         const TensorMap& values, const std::vector<Tensor>& outputs,
                         const Tolerance& tolerance) {
  std::vector<const Observed*> exchangeable;
  for (const Observed& observed : run.tensors) {
    const Tensor* other = match(observed, values);
    if (other && other->dtype() == observed.tensor.dtype()) exchangeable.push_back(&observed);
  }
  const auto spoiled = [&](size_t count) {
    TensorMap given;
    for (size_t i = 0; i < count; ++i) given[exchangeable[i]->name] = exchangeable[i]->tensor;
    const auto differences =
        output_differences(plan, reference.evaluate_with(std::move(given)), outputs, tolerance);
    return std::ranges::any_of(differences, [](const auto& d) { return !d.difference.within(); });
  };
  size_t good = 0;
  size_t bad = exchangeable.size();
  if (!spoiled(bad)) return {};
  while (bad - good > 1) {
    const size_t middle = good + (bad - good) / 2;
    if (spoiled(middle)) bad = middle;
    else good = middle;
  }
  return plan.steps[exchangeable[bad - 1]->step].name;
}

/// By name, or by position where the other engine calls an input otherwise.
InputTensors inputs_for(const engine::Plan& plan, const engine::Plan& other, const InputTensors& inputs) {
  TWOFOUR_CHECK(plan.inputs.size() == other.inputs.size(), kInvalidArgument,
                "the engines have {} and {} inputs", plan.inputs.size(), other.inputs.size());
  InputTensors result;
  for (size_t i = 0; i < plan.inputs.size(); ++i) {
    const std::string& name = other.tensors[static_cast<size_t>(other.inputs[i])].name;
    const std::string& own = plan.tensors[static_cast<size_t>(plan.inputs[i])].name;
    result[name] = inputs.contains(name) ? inputs.at(name) : inputs.at(own);
  }
  return result;
}

Json to_json(const std::vector<LayerDifference>& list) {
  Json json = Json::array();
  for (const LayerDifference& d : list)
    json.push_back({{"tensor", d.tensor},
                    {"layer", d.layer},
                    {"op", d.op},
                    {"tactic", d.tactic},
                    {"elements", d.difference.elements},
                    {"mismatches", d.difference.mismatches},
                    {"nans", d.difference.nans},
                    {"max_abs", d.difference.max_abs},
                    {"mean_abs", d.difference.mean_abs},
                    {"relative", d.difference.relative},
                    {"cosine", d.difference.cosine}});
  return json;
}

}  // namespace

const LayerDifference* CompareReport::first_outside() const {
  const auto it = std::ranges::find_if(layers, [](const auto& d) { return !d.difference.within(); });
  return it == layers.end() ? nullptr : &*it;
}

bool CompareReport::passed() const {
  return std::ranges::all_of(outputs, [](const auto& d) { return d.difference.within(); });
}

std::string CompareReport::json() const {
  const Json json = {
      {"passed", passed()},          {"first_outside", first_outside() ? first_outside()->layer : ""},
      {"culprit", culprit},          {"unmatched", unmatched},
      {"outputs", to_json(outputs)}, {"layers", to_json(layers)}};
  return json.dump(1) + "\n";
}

CompareReport compare_to_reference(const Engine& engine, const Model& model, const InputTensors& inputs,
                                   const CompareOptions& options) {
  const engine::Plan& plan = engine.internal().plan();
  const ObservedRun run = api::observe_run(engine.internal(), inputs);
  const Reference reference(model.graph(), inputs);
  TensorMap values;
  const std::vector<Tensor> outputs = reference.evaluate(run, values);
  CompareReport report = report_of(plan, run, values, outputs, options.tolerance);
  if (options.bisect && !report.passed())
    report.culprit = find_culprit(plan, run, reference, values, outputs, options.tolerance);
  return report;
}

CompareReport compare_to_engine(const Engine& engine, const Engine& expected, const InputTensors& inputs,
                                const CompareOptions& options) {
  TWOFOUR_CHECK(!options.bisect, kUnsupported,
                "bisecting mixes engine and reference kernels: compare with the reference");
  const engine::Plan& plan = engine.internal().plan();
  const ObservedRun run = api::observe_run(engine.internal(), inputs);
  ObservedRun other =
      api::observe_run(expected.internal(), inputs_for(plan, expected.internal().plan(), inputs));
  TensorMap values;
  for (Observed& observed : other.tensors) values[observed.name] = std::move(observed.tensor);
  return report_of(plan, run, values, other.outputs, options.tolerance);
}

}  // namespace twofour
