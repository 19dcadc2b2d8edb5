#include "amp/paint.h"

#include <algorithm>
#include <map>

#include "amp/colour.h"
#include "amp/ports.h"
#include "base/glob.h"
#include "base/json.h"
#include "ops/builder.h"

namespace twofour::amp {
namespace {

std::unordered_set<const Node*> find_denied(const Graph& graph, const std::vector<std::string>& globs) {
  std::unordered_set<const Node*> denied;
  for (const std::string& glob : globs) {
    bool matched = false;
    for (const auto& node : graph.nodes()) {
      if (!glob_matches(glob, node->name())) continue;
      denied.insert(node.get());
      matched = true;
    }
    TWOFOUR_CHECK(matched, kNotFound, "\"{}\" matches no node of the graph", glob);
  }
  return denied;
}

// Inserts the casts and re-infers types, node by node in topological order.
class Rewriter {
 public:
  Rewriter(Graph& graph, DType half, const std::unordered_map<const Node*, Why>& colours)
      : graph_(graph), half_(half), colours_(colours) {}

  void run() {
    const std::vector<Value*> outputs = graph_.outputs();
    std::vector<DType> output_dtypes;
    for (const Value* value : outputs) output_dtypes.push_back(value->dtype());
    for (Node* node : graph_.node_list()) {
      cast_inputs(node);
      ops::infer_types(*node);
    }
    restore_outputs(outputs, output_dtypes);
  }

  size_t casts_to(DType dtype) const {
    return static_cast<size_t>(
        std::ranges::count_if(casts_, [&](const auto& c) { return c.first.second == dtype; }));
  }

 private:
  void cast_inputs(Node* node) {
    const Why why = colours_.at(node);
    if (node->op() == "Cast") return;
    for (size_t i = 0; i < node->inputs().size(); ++i) {
      Value* value = node->input(i);
      if (!value || !(value->dtype() == DType::kF32 || value->dtype() == half_)) continue;
      const bool keeps_f32 = input_port(ops::get_op(node->op()), i).keep_f32;
      // What an earlier painting left half stays so.
      if (why == Why::kNotF32 && !keeps_f32) continue;
      const DType wanted = is_half(why) && !keeps_f32 ? half_ : DType::kF32;
      if (value->dtype() != wanted) graph_.set_input(node, i, cast(value, wanted, node));
    }
  }

  // The first reader in topological order places the cast; later ones share it.
  Value* cast(Value* value, DType dtype, const Node* before) {
    Value*& shared = casts_[{value, dtype}];
    if (!shared)
      shared = ops::Builder(graph_, "", before)
                   .op("Cast", {value}, {{"to", std::string(dtype_name(dtype))}},
                       fmt::format("{}/cast_{}", value->name(), dtype_name(dtype)));
    return shared;
  }

  void restore_outputs(std::vector<Value*> outputs, const std::vector<DType>& dtypes) {
    std::unordered_set<const Value*> renamed;
    for (size_t i = 0; i < outputs.size(); ++i) {
      Value* value = outputs[i];
      if (value->dtype() == dtypes[i]) continue;
      outputs[i] = cast(value, dtypes[i], nullptr);
      if (!renamed.insert(value).second) continue;
      const std::string name = value->name();
      graph_.rename(value, fmt::format("{}/{}", name, dtype_name(half_)));
      graph_.rename(outputs[i], name);
    }
    graph_.set_outputs(std::move(outputs));
  }

  Graph& graph_;
  DType half_;
  const std::unordered_map<const Node*, Why>& colours_;
  std::map<std::pair<Value*, DType>, Value*> casts_;
};

}  // namespace

std::string Report::summary() const {
  const std::string_view half = dtype_name(dtype);
  if (!changed()) return fmt::format("no operator gains from {}; the graph stays as it was", half);
  return fmt::format("{} of {} nodes compute in {}; {} casts to {}, {} to f32", half_nodes, nodes.size(),
                     half, casts_to_half, half, casts_to_f32);
}

std::string Report::json() const {
  Json rows = Json::array();
  for (const NodePaint& node : nodes)
    rows.push_back({{"name", node.name},
                    {"op", node.op},
                    {"dtype", dtype_name(is_half(node.why) ? dtype : DType::kF32)},
                    {"why", why_text(node.why)}});
  const Json report = {{"dtype", dtype_name(dtype)},
                       {"half_nodes", half_nodes},
                       {"casts_to_half", casts_to_half},
                       {"casts_to_f32", casts_to_f32},
                       {"nodes", rows}};
  return report.dump(1);
}

Report paint(Graph& graph, const Options& options) {
  TWOFOUR_CHECK(twofour::is_half(options.dtype), kInvalidArgument, "mixed precision is f16 or bf16, not {}",
                dtype_name(options.dtype));
  const auto colours = colour(graph, options.dtype, find_denied(graph, options.deny_nodes));
  Report report = {.dtype = options.dtype};
  for (const auto& node : graph.nodes()) {
    const Why why = colours.at(node.get());
    report.nodes.push_back({node->name(), node->op(), why});
    report.half_nodes += is_half(why);
  }
  if (!report.changed()) return report;
  Rewriter rewriter(graph, options.dtype, colours);
  with_context(
      [&] { return fmt::format("painting graph \"{}\" {}", graph.name(), dtype_name(options.dtype)); },
      [&] { rewriter.run(); });
  report.casts_to_half = rewriter.casts_to(options.dtype);
  report.casts_to_f32 = rewriter.casts_to(DType::kF32);
  return report;
}

}  // namespace twofour::amp
