#include "onnx/graph_reader.h"

#include <algorithm>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "onnx/attribute_proto.h"
#include "onnx/captures.h"
#include "onnx/constant_node.h"
#include "onnx/input_reader.h"
#include "onnx/node_order.h"
#include "onnx/opset_adapters.h"
#include "onnx/proto.h"
#include "onnx/scope.h"
#include "onnx/sequence_ops.h"
#include "onnx/small_type.h"
#include "onnx/strings.h"
#include "onnx/subgraph_reader.h"
#include "onnx/trainable.h"
#include "onnx/vendor/expansion.h"

namespace twofour::onnx_io {
namespace {

/// What a graph within another gets from around it.
struct Outer {
  std::vector<std::string> names;
  Entities entities;
};

/// Outputs that twofour does not compute (indices of a pooling, running statistics) may be declared, not
/// used.
size_t count_outputs(const onnx::NodeProto& proto, size_t num_used) {
  auto count = static_cast<size_t>(proto.output_size());
  TWOFOUR_CHECK(count > 0, kDataCorrupt, "it has no outputs");
  while (count > 1 && proto.output(static_cast<int>(count) - 1).empty()) --count;
  const ops::OpDef* op = ops::find_op(proto.op_type());
  if (!op || op->outputs.back().variadic) return count;
  if (count > op->outputs.size()) {
    count = op->outputs.size();
    TWOFOUR_CHECK(num_used <= count, kUnsupported,
                  "output {} (\"{}\") is used, but twofour does not compute it", num_used - 1,
                  proto.output(static_cast<int>(num_used) - 1));
  }
  while (count > std::max<size_t>(num_used, 1) && op->outputs[count - 1].optional) --count;
  return count;
}

const SmallType* small_type_of(const onnx::ValueInfoProto& value) {
  return find_small_type(value.type().tensor_type().elem_type());
}

Entities to_entities(const std::vector<Value*>& values, bool makes_strings = false) {
  const Entity absent = makes_strings ? Entity::strings() : Entity::not_computed();
  Entities entities;
  for (Value* value : values) entities.push_back(value ? Entity::tensor(value) : absent);
  return entities;
}

/// The graph that is made of a file's graph and what is inlined there.
struct Destination {
  Graph& graph;
  std::set<Value*> own_constants = {};   // those that stand in the file
  std::set<const Value*> literals = {};  // of them, those of Constant nodes
  std::unordered_map<const onnx::TensorProto*, Value*> initializers = {};
};

/// What a graph has in common with those in it, but not with the functions that it calls.
struct Frame {
  int64_t opset;
  Arguments arguments;
};

class GraphReader {
 public:
  GraphReader(onnx::GraphProto& proto, const Frame& frame, ModelReading& reading, Destination& destination,
              Scope::Naming naming, std::string prefix)
      : proto_(proto),
        frame_(frame),
        reading_(reading),
        destination_(destination),
        graph_(destination.graph),
        builder_(graph_),
        scope_(builder_, naming, std::move(prefix)) {
    for (const auto& value : proto_.value_info())
      if (const SmallType* small = small_type_of(value)) declared_[value.name()] = small;
  }

  void read_model() {
    for (const auto& output : proto_.output()) scope_.reserve_output(output.name());
    InputReader inputs(reading_.options, proto_);
    for (auto& tensor : *proto_.mutable_initializer())
      if (!inputs.replaces(tensor.name())) define_initializer(tensor);
    for (const auto& input : proto_.input())
      if (!scope_.contains(input.name())) read_input(inputs, input);
    read_nodes({});
    const Entities results = outputs();
    leave_out_strings(proto_, results);
    set_outputs(with_named_elements(results));
    mark_parameters(graph_, destination_.own_constants, destination_.literals);
  }

  /// A graph of its own: constants around it are copied where they are read, so that they stay constants.
  ReadBody read_body(std::span<const ValueType> formal, const Outer& outer) {
    for (const auto& output : proto_.output()) scope_.reserve_output(output.name());
    check_arguments(formal.size());
    for (int i = 0; const auto& input : proto_.input())
      scope_.bind(input.name(),
                  Entity::tensor(graph_.add_input(input.name(), formal[static_cast<size_t>(i++)]),
                                 small_type_of(input)));
    capture(outer);
    read_own(outer.names);
    const Entities results = outputs();
    set_outputs(results);
    graph_.erase_dead();  // copies that only the other branch reads
    ReadBody body;
    for (const Entity& entity : results) body.layout.push_back({entity.kind, entity.values.size()});
    return body;
  }

  /// A part of the graph around it.
  Entities read_inline(const Entities& args, const Outer& outer) {
    check_arguments(args.size());
    for (size_t i = 0; i < outer.names.size(); ++i) scope_.bind(outer.names[i], outer.entities[i]);
    for (int i = 0; const auto& input : proto_.input()) {
      Entity arg = args[static_cast<size_t>(i++)];
      if (!arg.small) arg.small = small_type_of(input);
      scope_.bind(input.name(), std::move(arg));
    }
    read_own(outer.names);
    charge(args);
    return outputs();
  }

 private:
  void check_arguments(size_t count) const {
    TWOFOUR_CHECK(static_cast<size_t>(proto_.input_size()) == count, kDataCorrupt,
                  "subgraph \"{}\" has {} inputs, the node gives it {}", proto_.name(), proto_.input_size(),
                  count);
  }

  /// Once the graph is read: the constants that it shares with its next reading are no longer in it.
  void charge(const Entities& args) const {
    reading_.inline_budget -= 1 + proto_.node_size() + static_cast<int64_t>(proto_.ByteSizeLong() >> 14);
    for (const Entity& arg : args) reading_.inline_budget -= static_cast<int64_t>(arg.values.size()) / 64;
    TWOFOUR_CHECK(reading_.inline_budget > 0, kResourceExhausted,
                  "functions and loops over sequences make too many nodes");
  }

  void capture(const Outer& outer) {
    std::unordered_map<const Value*, Value*> copies;
    for (size_t i = 0; i < outer.names.size(); ++i) {
      Entity entity = outer.entities[i];
      for (Value*& value : entity.values) {
        Value*& copy = copies[value];
        if (!copy)
          copy = value->is_constant() ? graph_.add_constant(outer.names[i], value->data())
                                      : graph_.add_input(outer.names[i], value->type());
        value = copy;
      }
      scope_.bind(outer.names[i], std::move(entity));
    }
  }

  void read_own(const std::vector<std::string>& outer) {
    for (auto& tensor : *proto_.mutable_initializer()) define_initializer(tensor);
    read_nodes(outer);
  }

  /// A body that is read again into the same graph has the constants that it had the first time.
  void define_initializer(onnx::TensorProto& tensor) {
    if (tensor.data_type() == onnx::TensorProto::STRING) return scope_.bind(tensor.name(), Entity::strings());
    const auto [it, added] = destination_.initializers.try_emplace(&tensor);
    Value*& value = it->second;
    if (added) value = graph_.add_constant(scope_.prefix() + tensor.name(), reading_.tensors.take(tensor));
    Entity entity = Entity::tensor(value, find_small_type(tensor.data_type()));
    if (!added) return scope_.bind(tensor.name(), std::move(entity));
    destination_.own_constants.insert(value);
    scope_.define(tensor.name(), std::move(entity));
  }

  void read_input(const InputReader& inputs, const onnx::ValueInfoProto& proto) {
    if (is_sequence(proto.type())) {
      Entity sequence = Entity::sequence({});
      for (const auto& [name, type] : inputs.elements(proto))
        sequence.values.push_back(graph_.add_input(name, type));
      return scope_.bind(proto.name(), sequence);
    }
    const SmallType* small = small_type_of(proto);
    const Tensor known = inputs.known(proto);
    if (known.defined())
      return scope_.define(proto.name(), Entity::tensor(graph_.add_constant(proto.name(), known), small));
    scope_.bind(proto.name(), Entity::tensor(graph_.add_input(proto.name(), inputs.type(proto)), small));
  }

  void read_nodes(const std::vector<std::string>& outer) {
    for (const OrderedNode& node : order_nodes(proto_, outer))
      read_node(node, *proto_.mutable_node(node.index));
  }

  void read_node(const OrderedNode& ordered, onnx::NodeProto& proto) {
    const auto context = [&] {
      return fmt::format("reading node \"{}\" ({})", ordered.name, proto.op_type());
    };
    Function* function = reading_.functions.find(proto);
    Entities outputs = function ? with_context(context, [&] { return call(*function, ordered, proto); })
                                : read_operator(ordered, proto, context);
    TWOFOUR_CHECK(outputs.size() >= ordered.num_used, kDataCorrupt,
                  "node \"{}\" ({}) makes {} outputs; {} are used", ordered.name, proto.op_type(),
                  outputs.size(), ordered.num_used);
    for (int i = 0; i < proto.output_size() && static_cast<size_t>(i) < outputs.size(); ++i)
      define_output(proto.output(i), std::move(outputs[static_cast<size_t>(i)]));
  }

  void define_output(const std::string& name, Entity entity) {
    const auto declared = declared_.find(name);
    if (!entity.small && declared != declared_.end()) entity.small = declared->second;
    scope_.define(name, std::move(entity));
  }

  Entities call(Function& function, const OrderedNode& ordered, onnx::NodeProto& proto) {
    const Frame frame = {function.opset(reading_.opset), function.arguments(proto, frame_.arguments)};
    Entities args = entities_of(proto);
    args.resize(static_cast<size_t>(function.body().input_size()));
    GraphReader reader(function.body(), frame, reading_, destination_, Scope::Naming::kGuest,
                       scope_.prefix() + ordered.name + "/");
    return reader.read_inline(args, {});
  }

  template <typename Context>
  Entities read_operator(const OrderedNode& ordered, onnx::NodeProto& proto, const Context& context) {
    const Expansion* expansion = find_expansion(proto.domain(), proto.op_type());
    Draft draft{builder_, proto.op_type(), scope_.prefix() + ordered.name, {}, {}, 0, {}};
    std::optional<Entities> resolved;
    with_context(context, [&] {
      const Entities inputs = entities_of(proto);
      if (makes_strings(proto, inputs)) {
        resolved.emplace(static_cast<size_t>(proto.output_size()), Entity::strings());
        return;
      }
      draft.attrs = take_attrs(proto, frame_.arguments, reading_.tensors);
      draft.num_outputs =
          expansion ? std::max<size_t>(ordered.num_used, 1) : count_outputs(proto, ordered.num_used);
      draft.declared_outputs = static_cast<size_t>(
          std::ranges::count_if(proto.output(), [](const std::string& output) { return !output.empty(); }));
      resolved = resolve(proto, inputs, draft);
      if (resolved) return;
      const bool has_bodies = !expansion && has_subgraphs(proto);
      give_inputs(proto, inputs, has_bodies, draft);
      if (expansion) expand(*expansion, draft);
      else if (has_bodies) resolved = read_bodies(proto, inputs, draft);
      else adapt(draft, frame_.opset);
    });
    if (resolved) return *resolved;
    if (draft.results) return to_entities(*draft.results, draft.makes_strings);
    return to_entities(
        builder_.op_n(draft.op, draft.inputs, draft.num_outputs, std::move(draft.attrs), draft.name));
  }

  /// What makes no node of its own.
  std::optional<Entities> resolve(onnx::NodeProto& proto, const Entities& inputs, Draft& draft) {
    if (draft.op == "Constant") return Entities{Entity::tensor(constant_of(draft), small_constant(proto))};
    if (draft.op == "Identity" && inputs.size() == 1 && inputs[0].is_sequence()) return inputs;
    if (is_sequence_op(draft.op)) return Entities{apply_sequence_op(draft, inputs)};
    return std::nullopt;
  }

  const SmallType* small_constant(onnx::NodeProto& proto) const {
    for (auto& attribute : *proto.mutable_attribute())
      if (const auto* given = frame_.arguments.resolve(attribute); given && given->has_t())
        return find_small_type(given->t().data_type());
    return nullptr;
  }

  Value* constant_of(const Draft& draft) {
    Value* value = graph_.add_constant(draft.name, data_of_constant(draft.attrs));
    destination_.own_constants.insert(value);
    destination_.literals.insert(value);
    return value;
  }

  template <typename Read>
  auto within(onnx::GraphProto& body, Destination& destination, Scope::Naming naming,
              const std::string& prefix, const Read& read) {
    return with_context([&] { return fmt::format("reading subgraph \"{}\"", body.name()); },
                        [&] {
                          GraphReader reader(body, frame_, reading_, destination, naming, prefix);
                          return read(reader);
                        });
  }

  std::optional<Entities> read_bodies(onnx::NodeProto& proto, const Entities& inputs, Draft& draft) {
    TWOFOUR_CHECK(draft.op != "Scan" || frame_.opset > 8, kUnsupported,
                  "Scan of opset 8, over batches, is not supported");
    Outer outer;
    ControlNode node{proto, inputs, {}, {}, {}};
    std::unordered_set<const Value*> seen;
    for (const std::string& name : captured_names(proto)) {
      outer.names.push_back(name);
      outer.entities.push_back(scope_.at(name));
      for (Value* value : outer.entities.back().values)
        if (!value->is_constant() && seen.insert(value).second) node.captures.push_back(value);
    }
    node.read = [&](onnx::GraphProto& body, std::span<const ValueType> formal) {
      Graph graph(body.name());
      Destination destination{graph};
      ReadBody read = within(body, destination, Scope::Naming::kOwner, "",
                             [&](GraphReader& reader) { return reader.read_body(formal, outer); });
      read.graph = std::move(graph);
      return read;
    };
    node.read_inline = [&](onnx::GraphProto& body, const Entities& args, const std::string& prefix) {
      return within(body, destination_, Scope::Naming::kGuest, prefix.empty() ? scope_.prefix() : prefix,
                    [&](GraphReader& reader) { return reader.read_inline(args, outer); });
    };
    return read_subgraphs(node, draft);
  }

  Entities entities_of(const onnx::NodeProto& proto) const {
    Entities entities;
    for (const std::string& name : proto.input())
      entities.push_back(name.empty() ? Entity::nothing() : scope_.at(name));
    return entities;
  }

  /// Sequences go into loops, which see them as they are.
  static void give_inputs(const onnx::NodeProto& proto, const Entities& inputs, bool has_bodies,
                          Draft& draft) {
    for (int i = 0; const Entity& input : inputs) {
      const auto what = fmt::format("input \"{}\"", proto.input(i++));
      draft.inputs.push_back(has_bodies && input.is_sequence() ? nullptr : input.as_tensor(what));
      draft.small_types.push_back(input.small);
    }
  }

  Entities outputs() const {
    TWOFOUR_CHECK(proto_.output_size() > 0, kDataCorrupt, "the graph has no outputs");
    Entities outputs;
    for (const auto& output : proto_.output()) {
      TWOFOUR_CHECK(scope_.contains(output.name()), kDataCorrupt,
                    "graph output \"{}\" is not produced by any node", output.name());
      outputs.push_back(scope_.at(output.name()));
      TWOFOUR_CHECK(outputs.back().kind != Entity::Kind::kNotComputed, kUnsupported,
                    "graph output \"{}\" is an output of its node that twofour does not compute",
                    output.name());
    }
    return outputs;
  }

  /// Element i of output `s` is output `s/i`.
  Entities with_named_elements(const Entities& entities) {
    Entities all;
    for (size_t i = 0; i < entities.size(); ++i) {
      if (!entities[i].is_sequence()) all.push_back(entities[i]);
      for (size_t k = 0; entities[i].is_sequence() && k < entities[i].values.size(); ++k) {
        const std::string name = fmt::format("{}/{}", proto_.output(static_cast<int>(i)).name(), k);
        scope_.reserve_output(name);
        scope_.define(name, Entity::tensor(entities[i].values[k]));
        all.push_back(scope_.at(name));
      }
    }
    return all;
  }

  void set_outputs(const Entities& entities) {
    std::vector<Value*> outputs;
    std::unordered_set<const Value*> seen;
    for (const Entity& entity : entities)
      for (Value* value : entity.values)
        outputs.push_back(seen.insert(value).second ? value : builder_.op("Identity", {value}));
    graph_.set_outputs(std::move(outputs));
  }

  onnx::GraphProto& proto_;
  const Frame& frame_;
  ModelReading& reading_;
  Destination& destination_;
  Graph& graph_;
  ops::Builder builder_;
  Scope scope_;
  std::unordered_map<std::string, const SmallType*> declared_;  // by value_info
};

}  // namespace

Graph read_graph(onnx::GraphProto& proto, ModelReading& reading) {
  Graph graph(proto.name());
  Destination destination{graph};
  const Frame frame = {reading.opset, {}};
  GraphReader(proto, frame, reading, destination, Scope::Naming::kOwner, "").read_model();
  return graph;
}

}  // namespace twofour::onnx_io
