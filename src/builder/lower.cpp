#include "builder/lower.h"

#include <algorithm>
#include <set>

#include "amp/paint.h"
#include "base/cpu.h"
#include "base/glob.h"
#include "builder/layer_types.h"
#include "engine/symbols.h"
#include "ops/builder.h"
#include "passes/pipeline.h"
#include "passes/rewrites.h"
#include "sparsity/prune.h"

namespace twofour::builder {
namespace {

void bind_shape(Value* input, const Shape& shape) {
  const Dims& dims = input->dims();
  bool fits = !input->type().known || dims.size() == shape.rank();
  for (size_t i = 0; fits && i < dims.size(); ++i)
    fits = shape[i] >= 0 && (!dims[i].known() || dims[i].value == shape[i]);
  TWOFOUR_CHECK(fits, kInvalidArgument, "input \"{}\" is {}; shape {} does not fit it", input->name(),
                input->type().to_string(), shape.to_string());
  input->set_type({input->dtype(), to_dims(shape)});
}

// Sizes that the range fixes are known, the others stay open.
void bind_range(Value* input, const std::vector<engine::DimRange>& range) {
  Dims dims = input->type().known ? input->dims() : Dims(range.size());
  bool fits = dims.size() == range.size();
  for (size_t i = 0; fits && i < dims.size(); ++i) {
    const int64_t min = range[i].min, max = range[i].max;
    fits = 0 <= min && min <= max && (!dims[i].known() || (min == dims[i].value && max == dims[i].value));
    if (min == max) dims[i] = min;
  }
  TWOFOUR_CHECK(fits, kInvalidArgument, "input \"{}\" is {}; the range of its sizes does not fit it",
                input->name(), input->type().to_string());
  input->set_type({input->dtype(), std::move(dims)});
}

Value* find_input(const Graph& graph, const std::string& name) {
  Value* value = graph.find_value(name);
  const bool is_input = value && std::ranges::find(graph.inputs(), value) != graph.inputs().end();
  std::vector<std::string> names;
  for (const Value* input : graph.inputs()) names.push_back(input->name());
  TWOFOUR_CHECK(is_input, kInvalidArgument, "the model has no input \"{}\"; it has: {}", name,
                fmt::join(names, ", "));
  return value;
}

/// Inputs whose dimensions have the same name get the same sizes there. `dims`: of the inputs in the model.
void check_symbols(const Graph& graph, const std::vector<Dims>& dims, const Options& options) {
  engine::SymbolSizes sizes, least, most;
  for (size_t n = 0; n < dims.size(); ++n) {
    const std::string& name = graph.inputs()[n]->name();
    const auto shape = options.shapes.find(name);
    const auto range = options.ranges.find(name);
    for (size_t i = 0; i < dims[n].size(); ++i) {
      if (shape != options.shapes.end()) sizes.add(dims[n][i].symbol, shape->second[i], name);
      if (range == options.ranges.end()) continue;
      least.add(dims[n][i].symbol, range->second[i].min, name);
      most.add(dims[n][i].symbol, range->second[i].max, name);
    }
  }
}

void bind_inputs(Graph& graph, const Options& options) {
  std::vector<Dims> dims;
  for (const Value* input : graph.inputs()) dims.push_back(input->dims());
  for (const auto& [name, shape] : options.shapes) bind_shape(find_input(graph, name), shape);
  for (const auto& [name, range] : options.ranges) bind_range(find_input(graph, name), range);
  for (const Value* input : graph.inputs())
    TWOFOUR_CHECK(input->type().is_static() || options.ranges.contains(input->name()), kInvalidArgument,
                  "input \"{}\" is {}: give its shape", input->name(), input->type().to_string());
  check_symbols(graph, dims, options);
}

// An output that is a constant, another output or, where inputs may not be `shared`, an input gets a copy, so
// that each can be bound on its own. The copy of a constant takes over its name.
void isolate_outputs(Graph& graph, bool shared) {
  std::set<const Value*> seen;
  std::vector<Value*> outputs;
  for (Value* output : graph.outputs()) {
    if ((output->producer() || (shared && !output->is_constant())) && seen.insert(output).second) {
      outputs.push_back(output);
      continue;
    }
    Value* copy = ops::Builder(graph).op("Identity", {output}, {}, output->name() + "/copy");
    if (output->is_constant() && seen.insert(output).second) {
      const std::string name = output->name();
      graph.rename(output, name + "/data");
      graph.rename(copy, name);
    }
    outputs.push_back(copy);
  }
  graph.set_outputs(outputs);
}

size_t bytes_of(const ValueType& type) {
  return type.is_static() ? static_cast<size_t>(type.shape().numel()) * dtype_size(type.dtype) : 0;
}

// Timing would find out, but only after it has filled the memory.
void check_memory_need(const Graph& graph) {
  size_t inputs = 0;
  for (const Value* input : graph.inputs()) inputs += bytes_of(input->type());
  for (const auto& node : graph.nodes()) {
    size_t bytes = inputs;
    for (const Value* output : node->outputs()) bytes += bytes_of(output->type());
    TWOFOUR_CHECK(bytes <= memory_bytes(), kResourceExhausted,
                  "{} needs {:.1f} GiB for the network's inputs and its outputs, the machine has {:.1f}",
                  node->label(), static_cast<double>(bytes) / (1 << 30),
                  static_cast<double>(memory_bytes()) / (1 << 30));
  }
}

/// Weights become half, too: the casts of constants are folded.
void paint(Graph& graph, DType half, const LayerTypes& wanted) {
  amp::Options options = {.dtype = half, .deny_nodes = {}};
  for (const auto& node : graph.nodes())
    if (is_kept_from(wanted, node->name(), half) ||
        gives_other_than(wanted, parts_of(node->name()).back(), half))
      options.deny_nodes.push_back(literal_glob(node->name()));
  amp::paint(graph, options);
  passes::fold_constants(graph);
}

void prepare(Graph& graph, const Options& options) {
  ops::infer_all(graph);
  if (options.sparsity == SparsityMode::kForce) sparsity::prune(graph, {});
  if (options.optimise) passes::optimise(graph);
  if (options.half) paint(graph, *options.half, options.layer_types);
  graph.erase_dead();
}

}  // namespace

void lower(Graph& graph, const Options& options) {
  bind_inputs(graph, options);
  prepare(graph, options);
  // A donation would change what an output shares with an input.
  isolate_outputs(graph, options.donations.empty());
  check_memory_need(graph);
}

void lower_bound(Graph& graph, const Options& options) {
  prepare(graph, options);
  isolate_outputs(graph, false);
  check_memory_need(graph);
}

void check_ranges(const Graph& graph, const Options& options) {
  const auto unlimited = [](const engine::DimRange& dim) { return dim.max == engine::DimRange{}.max; };
  for (const auto& [name, range] : options.ranges)
    if (std::ranges::any_of(range, unlimited)) return;
  const auto check = [&](const char* which, int64_t engine::DimRange::*size) {
    Options end = options;
    std::vector<std::string> sizes;
    for (const auto& [name, range] : options.ranges) {
      Shape& shape = end.shapes[name] = {};
      for (const engine::DimRange& dim : range) shape.push_back(dim.*size);
      sizes.push_back(fmt::format("{} {}", name, shape.to_string()));
    }
    end.ranges.clear();
    Graph copy = graph.clone();
    bind_inputs(copy, end);
    with_context([&] { return fmt::format("at the {} sizes, {}", which, fmt::join(sizes, ", ")); },
                 [&] { ops::infer_all(copy); });
  };
  check("smallest", &engine::DimRange::min);
  check("largest", &engine::DimRange::max);
}

}  // namespace twofour::builder
