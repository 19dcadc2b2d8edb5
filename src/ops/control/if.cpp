#include "ops/control/control_flow.h"
#include "ops/infer.h"
#include "ops/shape_value.h"

namespace twofour::ops {
namespace {

const char* branch(bool condition) { return condition ? "then_branch" : "else_branch"; }

bool truth(const Tensor& condition) {
  TWOFOUR_CHECK(condition.dtype() == DType::kBool && condition.numel() == 1, kInvalidArgument,
                "the condition is {}; one bool is expected", type_of(condition).to_string());
  return condition.span<bool>()[0];
}

void infer(const Node& node, std::span<ValueType> outputs) {
  check_dtype(node.input(0)->type(), DType::kBool, "cond");
  std::vector<ValueType> captures;
  for (size_t i = 1; i < node.inputs().size(); ++i) captures.push_back(node.input(i)->type());
  const auto types_of = [&](const char* name) { return subgraph_types(node.attrs().graph(name), captures); };
  const Tensor condition = known_tensor(node.input(0));
  const std::vector<ValueType> types =
      condition.defined() ? types_of(branch(truth(condition)))
                          : common_types(types_of("then_branch"), types_of("else_branch"), "a result");
  TWOFOUR_CHECK(types.size() == outputs.size(), kInvalidArgument, "the branches have {} outputs, the node {}",
                types.size(), outputs.size());
  std::ranges::copy(types, outputs.begin());
}

std::vector<Tensor> control(const ControlArgs& args) {
  TWOFOUR_CHECK(!args.inputs.empty(), kInvalidArgument, "If has no condition");
  std::vector<Tensor> results = args.run(branch(truth(args.inputs[0])), args.inputs.subspan(1));
  check_count(results.size(), args.types.size());
  return results;
}

Subgraph example_branch(const char* op) {
  Graph graph(op);
  Value* x = graph.add_input("x", {DType::kF32, {Dim(2), Dim(3)}});
  graph.set_outputs({example_node(graph, op, {x})});
  return std::make_shared<const Graph>(std::move(graph));
}

Example example(float condition) {
  return {.inputs = {{.dtype = DType::kBool, .shape = {}, .values = {condition}}, {.shape = {2, 3}}},
          .attrs = {{"then_branch", example_branch("Neg")}, {"else_branch", example_branch("Abs")}}};
}

}  // namespace

extern const OpDef kIf;
const OpDef kIf = {
    .name = "If",
    .doc = "The outputs of subgraph then_branch when cond is true, else those of else_branch.",
    .inputs = {{.name = "cond", .state = true}, {.name = "captures", .optional = true, .variadic = true}},
    .outputs = {{.name = "results", .variadic = true}},
    .attrs = {"then_branch", "else_branch"},
    .infer = infer,
    .reference = nullptr,
    .grad = not_differentiable("training through control flow is not supported"),
    .amp = Amp::kFixed,
    .quant = quant_float("runs a subgraph"),
    .sparsity = no_sparsity(),
    .examples = {example(1), example(0)},
    .control = control,
};

}  // namespace twofour::ops
