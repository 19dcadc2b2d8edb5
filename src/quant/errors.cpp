#include "quant/errors.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <unordered_map>

#include "ir/inline.h"
#include "ops/builder.h"
#include "quant/layers.h"

namespace twofour::quant {
namespace {

double decibels(double signal, double noise) {
  return noise > 0 ? 10 * std::log10(signal / noise) : std::numeric_limits<double>::infinity();
}

/// A network that also computes differences; these are its only outputs.
class ErrorGraph {
 public:
  explicit ErrorGraph(const Graph& real) : graph_(real.clone()) {}

  Graph& graph() { return graph_; }

  /// The nodes go before `before`. With a channel axis the bias is computed, too.
  void compare(const std::string& name, Value* real, Value* quantised, std::optional<size_t> channel_axis,
               const Node* before) {
    ops::Builder b(graph_, {}, before);
    const auto mean_of = [&](Value* value, Value* axes) {
      return b.op("ReduceMean", {value, axes}, {{"keepdims", int64_t{0}}});
    };
    Value* difference = b.sub(real, quantised);
    add(
        mean_of(b.mul(real, real), nullptr), [](OutputError& e) { return &e.signal; }, name);
    add(
        mean_of(b.mul(difference, difference), nullptr), [](OutputError& e) { return &e.noise; }, name);
    if (!channel_axis) return;
    std::vector<int64_t> axes;
    for (size_t axis = 0; axis < real->rank(); ++axis)
      if (axis != *channel_axis) axes.push_back(static_cast<int64_t>(axis));
    Value* bias = mean_of(difference, b.i64(axes));
    const int64_t channels = bias->dims()[0].value;
    errors_[name].bias.assign(static_cast<size_t>(channels), 0);
    add(
        bias, [](OutputError& e) { return e.bias.data(); }, name);
  }

  std::map<std::string, OutputError> run(const RunFn& run) {
    if (outputs_.empty()) return {};
    graph_.set_outputs(outputs_);
    graph_.erase_dead();
    double samples = 0;
    run(graph_, [&](const Observation& o) {
      const auto it = sums_.find(o.name);
      if (it == sums_.end()) return;
      double* sum = it->second;
      for (const float v : o.tensor.span<float>()) *sum++ += double{v} * static_cast<double>(o.samples);
      samples = std::max(samples, static_cast<double>(o.first_sample + o.samples));
    });
    for (auto& [name, error] : errors_) {
      error.signal /= samples;
      error.noise /= samples;
      for (double& v : error.bias) v /= samples;
    }
    return std::move(errors_);
  }

 private:
  template <typename Member>
  void add(Value* output, const Member& member, const std::string& name) {
    outputs_.push_back(output);
    sums_[output->name()] = member(errors_[name]);
  }

  Graph graph_;
  std::vector<Value*> outputs_;
  std::map<std::string, OutputError> errors_;
  std::unordered_map<std::string, double*> sums_;  // by output: where its elements add up
};

/// Copies quantised layers into the real network.
class LayerCopier {
 public:
  explicit LayerCopier(Graph& graph) : graph_(graph) {}

  Value* copy(const Node& layer, const Node* before) {
    std::vector<Value*> inputs;
    for (const Value* input : layer.inputs()) inputs.push_back(input ? source(input, before) : nullptr);
    return ops::Builder(graph_, {}, before).op(layer.op(), inputs, layer.attrs());
  }

 private:
  static bool is_codec(const Node& node) {
    return node.op() == "QuantizeLinear" || node.op() == "DequantizeLinear";
  }

  /// The value of the same name behind the copied QuantizeLinear and DequantizeLinear.
  Value* source(const Value* value, const Node* before) {
    if (const auto known = copies_.find(value); known != copies_.end()) return known->second;
    const Node* producer = value->producer();
    Value* copied = nullptr;
    if (value->is_constant()) copied = graph_.add_constant(value->name(), value->data());
    else if (producer && is_codec(*producer)) copied = copy(*producer, before);
    else copied = graph_.find_value(value->name());
    return copies_[value] = copied;
  }

  Graph& graph_;
  std::unordered_map<const Value*, Value*> copies_;
};

bool reads_codes(const Node& node) {
  const Node* producer = node.input(0)->producer();
  return producer && producer->op() == "DequantizeLinear";
}

}  // namespace

double OutputError::snr_db() const { return decibels(signal, noise); }

double OutputError::corrected_snr_db() const {
  const double removed = std::inner_product(bias.begin(), bias.end(), bias.begin(), 0.0);
  return decibels(signal, bias.empty() ? noise : noise - removed / static_cast<double>(bias.size()));
}

std::map<std::string, OutputError> layer_errors(const Graph& real, const Graph& quantised, const RunFn& run) {
  ErrorGraph errors(real);
  LayerCopier copier(errors.graph());
  const std::vector<Layer> layers = find_layers(errors.graph());
  const std::vector<Node*> nodes = errors.graph().node_list();
  for (auto node = nodes.begin(); node != nodes.end(); ++node) {
    const auto layer = std::ranges::find(layers, *node, &Layer::node);
    const Node* twin = quantised.find_node((*node)->name());
    if (layer == layers.end() || !twin || !reads_codes(*twin)) continue;
    const Node* next = std::next(node) == nodes.end() ? nullptr : *std::next(node);
    errors.compare((*node)->name(), (*node)->output(), copier.copy(*twin, next),
                   layer->weighted ? std::optional(layer->channel_axis) : std::nullopt, next);
  }
  return errors.run(run);
}

std::map<std::string, double> output_snr_db(const Graph& real, const Graph& quantised, const RunFn& run) {
  ErrorGraph errors(real);
  Graph& graph = errors.graph();
  const std::vector<Value*> outputs = graph.outputs();
  const std::vector<Value*> others = inline_graph(graph, quantised, graph.inputs());
  for (size_t i = 0; i < outputs.size(); ++i)
    if (outputs[i]->dtype() == DType::kF32 && outputs[i]->type().known)
      errors.compare(outputs[i]->name(), outputs[i], others[i], std::nullopt, nullptr);
  std::map<std::string, double> found;
  for (const auto& [name, error] : errors.run(run)) found[name] = error.snr_db();
  return found;
}

}  // namespace twofour::quant
