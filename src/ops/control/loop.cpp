#include <limits>

#include "ops/control/control_flow.h"
#include "ops/domain.h"
#include "ops/infer.h"
#include "ops/shape_value.h"

namespace twofour::ops {
namespace {

constexpr size_t kHead = 2;  // trip count and condition; in the body: iteration and condition

template <typename T>
T scalar(const Tensor& tensor, std::string_view what) {
  TWOFOUR_CHECK(tensor.dtype() == DTypeOf<T>::value && tensor.numel() == 1, kInvalidArgument,
                "{} is {}; one {} is expected", what, type_of(tensor).to_string(),
                dtype_name(DTypeOf<T>::value));
  return tensor.span<T>()[0];
}

// The body keeps the condition true, so that only the trip count ends the loop.
bool goes_on(const Graph& body) {
  const Value* result = body.outputs()[0];
  if (result->is_constant())
    return result->dtype() == DType::kBool && result->data().numel() == 1 && result->data().span<bool>()[0];
  while (result->producer() && result->producer()->op() == "Identity") result = result->producer()->input(0);
  return result == body.inputs()[1];
}

Dim trip_count(const Node& node, const Graph& body) {
  const Tensor most = known_tensor(node.input(0));
  if (!most.defined() || !goes_on(body)) return {};
  if (node.input(1)) {
    const Tensor condition = known_tensor(node.input(1));
    if (!condition.defined()) return {};
    if (!scalar<bool>(condition, "cond")) return 0;
  }
  return std::max<int64_t>(scalar<int64_t>(most, "M"), 0);
}

void infer(const Node& node, std::span<ValueType> outputs) {
  TWOFOUR_CHECK(node.inputs().size() >= kHead, kInvalidArgument, "Loop takes M and cond, which may be empty");
  const Graph& body = node.attrs().graph("body");
  std::vector<ValueType> inputs;
  for (const Value* value : node.inputs()) inputs.push_back(value ? value->type() : ValueType{});
  std::vector<ValueType> types = loop_body_types(node.attrs(), inputs);
  const size_t num_states = inputs.size() - kHead - count_captures(node.attrs(), inputs.size() - kHead);
  const std::vector<ValueType> results = settle_states(
      types, kHead, num_states, 1, [&](std::span<const ValueType> of) { return subgraph_types(body, of); });
  TWOFOUR_CHECK(results.size() == outputs.size() + 1, kInvalidArgument,
                "the body has {} outputs beside the condition, the node {}", results.size() - 1,
                outputs.size());
  if (results[0].known) check_dtype(results[0], DType::kBool, "the condition that the body computes");
  const Dim trips = trip_count(node, body);
  for (size_t i = 0; i < outputs.size(); ++i) {
    outputs[i] = i < num_states ? types[kHead + i] : results[1 + i];
    if (i >= num_states && outputs[i].known) outputs[i].dims.insert(outputs[i].dims.begin(), trips);
  }
}

std::vector<Tensor> control(const ControlArgs& args) {
  const std::span<const Tensor> inputs = args.inputs;
  TWOFOUR_CHECK(inputs.size() >= kHead, kInvalidArgument, "Loop takes M and cond, which may be empty");
  const int64_t most =
      inputs[0].defined() ? scalar<int64_t>(inputs[0], "M") : std::numeric_limits<int64_t>::max();
  Tensor condition = inputs[1].defined() ? inputs[1] : Tensor::of<bool>({}, std::array{true});
  // What the body takes: iteration, condition, states, captures.
  std::vector<Tensor> values(inputs.begin(), inputs.end());
  const size_t num_states = inputs.size() - kHead - count_captures(args.attrs, inputs.size() - kHead);
  check_states(num_states, args.types.size());
  std::vector<std::vector<Tensor>> slices(args.types.size() - num_states);
  for (int64_t i = 0; i < most && scalar<bool>(condition, "cond"); ++i) {
    values[0] = Tensor::of<int64_t>({}, std::array{i});
    values[1] = condition.reshaped({});
    const std::vector<Tensor> results = args.run("body", values);
    check_count(results.size(), 1 + args.types.size());
    condition = results[0];
    for (size_t s = 0; s < num_states; ++s) values[kHead + s] = results[1 + s];
    for (size_t s = 0; s < slices.size(); ++s) slices[s].push_back(results[1 + num_states + s]);
  }
  const auto first = values.begin() + kHead;
  std::vector<Tensor> outputs(first, first + static_cast<std::ptrdiff_t>(num_states));
  for (size_t s = 0; s < slices.size(); ++s)
    outputs.push_back(stack(slices[s], {0, false}, args.types[num_states + s]));
  return outputs;
}

// The state grows by x in every iteration; what is kept of each is the sum, negated.
Subgraph example_body() {
  Graph graph("body");
  graph.add_input("i", {DType::kI64, {}});
  Value* condition = graph.add_input("go_on", {DType::kBool, {}});
  Value* state = graph.add_input("state", {DType::kF32, {Dim(3)}});
  Value* x = graph.add_input("x", {DType::kF32, {Dim(3)}});
  Value* next = example_node(graph, "Add", {state, x});
  graph.set_outputs({condition, next, example_node(graph, "Neg", {next})});
  return std::make_shared<const Graph>(std::move(graph));
}

Example example(float trips) {
  return {.inputs = {{.dtype = DType::kI64, .shape = {}, .values = {trips}, .constant = true},
                     {.absent = true},
                     {.shape = {3}},
                     {.shape = {3}}},
          .attrs = {{"body", example_body()}, {"num_captures", int64_t{1}}},
          .num_outputs = 2};
}

}  // namespace

std::vector<ValueType> loop_body_types(const Attrs&, std::span<const ValueType> inputs) {
  std::vector<ValueType> types(inputs.begin(), inputs.end());
  types[0] = {DType::kI64, {}};
  types[1] = {DType::kBool, {}};
  return types;
}

extern const OpDef kLoop;
const OpDef kLoop = {
    .name = "Loop",
    .doc =
        "Runs subgraph body up to max_trip_count times while its condition holds; gives the last states, "
        "then "
        "the slices of every iteration stacked.",
    .inputs = {{.name = "max_trip_count", .optional = true, .state = true, .domain = positive_numbers},
               {.name = "cond", .optional = true, .state = true, .domain = exactly<1>},
               {.name = "states", .optional = true, .variadic = true}},
    .outputs = {{.name = "results", .variadic = true}},
    .attrs = {"body", "num_captures"},
    .infer = infer,
    .reference = nullptr,
    .grad = not_differentiable("training through control flow is not supported"),
    .amp = Amp::kFixed,
    .quant = quant_float("runs a subgraph"),
    .sparsity = no_sparsity(),
    .examples = {example(4), example(0)},
    .control = control,
};

}  // namespace twofour::ops
