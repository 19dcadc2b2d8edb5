// Graph: the one representation of a network, from import to execution. Nodes are in SSA form: every Value
// has one producer (a node, the graph's inputs, or constant data) and any number of users.
//
// Ownership: the Graph owns nodes and values; raw pointers to them stay valid until they are erased.
// Invariants (checked by verify(), ir/verify.h): nodes are kept in a topological order, names are unique and
// not empty, user lists match inputs.
#pragma once

#include <list>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ir/attrs.h"
#include "ir/type.h"

namespace twofour {

class Graph;
class Node;

class Value {
 public:
  const std::string& name() const { return name_; }
  const ValueType& type() const { return type_; }
  DType dtype() const { return type_.dtype; }
  const Dims& dims() const { return type_.dims; }
  size_t rank() const { return type_.dims.size(); }
  /// Throws Error{kFailedPrecondition} naming the value when a dim is not known.
  Shape shape() const;
  void set_type(ValueType type) { type_ = std::move(type); }

  /// The node that computes it; null for graph inputs and constants.
  Node* producer() const { return producer_; }
  /// One entry per use: a node that reads the value twice stands here twice.
  const std::vector<Node*>& users() const { return users_; }

  bool is_constant() const { return data_.defined(); }
  /// The data of a constant; an undefined Tensor otherwise.
  const Tensor& data() const { return data_; }
  /// Replaces the data (and type) of a constant.
  void set_data(Tensor data);
  /// A constant that training may change: a float initializer of the model.
  bool trainable() const { return trainable_; }
  void set_trainable(bool trainable) { trainable_ = trainable; }

 private:
  friend class Graph;
  std::string name_;
  ValueType type_;
  Node* producer_ = nullptr;
  std::vector<Node*> users_;
  Tensor data_;
  bool trainable_ = false;
};

class Node {
 public:
  /// The operator: an ONNX name of the canonical opset, or one of twofour's own (ops/ops.inc).
  const std::string& op() const { return op_; }
  const std::string& name() const { return name_; }
  /// A null entry is an optional input that is absent.
  const std::vector<Value*>& inputs() const { return inputs_; }
  Value* input(size_t i) const { return i < inputs_.size() ? inputs_[i] : nullptr; }
  const std::vector<Value*>& outputs() const { return outputs_; }
  Value* output(size_t i = 0) const { return outputs_[i]; }
  const Attrs& attrs() const { return attrs_; }
  Attrs& attrs() { return attrs_; }
  /// `node "conv1" (Conv)`, for error texts.
  std::string label() const;

 private:
  friend class Graph;
  std::string op_;
  std::string name_;
  std::vector<Value*> inputs_;
  std::vector<Value*> outputs_;
  Attrs attrs_;
};

class Graph {
 public:
  Graph();
  explicit Graph(std::string name);
  Graph(Graph&&) noexcept;
  Graph& operator=(Graph&&) noexcept;
  ~Graph();
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;

  const std::string& name() const { return name_; }
  void set_name(std::string name) { name_ = std::move(name); }
  /// Free text by key, kept through import and export; twofour's own keys start with "twofour.".
  std::map<std::string, std::string>& metadata() { return metadata_; }
  const std::map<std::string, std::string>& metadata() const { return metadata_; }

  // Names that are taken or empty get a suffix; the value's name() says which.
  Value* add_input(std::string name, ValueType type);
  Value* add_constant(std::string name, Tensor data);
  /// Appends a node (before `before` when given) whose outputs have no type yet: see ops/builder.h, which
  /// infers it.
  Node* add_node(std::string op, std::vector<Value*> inputs, size_t num_outputs, Attrs attrs = {},
                 std::string name = {}, const Node* before = nullptr);
  void set_outputs(std::vector<Value*> outputs) { outputs_ = std::move(outputs); }

  const std::vector<Value*>& inputs() const { return inputs_; }
  const std::vector<Value*>& outputs() const { return outputs_; }
  /// In topological order. Erasing the current node while iterating over a copy (`node_list()`) is allowed.
  const std::list<std::unique_ptr<Node>>& nodes() const { return nodes_; }
  std::vector<Node*> node_list() const;
  /// Every value: inputs, constants and node outputs, in order of creation.
  const std::list<std::unique_ptr<Value>>& values() const { return values_; }
  Value* find_value(std::string_view name) const;
  Node* find_node(std::string_view name) const;
  bool is_output(const Value* value) const;

  void rename(Value* value, std::string name);
  void rename(Node* node, std::string name);
  void set_input(Node* node, size_t index, Value* value);
  /// Every user of `from`, and the graph's outputs, read `to` instead.
  void replace_all_uses(Value* from, Value* to);
  /// Removes a node whose outputs have no users and are not graph outputs.
  void erase(Node* node);
  /// Removes nodes and constants that no output needs. Inputs stay.
  void erase_dead();
  /// Puts nodes() into a topological order, keeping the present order where it can. Throws
  /// Error{kInvalidArgument} naming a node of the cycle when there is one.
  void sort();
  /// A deep copy of the structure; constant data is shared.
  Graph clone() const;

 private:
  std::string unique_value_name(std::string wish);
  std::string unique_node_name(std::string wish);
  Value* new_value(std::string name, ValueType type);

  std::string name_;
  std::map<std::string, std::string> metadata_;
  std::list<std::unique_ptr<Node>> nodes_;
  std::list<std::unique_ptr<Value>> values_;
  std::vector<Value*> inputs_;
  std::vector<Value*> outputs_;
  std::map<std::string, Value*, std::less<>> values_by_name_;
  std::map<std::string, Node*, std::less<>> nodes_by_name_;
};

}  // namespace twofour
