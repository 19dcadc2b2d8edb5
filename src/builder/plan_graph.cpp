#include "builder/plan_graph.h"

namespace twofour::builder {
namespace {

using engine::PlanTensor;
using Kind = PlanTensor::Kind;

class PlanReader {
 public:
  PlanReader(const engine::Plan& plan, std::span<const Tensor> sections)
      : plan_(plan), sections_(sections), graph_(plan.name), values_(plan.tensors.size()) {}

  Graph run() {
    for (const int i : plan_.inputs) values_[index(i)] = graph_.add_input(tensor(i).name, tensor(i).type());
    for (const engine::PlanStep& step : plan_.steps) add_step(step);
    std::vector<Value*> outputs;
    for (const int i : plan_.outputs) {
      const bool is_input = tensor(i).kind == Kind::kDonated && !values_[index(i)];
      TWOFOUR_CHECK(tensor(i).kind == Kind::kOutput || is_input, kFailedPrecondition,
                    "output \"{}\" lives in the buffer of an input", tensor(i).name);
      outputs.push_back(values_[index(is_input ? tensor(i).index : i)]);
    }
    graph_.set_outputs(std::move(outputs));
    return std::move(graph_);
  }

 private:
  static size_t index(int i) { return static_cast<size_t>(i); }
  const PlanTensor& tensor(int i) const { return plan_.tensors[index(i)]; }

  Value* read(int i) {
    if (i == -1) return nullptr;
    Value*& value = values_[index(i)];
    if (value) return value;
    TWOFOUR_CHECK(tensor(i).index != -1, kFailedPrecondition,
                  "constant \"{}\" is there only as it was packed", tensor(i).name);
    return value = graph_.add_constant(tensor(i).name, sections_[index(tensor(i).index)]);
  }

  void add_step(const engine::PlanStep& step) {
    std::vector<Value*> inputs;
    for (const int i : step.inputs) inputs.push_back(read(i));
    Attrs attrs = step.attrs;
    for (const auto& [name, body] : step.bodies)
      attrs.set(name, std::make_shared<const Graph>(graph_of(*body, sections_)));
    const Node* node = graph_.add_node(step.op, inputs, step.outputs.size(), std::move(attrs), step.name);
    for (size_t k = 0; k < step.outputs.size(); ++k) {
      const PlanTensor& t = tensor(step.outputs[k]);
      node->output(k)->set_type(t.type());
      graph_.rename(node->output(k), t.name);
      values_[index(step.outputs[k])] = node->output(k);
    }
  }

  const engine::Plan& plan_;
  const std::span<const Tensor> sections_;
  Graph graph_;
  std::vector<Value*> values_;  // by tensor number
};

}  // namespace

Graph graph_of(const engine::Plan& plan, std::span<const Tensor> sections) {
  return PlanReader(plan, sections).run();
}

}  // namespace twofour::builder
