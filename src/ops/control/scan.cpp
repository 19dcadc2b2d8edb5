#include "ops/control/control_flow.h"
#include "ops/infer.h"

namespace twofour::ops {
namespace {

struct Ports {
  size_t num_states, num_scanned, num_captures;
};

Ports ports(const Attrs& attrs, size_t num_inputs) {
  const size_t captures = count_captures(attrs, num_inputs);
  const int64_t scanned = attrs.i("num_scan_inputs", 0);
  TWOFOUR_CHECK(scanned >= 1 && static_cast<size_t>(scanned) <= num_inputs - captures, kInvalidArgument,
                "num_scan_inputs is {}, there are {} inputs", scanned, num_inputs - captures);
  const auto num_scanned = static_cast<size_t>(scanned);
  return {num_inputs - captures - num_scanned, num_scanned, captures};
}

Dim length(const Attrs& attrs, std::span<const ValueType> inputs) {
  const Ports p = ports(attrs, inputs.size());
  Dim length;
  for (size_t i = 0; i < p.num_scanned; ++i) {
    const ValueType& type = inputs[p.num_states + i];
    if (!type.known) continue;
    const Dim& dim = type.dims[scan_axis(attrs, "scan_input", i, type.dims.size()).axis];
    TWOFOUR_CHECK(dims_fit(length, dim), kInvalidArgument, "scan inputs have {} and {} slices",
                  length.to_string(), dim.to_string());
    length = merge(length, dim);
  }
  return length;
}

void infer(const Node& node, std::span<ValueType> outputs) {
  const Graph& body = node.attrs().graph("body");
  std::vector<ValueType> inputs;
  for (const Value* value : node.inputs()) inputs.push_back(value->type());
  const size_t num_states = ports(node.attrs(), inputs.size()).num_states;
  std::vector<ValueType> types = scan_body_types(node.attrs(), inputs);
  const std::vector<ValueType> results = settle_states(
      types, 0, num_states, 0, [&](std::span<const ValueType> of) { return subgraph_types(body, of); });
  TWOFOUR_CHECK(results.size() == outputs.size(), kInvalidArgument, "the body has {} outputs, the node {}",
                results.size(), outputs.size());
  for (size_t i = 0; i < outputs.size(); ++i) {
    outputs[i] = i < num_states ? types[i] : results[i];
    if (i < num_states || !outputs[i].known) continue;
    const ScanAxis at = scan_axis(node.attrs(), "scan_output", i - num_states, results[i].dims.size() + 1);
    outputs[i].dims.insert(outputs[i].dims.begin() + static_cast<std::ptrdiff_t>(at.axis),
                           length(node.attrs(), inputs));
  }
}

std::vector<Tensor> control(const ControlArgs& args) {
  const std::span<const Tensor> inputs = args.inputs;
  const Ports p = ports(args.attrs, inputs.size());
  std::vector<ValueType> types;
  for (const Tensor& input : inputs) types.push_back(type_of(input));
  const int64_t count = length(args.attrs, types).value;
  check_states(p.num_states, args.types.size());
  std::vector<Tensor> values(inputs.begin(), inputs.end());
  std::vector<std::vector<Tensor>> slices(args.types.size() - p.num_states);
  for (int64_t step = 0; step < count; ++step) {
    for (size_t i = 0; i < p.num_scanned; ++i) {
      const Tensor& src = inputs[p.num_states + i];
      values[p.num_states + i] =
          slice_at(src, scan_axis(args.attrs, "scan_input", i, src.shape().rank()), step);
    }
    const std::vector<Tensor> results = args.run("body", values);
    check_count(results.size(), args.types.size());
    for (size_t s = 0; s < p.num_states; ++s) values[s] = results[s];
    for (size_t s = 0; s < slices.size(); ++s) slices[s].push_back(results[p.num_states + s]);
  }
  std::vector<Tensor> outputs(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(p.num_states));
  for (size_t s = 0; s < slices.size(); ++s) {
    const ValueType& type = args.types[p.num_states + s];
    const size_t rank = stacked_rank(slices[s], type);
    outputs.push_back(stack(slices[s], scan_axis(args.attrs, "scan_output", s, rank), type));
  }
  return outputs;
}

// A running sum of the slices; what is kept of every step is the sum, negated.
Subgraph example_body() {
  Graph graph("body");
  Value* sum = graph.add_input("sum", {DType::kF32, {Dim(2)}});
  Value* slice = graph.add_input("slice", {DType::kF32, {Dim(2)}});
  Value* next = example_node(graph, "Add", {sum, slice});
  graph.set_outputs({next, example_node(graph, "Neg", {next})});
  return std::make_shared<const Graph>(std::move(graph));
}

Example example(Attrs attrs, Shape scanned) {
  attrs.set("body", example_body());
  attrs.set("num_scan_inputs", int64_t{1});
  return {
      .inputs = {{.shape = {2}}, {.shape = std::move(scanned)}}, .attrs = std::move(attrs), .num_outputs = 2};
}

}  // namespace

std::vector<ValueType> scan_body_types(const Attrs& attrs, std::span<const ValueType> inputs) {
  const Ports p = ports(attrs, inputs.size());
  std::vector<ValueType> types(inputs.begin(), inputs.end());
  for (size_t i = 0; i < p.num_scanned; ++i) {
    if (!types[p.num_states + i].known) continue;
    Dims& dims = types[p.num_states + i].dims;
    dims.erase(dims.begin() +
               static_cast<std::ptrdiff_t>(scan_axis(attrs, "scan_input", i, dims.size()).axis));
  }
  return types;
}

extern const OpDef kScan;
const OpDef kScan = {
    .name = "Scan",
    .doc =
        "Runs subgraph body on the states and on one slice of every scanned input after the other; gives the "
        "last states, then the slices that it computed, stacked.",
    .inputs = {{.name = "states_and_scanned", .variadic = true}},
    .outputs = {{.name = "results", .variadic = true}},
    .attrs = {"body", "num_captures", "num_scan_inputs", "scan_input_axes", "scan_input_directions",
              "scan_output_axes", "scan_output_directions"},
    .infer = infer,
    .reference = nullptr,
    .grad = not_differentiable("training through control flow is not supported"),
    .amp = Amp::kFixed,
    .quant = quant_float("runs a subgraph"),
    .sparsity = no_sparsity(),
    .examples = {example({}, {5, 2}), example({{"scan_input_axes", std::vector<int64_t>{-1}},
                                               {"scan_input_directions", std::vector<int64_t>{1}},
                                               {"scan_output_axes", std::vector<int64_t>{1}},
                                               {"scan_output_directions", std::vector<int64_t>{1}}},
                                              {2, 3})},
    .control = control,
};

}  // namespace twofour::ops
