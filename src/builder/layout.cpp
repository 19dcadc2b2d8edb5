#include "builder/layout.h"

#include <algorithm>
#include <unordered_map>

#include "builder/describe.h"
#include "builder/min_cut.h"
#include "ops/builder.h"

namespace twofour::builder {
namespace {

using backend::Format;

constexpr double kImpossibleUs = 1e12;

double cost(const NodeSelection& selection, Format format) {
  const Candidate* winner = selection.winner(format);
  return winner ? std::max(winner->time_us, 0.0) : kImpossibleUs;
}

bool follows_format(const Node& node, size_t input) {
  return node.input(input) && input_format(node, input, Format::kChannelsLast) == Format::kChannelsLast;
}

bool produces_format(const Value& value) {
  const Node* node = value.producer();
  if (!node) return false;
  for (size_t i = 0; i < node->outputs().size(); ++i)
    if (node->output(i) == &value)
      return output_format(*node, i, Format::kChannelsLast) == Format::kChannelsLast;
  return false;
}

}  // namespace

std::vector<Format> assign_formats(const Graph& graph, const std::vector<NodeSelection>& selections,
                                   Selector& selector) {
  // Source side: plain. A plain node cuts its edge to the sink, a channels-last node its edge from the
  // source.
  const size_t source = selections.size();
  const size_t sink = source + 1;
  MinCut cut(sink + 1);
  std::unordered_map<const Node*, size_t> number;
  for (size_t i = 0; i < selections.size(); ++i) number[selections[i].node] = i;
  for (size_t i = 0; i < selections.size(); ++i) {
    const NodeSelection& s = selections[i];
    cut.add_edge(source, i, cost(s, Format::kChannelsLast));
    cut.add_edge(i, sink, cost(s, Format::kPlain));
    for (size_t j = 0; j < s.node->inputs().size(); ++j) {
      if (!follows_format(*s.node, j)) continue;
      const Value& value = *s.node->input(j);
      const double to_last = selector.reorder_us(value, Format::kPlain, Format::kChannelsLast);
      if (!produces_format(value) || !number.contains(value.producer())) {
        cut.add_edge(source, i, to_last);
        continue;
      }
      cut.add_edge(number.at(value.producer()), i, to_last,
                   selector.reorder_us(value, Format::kChannelsLast, Format::kPlain));
    }
    const auto read_plain = [&](const Value* value) {
      return graph.is_output(value) ||
             std::ranges::any_of(value->users(), [&](const Node* user) { return !number.contains(user); });
    };
    for (const Value* output : s.node->outputs())
      if (read_plain(output) && produces_format(*output))
        cut.add_edge(source, i, selector.reorder_us(*output, Format::kChannelsLast, Format::kPlain));
  }
  const std::vector<bool> plain = cut.source_side(source, sink);
  std::vector<Format> formats;
  for (size_t i = 0; i < selections.size(); ++i) {
    Format format = plain[i] ? Format::kPlain : Format::kChannelsLast;
    // Ties of zero-cost edges may fall on the impossible side.
    if (!selections[i].winner(format)) format = plain[i] ? Format::kChannelsLast : Format::kPlain;
    formats.push_back(format);
  }
  return formats;
}

std::map<const Value*, Format> insert_reorders(Graph& graph, const std::vector<NodeSelection>& selections,
                                               const std::vector<Format>& formats) {
  std::map<const Value*, Format> value_format;
  for (size_t i = 0; i < selections.size(); ++i)
    for (size_t j = 0; j < selections[i].node->outputs().size(); ++j)
      value_format[selections[i].node->output(j)] = output_format(*selections[i].node, j, formats[i]);
  std::map<std::pair<const Value*, Format>, Value*> converted;
  const auto in_format = [&](Value* value, Format wanted, const Node* before) {
    const auto found = value_format.find(value);
    if ((found == value_format.end() ? Format::kPlain : found->second) == wanted) return value;
    Value*& twin = converted[{value, wanted}];
    if (!twin) {
      twin = ops::Builder(graph, {}, before).op("Reorder", {value}, {}, value->name() + "/reorder");
      value_format[twin] = wanted;
    }
    return twin;
  };
  std::unordered_map<const Node*, Format> format_of;
  for (size_t i = 0; i < selections.size(); ++i) format_of[selections[i].node] = formats[i];
  for (Node* node : graph.node_list()) {
    const auto format = format_of.find(node);  // a node without a selection reads plain
    for (size_t j = 0; j < node->inputs().size(); ++j) {
      Value* input = node->input(j);
      if (!input || input->is_constant()) continue;
      const Format wanted =
          format == format_of.end() ? Format::kPlain : input_format(*node, j, format->second);
      graph.set_input(node, j, in_format(input, wanted, node));
    }
  }
  std::vector<Value*> outputs;
  for (Value* output : graph.outputs()) {
    Value* plain = in_format(output, Format::kPlain, nullptr);
    if (plain != output) {
      const std::string name = output->name();
      graph.rename(output, name + "/formatted");
      graph.rename(plain, name);
    }
    outputs.push_back(plain);
  }
  graph.set_outputs(outputs);
  graph.sort();
  return value_format;
}

}  // namespace twofour::builder
