#include "builder/builder.h"

#include <algorithm>
#include <chrono>

#include "builder/assemble.h"
#include "builder/describe.h"
#include "builder/layout.h"
#include "builder/lower.h"
#include "builder/report.h"
#include "ops/builder.h"

namespace twofour::builder {
namespace {

using backend::Format;

class Build {
 public:
  Build(Graph graph, const backend::Backend& backend, const Options& options)
      : graph_(std::move(graph)), backend_(backend), options_(options), selector_(backend_, options_) {}

  Result run() {
    const auto start = std::chrono::steady_clock::now();
    lower(graph_, options_);
    select();
    const std::vector<Format> formats = assign_formats(graph_, selections_, selector_);
    for (size_t i = 0; i < selections_.size(); ++i) assign(selections_[i], formats[i]);
    const auto value_formats = insert_reorders(graph_, selections_, formats);
    for (const auto& node : graph_.nodes())
      if (!assignments_.contains(node.get())) assign_reorder(*node, value_formats);
    Assembly assembly = assemble(graph_, assignments_, settle_donations());
    finish_report(assembly, std::chrono::steady_clock::now() - start);
    return {engine::Engine::create(std::move(assembly.plan), std::move(assembly.sections), backend_),
            std::move(report_)};
  }

 private:
  void select() {
    const std::vector<Node*> nodes = graph_.node_list();
    for (Node* node : nodes) {
      selections_.push_back(selector_.select(node));
      if (options_.progress) options_.progress(selections_.size(), nodes.size());
    }
  }

  void assign(const NodeSelection& selection, Format format) {
    assignments_[selection.node] = {selection.winner(format)->tactic, selection.desc(format)};
    report_.layers.push_back(summarise(selection, format));
  }

  void assign_reorder(const Node& node, const std::map<const Value*, Format>& formats) {
    const auto format_of = [&](const Value* v) {
      const auto it = formats.find(v);
      return it == formats.end() ? Format::kPlain : it->second;
    };
    const Format from = format_of(node.input(0));
    const Format to = format_of(node.output());
    backend::NodeDesc desc = describe_reorder(*node.input(0), from, to);
    desc.name = node.name();
    const backend::Tactic& tactic = selector_.reorder_tactic(desc);
    const std::string format(format_name(to));
    const double time_us = options_.time_tactics ? selector_.reorder_us(*node.input(0), from, to) : -1;
    report_.layers.push_back({.layer = node.name(),
                              .op = node.op(),
                              .signature = desc.signature(),
                              .winner = tactic.name(),
                              .format = format,
                              .candidates = {{tactic.name(), format, false, true, time_us, ""}}});
    assignments_[&node] = {&tactic, std::move(desc)};
  }

  // Donations that the producer cannot do in place are done by a copy at the very end of the plan.
  std::map<const Value*, const Value*> settle_donations() {
    std::map<const Value*, const Value*> result;
    std::vector<Value*> outputs = graph_.outputs();
    for (const auto& [output_name, input_name] : options_.donations) {
      Value* output = graph_.find_value(output_name);
      const Value* input = graph_.find_value(input_name);
      TWOFOUR_CHECK(output && input && graph_.is_output(output) && output->type() == input->type(),
                    kInvalidArgument, "\"{}\" cannot take over the buffer of \"{}\"", output_name,
                    input_name);
      if (!can_donate(graph_, output, input, assignments_)) {
        Value* copy = ops::Builder(graph_).op("Identity", {output}, {}, output_name + "/donate");
        graph_.rename(output, output_name + "/new");
        graph_.rename(copy, output_name);
        std::ranges::replace(outputs, output, copy);
        graph_.set_outputs(outputs);
        assign(selector_.select(copy->producer()), Format::kPlain);
        output = copy;
      }
      result[output] = input;
    }
    return result;
  }

  void finish_report(Assembly& assembly, std::chrono::steady_clock::duration elapsed) {
    assembly.plan.name = graph_.name();
    assembly.plan.backend = backend_.name();
    assembly.plan.device = backend_.device();
    report_.build_s = std::chrono::duration<double>(elapsed).count();
    report_.arena_bytes = assembly.plan.arena_bytes;
    report_.arena_lower_bound_bytes = assembly.plan.arena_lower_bound_bytes;
    for (const Tensor& section : assembly.sections) report_.weights_bytes += section.size_bytes();
    assembly.plan.info["report"] = report_to_json(report_);
  }

  Graph graph_;
  const backend::Backend& backend_;
  const Options& options_;
  Selector selector_;
  std::vector<NodeSelection> selections_;
  Assignments assignments_;
  BuildReport report_;
};

}  // namespace

Result build(Graph graph, const backend::Backend& backend, const Options& options) {
  return Build(std::move(graph), backend, options).run();
}

}  // namespace twofour::builder
