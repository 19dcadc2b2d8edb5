#include "onnx/graph_reader.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "onnx/attribute_proto.h"
#include "onnx/captures.h"
#include "onnx/data_type.h"
#include "onnx/node_order.h"
#include "onnx/opset_adapters.h"
#include "onnx/proto.h"
#include "onnx/subgraph_reader.h"
#include "onnx/tensor_proto.h"
#include "onnx/trainable.h"
#include "ops/infer.h"

namespace twofour::onnx_io {
namespace {

// No tensor of a network comes near; what does is a damaged file.
constexpr int64_t kMaxElements = int64_t{1} << 40;

void check_size(const Value& value) {
  int64_t count = 1;
  for (const Dim& dim : value.dims())
    TWOFOUR_CHECK(!dim.known() || (!__builtin_mul_overflow(count, std::max<int64_t>(dim.value, 1), &count) &&
                                   count <= kMaxElements),
                  kResourceExhausted, "value \"{}\" is {}, which is more than 2^40 elements", value.name(),
                  value.type().to_string());
}

/// Files use a missing, an empty or a negative size for "any".
Dim read_dim(const onnx::TensorShapeProto::Dimension& proto) {
  if (proto.has_dim_value()) return proto.dim_value() >= 0 ? Dim(proto.dim_value()) : Dim();
  return Dim::named(proto.dim_param());
}

ValueType read_type(const onnx::TypeProto& proto) {
  TWOFOUR_CHECK(proto.has_tensor_type(), kUnsupported,
                "it is not a tensor; sequences, maps and optionals are not supported");
  TWOFOUR_CHECK(proto.tensor_type().has_shape(), kUnsupported, "its number of dimensions is not given");
  ValueType type{dtype_from_onnx(proto.tensor_type().elem_type()), {}};
  for (const auto& dim : proto.tensor_type().shape().dim()) type.dims.push_back(read_dim(dim));
  return type;
}

struct ConstantData {
  Tensor operator()(int64_t v) const { return Tensor::of<int64_t>({}, std::span<const int64_t>(&v, 1)); }
  Tensor operator()(float v) const { return Tensor::scalar(v); }
  Tensor operator()(const std::vector<int64_t>& v) const { return Tensor::i64(v); }
  Tensor operator()(const std::vector<float>& v) const {
    return Tensor::of<float>({static_cast<int64_t>(v.size())}, v);
  }
  Tensor operator()(const Tensor& v) const { return v; }
  template <typename Text>
  Tensor operator()(const Text&) const {
    fail(ErrorCode::kUnsupported, "constants made of strings are not supported");
  }
};

/// What a subgraph gets from the node that it belongs to.
struct Surroundings {
  std::span<const ValueType> formal;  // types of its own inputs
  std::vector<std::string> names;     // of the values around it that it may read
  std::vector<const Value*> values;
};

class GraphReader {
 public:
  GraphReader(onnx::GraphProto& proto, int64_t opset, const ImportOptions& options, ExternalData& external)
      : proto_(proto),
        opset_(opset),
        options_(options),
        external_(external),
        graph_(proto.name()),
        builder_(graph_) {}

  Graph run() {
    read({});
    for (const auto& tensor : proto_.initializer()) {
      Value* value = values_.at(tensor.name());
      value->set_trainable(looks_trainable(*value));
    }
    return std::move(graph_);
  }

  Graph run_within(const Surroundings& around) {
    TWOFOUR_CHECK(static_cast<size_t>(proto_.input_size()) == around.formal.size(), kDataCorrupt,
                  "subgraph \"{}\" has {} inputs, the node gives it {}", proto_.name(), proto_.input_size(),
                  around.formal.size());
    for (int i = 0; i < proto_.input_size(); ++i)
      add(proto_.input(i).name(),
          graph_.add_input(proto_.input(i).name(), around.formal[static_cast<size_t>(i)]));
    for (size_t i = 0; i < around.names.size(); ++i) capture(around.names[i], *around.values[i]);
    read(around.names);
    graph_.erase_dead();  // copies that only the other branch reads
    return std::move(graph_);
  }

 private:
  void read(const std::vector<std::string>& outer) {
    const std::vector<OrderedNode> order = order_nodes(proto_, outer);
    for (const auto& output : proto_.output())
      TWOFOUR_CHECK(output_names_.insert(output.name()).second, kDataCorrupt,
                    "graph output \"{}\" stands twice", output.name());
    for (auto& tensor : *proto_.mutable_initializer())
      name_output(tensor.name(), graph_.add_constant(tensor.name(), take_tensor(tensor, external_)));
    for (const auto& input : proto_.input()) read_input(input);
    for (const OrderedNode& node : order) read_node(node, *proto_.mutable_node(node.index));
    read_outputs();
  }

  /// A constant is copied where it is read, so that it stays one.
  void capture(const std::string& name, const Value& outer) {
    if (values_.contains(name)) return;
    add(name,
        outer.is_constant() ? graph_.add_constant(name, outer.data()) : graph_.add_input(name, outer.type()));
  }

  void add(const std::string& name, Value* value) {
    check_size(*value);
    values_[name] = value;
    named_.insert(value);
  }

  void read_input(const onnx::ValueInfoProto& proto) {
    // An initializer (old files list them as inputs, too), or typed by the node around.
    if (values_.contains(proto.name())) return;
    const ValueType type =
        with_context([&] { return fmt::format("reading graph input \"{}\"", proto.name()); },
                     [&] { return read_type(proto.type()); });
    const auto known = options_.known_inputs.find(proto.name());
    if (known == options_.known_inputs.end()) return add(proto.name(), graph_.add_input(proto.name(), type));
    const Tensor& data = known->second;
    ops::check_dtype(type_of(data), type.dtype, proto.name());
    ops::check_dims(type_of(data), type.dims, proto.name());
    name_output(proto.name(), graph_.add_constant(proto.name(), data));
  }

  void read_node(const OrderedNode& ordered, onnx::NodeProto& proto) {
    const auto context = [&] {
      return fmt::format("reading node \"{}\" ({})", ordered.name, proto.op_type());
    };
    Draft draft{builder_, proto.op_type(), ordered.name, inputs_of(proto), {}, 0, {}};
    with_context(context, [&] {
      draft.attrs = take_attrs(proto, external_);
      draft.num_outputs = count_outputs(proto, ordered.num_used);
      draft.declared_outputs = static_cast<size_t>(
          std::ranges::count_if(proto.output(), [](const std::string& output) { return !output.empty(); }));
      if (draft.op == "Constant") draft.results.emplace(1, constant_of(draft));
      else if (has_subgraphs(proto)) read_bodies(proto, draft);
      else adapt(draft, opset_);
    });
    const std::vector<Value*> outputs =
        draft.results
            ? *draft.results
            : builder_.op_n(draft.op, draft.inputs, draft.num_outputs, std::move(draft.attrs), draft.name);
    for (size_t i = 0; i < outputs.size(); ++i) name_output(proto.output(static_cast<int>(i)), outputs[i]);
  }

  void read_bodies(const onnx::NodeProto& proto, Draft& draft) {
    TWOFOUR_CHECK(draft.op != "Scan" || opset_ > 8, kUnsupported,
                  "Scan of opset 8, over batches, is not supported");
    Surroundings around;
    std::vector<Value*> captures;
    for (const std::string& name : captured_names(proto)) {
      Value* value = values_.at(name);
      around.names.push_back(name);
      around.values.push_back(value);
      if (!value->is_constant()) captures.push_back(value);
    }
    const auto read_one = [&](const onnx::GraphProto& body, std::span<const ValueType> formal) {
      onnx::GraphProto copy = body;  // reading takes its data out, and a body may be read again
      around.formal = formal;
      return with_context([&] { return fmt::format("reading subgraph \"{}\"", body.name()); },
                          [&] { return GraphReader(copy, opset_, options_, external_).run_within(around); });
    };
    read_subgraphs(proto, captures, read_one, draft);
  }

  std::vector<Value*> inputs_of(const onnx::NodeProto& proto) const {
    std::vector<Value*> inputs;
    for (const std::string& name : proto.input()) inputs.push_back(name.empty() ? nullptr : values_.at(name));
    return inputs;
  }

  /// Outputs that twofour does not compute (indices of a pooling, running statistics) may be declared, not
  /// used.
  static size_t count_outputs(const onnx::NodeProto& proto, size_t num_used) {
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

  Value* constant_of(const Draft& draft) {
    TWOFOUR_CHECK(draft.attrs.size() == 1, kDataCorrupt, "a Constant has exactly one attribute, this one {}",
                  draft.attrs.size());
    return graph_.add_constant(draft.name, std::visit(ConstantData{}, draft.attrs.begin()->second));
  }

  void name_output(const std::string& name, Value* value) {
    if (name.empty()) return;
    // A graph output keeps its name, so it cannot be another name for a value.
    if (output_names_.contains(name) && named_.contains(value) && value->name() != name)
      value = builder_.op("Identity", {value});
    // An Identity of a constant is only another name for it.
    if (named_.insert(value).second && value->name() != name) {
      // Only a made-up name can be in the way: the file's own are unique.
      if (Value* taken = graph_.find_value(name)) graph_.rename(taken, "");
      graph_.rename(value, name);
    }
    add(name, value);
  }

  void read_outputs() {
    TWOFOUR_CHECK(proto_.output_size() > 0, kDataCorrupt, "the graph has no outputs");
    std::vector<Value*> outputs;
    for (const auto& output : proto_.output()) {
      const auto it = values_.find(output.name());
      TWOFOUR_CHECK(it != values_.end(), kDataCorrupt, "graph output \"{}\" is not produced by any node",
                    output.name());
      outputs.push_back(it->second);
    }
    graph_.set_outputs(std::move(outputs));
  }

  onnx::GraphProto& proto_;
  int64_t opset_;
  const ImportOptions& options_;
  ExternalData& external_;
  Graph graph_;
  ops::Builder builder_;
  std::unordered_map<std::string, Value*> values_;  // by the file's names
  std::unordered_set<const Value*> named_;          // have their name from the file
  std::unordered_set<std::string> output_names_;
};

}  // namespace

Graph read_graph(onnx::GraphProto& proto, int64_t opset, const ImportOptions& options,
                 ExternalData& external) {
  return GraphReader(proto, opset, options, external).run();
}

}  // namespace twofour::onnx_io
