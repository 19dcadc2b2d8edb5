#include "quant/insert.h"

#include <algorithm>

#include "ops/builder.h"
#include "quant/codes.h"
#include "quant/insert_weights.h"
#include "quant/placement.h"
#include "sparsity/metadata.h"
#include "sparsity/verify.h"

namespace twofour::quant {
namespace {

/// Layers, places and the range of every group of places, as the model, the options and the ranges allow.
class Plan {
 public:
  Plan(const Graph& graph, const TensorRanges& ranges, const QuantizeOptions& options,
       const Corrections& corrections)
      : layers(find_layers(graph)) {
    exclude_layers(layers, options.include, options.exclude);
    for (Layer& layer : layers)
      if (layer.reason == Reason::kQuantised && corrections.real_layers.contains(layer.node->name()))
        layer.reason = Reason::kAccuracy;
    do {
      placement = place_codes(graph, layers, options.activations);
      unite_ranges(ranges);
    } while (drop_layers_without_range());
    const bool any =
        std::ranges::any_of(layers, [](const Layer& l) { return l.reason == Reason::kQuantised; });
    TWOFOUR_CHECK(any || !corrections.real_layers.empty(), kFailedPrecondition, "no layer can be quantised{}",
                  layers.empty() ? ": there is no Conv, Gemm or MatMul"
                                 : fmt::format("; the first, {}, is not because {}", layers[0].node->label(),
                                               reason_text(layers[0].reason)));
  }

  const TensorRange* range(size_t place) const {
    const auto it = ranges_.find(placement.places[place].group);
    return it == ranges_.end() ? nullptr : &it->second;
  }
  ops::OutputCodes codes(size_t place) const {
    return codes_for(*range(place), placement.places[place].is_signed);
  }
  /// The codes that a quantised layer reads.
  ops::OutputCodes src_codes(const Layer& layer) const {
    const auto read = std::ranges::find_if(
        placement.reads, [&](const Read& r) { return r.node == layer.node && r.input == 0; });
    return codes(read->place);
  }

  std::vector<Layer> layers;
  Placement placement;

 private:
  void unite_ranges(const TensorRanges& known) {
    ranges_.clear();
    for (const Place& place : placement.places) {
      const auto range = known.find(place.value->name());
      if (range == known.end()) continue;
      const auto [it, is_first] = ranges_.try_emplace(place.group, range->second);
      if (!is_first) it->second = united(it->second, range->second);
    }
  }

  bool drop_layers_without_range() {
    bool dropped = false;
    for (const Read& read : placement.reads) {
      if (range(read.place)) continue;
      const auto layer = std::ranges::find(layers, read.node, &Layer::node);
      if (layer == layers.end()) continue;
      layer->reason = Reason::kNoRange;
      dropped = true;
    }
    return dropped;
  }

  std::map<size_t, TensorRange> ranges_;  // by group
};

/// Where new nodes go that read a value: right behind its producer.
class Places {
 public:
  explicit Places(const Graph& graph) {
    const std::vector<Node*> nodes = graph.node_list();
    for (size_t i = 0; i < nodes.size(); ++i) next_[i == 0 ? nullptr : nodes[i - 1]] = nodes[i];
  }
  const Node* behind(const Value* value) const {
    const auto it = next_.find(value->producer());
    return it == next_.end() ? nullptr : it->second;
  }

 private:
  std::map<const Node*, const Node*> next_;
};

class Parameters {
 public:
  explicit Parameters(Graph& graph) : graph_(graph) {}
  /// Scale and zero point, one pair for a group.
  std::vector<Value*> of(const Place& place, const ops::OutputCodes& codes) {
    std::vector<Value*>& known = by_group_[place.group];
    if (known.empty())
      known = {graph_.add_constant(place.value->name() + "_scale", scale_tensor(codes)),
               graph_.add_constant(place.value->name() + "_zero_point", zero_point_tensor(codes))};
    return known;
  }

 private:
  Graph& graph_;
  std::map<size_t, std::vector<Value*>> by_group_;
};

/// A QuantizeLinear and a DequantizeLinear of the value; returns what the latter gives.
Value* add_pair(Graph& graph, Value* value, const std::vector<Value*>& parameters, const Node* before) {
  ops::Builder b(graph, {}, before);
  Value* codes =
      b.op("QuantizeLinear", {value, parameters[0], parameters[1]}, {}, value->name() + "_QuantizeLinear");
  return b.op("DequantizeLinear", {codes, parameters[0], parameters[1]}, {},
              value->name() + "_DequantizeLinear");
}

std::vector<QuantizedTensor> insert_activations(Graph& graph, const Plan& plan, const Places& positions) {
  std::vector<QuantizedTensor> rows;
  std::vector<Value*> real(plan.placement.places.size());
  Parameters parameters(graph);
  for (size_t i = 0; i < real.size(); ++i) {
    const Place& place = plan.placement.places[i];
    const TensorRange* range = plan.range(i);
    if (!range) continue;
    const ops::OutputCodes codes = plan.codes(i);
    real[i] = add_pair(graph, place.value, parameters.of(place, codes), positions.behind(place.value));
    rows.push_back(
        {place.value->name(), std::string(dtype_name(codes.dtype)), *range, codes.scale, codes.zero_point});
  }
  for (const Read& read : plan.placement.reads)
    if (real[read.place]) graph.set_input(read.node, read.input, real[read.place]);
  return rows;
}

/// Marks of 2:4 weights go over to their codes.
void move_marks(Graph& graph, const std::map<std::string, std::string>& codes_of) {
  std::vector<sparsity::SparsePattern> patterns;
  for (const sparsity::SparsePattern& pattern : sparsity::read_metadata(graph)) {
    if (graph.find_value(pattern.weight)) patterns.push_back(pattern);
    if (const auto codes = codes_of.find(pattern.weight); codes != codes_of.end())
      patterns.push_back({codes->second, pattern.axis});
  }
  sparsity::write_metadata(graph, patterns);
  sparsity::require_sparsity(graph);
}

std::vector<QuantizedLayer> rows_of(const Plan& plan) {
  std::vector<QuantizedLayer> rows;
  for (const Layer& layer : plan.layers)
    rows.push_back({.layer = layer.node->name(),
                    .op = layer.node->op(),
                    .quantized = layer.reason == Reason::kQuantised,
                    .reason = std::string(reason_text(layer.reason))});
  return rows;
}

}  // namespace

InsertReport insert_codes(Graph& graph, const TensorRanges& ranges, const QuantizeOptions& options,
                          const Corrections& corrections) {
  const Plan plan(graph, ranges, options, corrections);
  const Places positions(graph);
  InsertReport report = {.layers = rows_of(plan), .tensors = {}};
  WeightInserter weights(graph, corrections.bias);
  for (const Layer& layer : plan.layers)
    if (layer.reason == Reason::kQuantised && layer.weighted) weights.add(layer, plan.src_codes(layer).scale);
  const auto codes_of = weights.insert(report.layers);
  report.tensors = insert_activations(graph, plan, positions);
  graph.erase_dead();
  move_marks(graph, codes_of);
  return report;
}

}  // namespace twofour::quant
