#include "builder/builder.h"

#include <algorithm>
#include <chrono>
#include <unordered_map>

#include "base/cpu.h"
#include "builder/assemble.h"
#include "builder/describe.h"
#include "builder/layer_types.h"
#include "builder/layout.h"
#include "builder/lower.h"
#include "builder/report.h"
#include "builder/sparsity_trial.h"
#include "ir/subgraphs.h"
#include "ops/builder.h"
#include "ops/control/control_flow.h"

namespace twofour::builder {
namespace {

using backend::Format;

/// Sizes or subgraphs make it an open step.
bool is_open(const Node& node) {
  const auto open = [](const Value* v) { return v && !v->type().is_static(); };
  return ops::get_op(node.op()).control || std::ranges::any_of(node.inputs(), open) ||
         std::ranges::any_of(node.outputs(), open);
}

std::vector<DType> dtypes_of(const std::vector<Value*>& values) {
  std::vector<DType> dtypes;
  for (const Value* value : values)
    if (value) dtypes.push_back(value->dtype());
  return dtypes;
}

/// What a build and those of its subgraphs share.
struct Shared {
  const backend::Backend& backend;
  const Options& options;
  const std::set<std::string>& dense_layers;
  Selector selector;
  Sections sections;
  BuildReport report;
};

class GraphBuild {
 public:
  /// `graph` is lowered. `prefix`: of its layers' names in the report.
  GraphBuild(Graph graph, Shared& shared, std::string prefix)
      : graph_(std::move(graph)), shared_(shared), prefix_(std::move(prefix)) {}

  engine::Plan run(const InputRanges& ranges, const std::map<std::string, std::string>& donations,
                   const std::function<void(size_t, size_t)>& progress) {
    select(progress);
    const std::vector<Format> formats = assign_formats(graph_, selections_, shared_.selector);
    for (size_t i = 0; i < selections_.size(); ++i) assign(selections_[i], formats[i]);
    const auto value_formats = insert_reorders(graph_, selections_, formats);
    for (const auto& node : graph_.nodes())
      if (!assignments_.contains(node.get())) assign_reorder(*node, value_formats);
    engine::Plan plan = assemble(graph_, assignments_, ranges, settle_donations(donations), shared_.sections);
    plan.name = graph_.name();
    plan.backend = shared_.backend.name();
    plan.device = shared_.backend.device();
    return plan;
  }

 private:
  void select(const std::function<void(size_t, size_t)>& progress) {
    const std::vector<Node*> nodes = graph_.node_list();
    std::unordered_map<const Value*, const Node*> last_reader;
    for (const Node* node : nodes)
      for (const Value* input : node->inputs()) last_reader[input] = node;
    for (size_t i = 0; i < nodes.size(); ++i) {
      if (is_open(*nodes[i])) assign_open(nodes[i]);
      else
        selections_.push_back(
            shared_.selector.select(nodes[i], dying_inputs(*nodes[i], last_reader),
                                    shared_.dense_layers.contains(prefix_ + nodes[i]->name())));
      if (progress) progress(i + 1, nodes.size());
    }
  }

  std::vector<size_t> dying_inputs(const Node& node,
                                   const std::unordered_map<const Value*, const Node*>& last_reader) const {
    std::vector<size_t> dying;
    for (size_t i = 0; i < node.inputs().size(); ++i) {
      const Value* value = node.input(i);
      if (value && value->producer() && last_reader.at(value) == &node && !graph_.is_output(value) &&
          std::ranges::count(node.inputs(), value) == 1)
        dying.push_back(i);
    }
    return dying;
  }

  void assign(const NodeSelection& selection, Format format) {
    assignments_[selection.node] = {selection.winner(format)->tactic, selection.desc(format)};
    add_layer(*selection.node, summarise(selection, format));
  }

  void add_layer(const Node& node, LayerChoice layer) {
    layer.layer = prefix_ + layer.layer;
    layer.output_types = dtypes_of(node.outputs());
    layer.precision = precision_of(dtypes_of(node.inputs()), layer.output_types);
    shared_.report.layers.push_back(std::move(layer));
  }

  void assign_open(Node* node) {
    add_layer(*node, {.layer = node->name(), .op = node->op()});
    Assignment& assignment = assignments_[node];
    for_each_subgraph(node->attrs(), [&](const std::string& name, const Graph& subgraph) {
      assignment.bodies[name] = std::make_shared<const engine::Plan>(build_body(*node, name, subgraph));
    });
  }

  engine::Plan build_body(const Node& node, const std::string& attribute, const Graph& subgraph) {
    Graph body = subgraph.clone();
    bind_body(node, body);
    lower_bound(body, shared_.options);
    return GraphBuild(std::move(body), shared_, fmt::format("{}{}/{}/", prefix_, node.name(), attribute))
        .run({}, {}, {});
  }

  // The body gets the types that its inputs have in every iteration; what is captured and known is a
  // constant.
  static void bind_body(const Node& node, Graph& body) {
    const std::vector<ValueType> types = ops::body_types(node);
    const size_t num_captures = ops::num_captures(node);
    const size_t first_node = node.inputs().size() - num_captures;
    const size_t first_body = types.size() - num_captures;
    for (size_t i = 0; i < types.size(); ++i) {
      body.inputs()[i]->set_type(types[i]);
      const Value* captured = i < first_body ? nullptr : node.input(first_node + i - first_body);
      if (captured && captured->is_constant())
        body.replace_all_uses(body.inputs()[i], body.add_constant(captured->name(), captured->data()));
    }
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
    const backend::Tactic& tactic = shared_.selector.reorder_tactic(desc);
    const std::string format(format_name(to));
    const double time_us =
        shared_.options.time_tactics ? shared_.selector.reorder_us(*node.input(0), from, to) : -1;
    add_layer(node, {.layer = node.name(),
                     .op = node.op(),
                     .signature = desc.signature(),
                     .winner = tactic.name(),
                     .format = format,
                     .candidates = {{tactic.name(), format, false, true, time_us, ""}}});
    assignments_[&node] = {&tactic, std::move(desc)};
  }

  // Donations that the producer cannot do in place are done by a copy at the very end of the plan.
  std::map<const Value*, const Value*> settle_donations(const std::map<std::string, std::string>& donations) {
    std::map<const Value*, const Value*> result;
    std::vector<Value*> outputs = graph_.outputs();
    for (const auto& [output_name, input_name] : donations) {
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
        assign(shared_.selector.select(copy->producer(), {}), Format::kPlain);
        output = copy;
      }
      result[output] = input;
    }
    return result;
  }

  Graph graph_;
  Shared& shared_;
  std::string prefix_;
  std::vector<NodeSelection> selections_;
  Assignments assignments_;
};

size_t bytes_of(std::span<const Tensor> sections) {
  size_t bytes = 0;
  for (const Tensor& section : sections) bytes += section.size_bytes();
  return bytes;
}

size_t constant_bytes(const Graph& graph) {
  size_t bytes = 0;
  for (const auto& value : graph.values())
    if (value->is_constant()) bytes += value->data().size_bytes();
  return bytes;
}

Built build_lowered(Graph graph, const backend::Backend& backend, const Options& options,
                    const std::set<std::string>& dense_layers = {}) {
  Shared shared{backend,
                options,
                dense_layers,
                Selector(backend, options, constant_bytes(graph) > last_level_cache_bytes()),
                Sections(!options.ranges.empty(), options.packed),
                {}};
  engine::Plan plan =
      GraphBuild(std::move(graph), shared, "").run(options.ranges, options.donations, options.progress);
  BuildReport& report = shared.report;
  report.arena_bytes = plan.arena_bytes;
  report.arena_lower_bound_bytes = plan.arena_lower_bound_bytes;
  report.weights_bytes = bytes_of(shared.sections.all());
  return {std::move(plan), shared.sections.take(), std::move(report)};
}

Built build_fixed_plan(Graph graph, const backend::Backend& backend, Options options) {
  const bool tried = options.try_sparse && options.time_tactics && options.decisions.empty() &&
                     options.sparsity != SparsityMode::kDisable && options.donations.empty();
  lower(graph, options);
  if (!tried) return build_lowered(std::move(graph), backend, options);
  if (!options.times) options.times = std::make_shared<TimingCache>(backend);
  return settle_sparse_layers(
      [&](const std::set<std::string>& dense_layers) {
        Built built = build_lowered(graph.clone(), backend, options, dense_layers);
        options.progress = {};  // what follows finds its times in the cache
        return built;
      },
      [&](const Built& dense) { return race_against(dense, backend, options); });
}

/// The same for fixed sizes: those at which an engine with ranges is timed.
Options at_one_size(const Options& options) {
  Options fixed = options;
  fixed.ranges.clear();
  return fixed;
}

Options at_all_sizes(const Options& options) {
  Options open = options;
  open.time_tactics = false;
  open.decisions = {};
  open.progress = {};
  for (const auto& [name, range] : options.ranges) open.shapes.erase(name);
  return open;
}

Built build_open_plan(Graph graph, const backend::Backend& backend, const Options& options) {
  const bool timed = options.time_tactics && std::ranges::all_of(options.ranges, [&](const auto& range) {
                       return options.shapes.contains(range.first);
                     });
  check_ranges(graph, options);
  BuildReport report;
  if (timed) report = build_fixed_plan(graph.clone(), backend, at_one_size(options)).report;
  const Options open = at_all_sizes(options);
  lower(graph, open);
  Built built = build_lowered(std::move(graph), backend, open);
  if (timed) built.report = std::move(report);
  return built;
}

}  // namespace

Built build_plan(Graph graph, const backend::Backend& backend, const Options& options) {
  const auto start = std::chrono::steady_clock::now();
  Built built = options.ranges.empty() ? build_fixed_plan(std::move(graph), backend, options)
                                       : build_open_plan(std::move(graph), backend, options);
  built.report.build_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return built;
}

Result finish(Built built, const backend::Backend& backend) {
  built.plan.info["report"] = report_to_json(built.report);
  return {engine::Engine::create(std::move(built.plan), std::move(built.sections), backend),
          std::move(built.report)};
}

Result build(Graph graph, const backend::Backend& backend, const Options& options) {
  return finish(build_plan(std::move(graph), backend, options), backend);
}

}  // namespace twofour::builder
