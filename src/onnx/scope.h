// The names of one graph of a file while it is read, and how they become names of values.
#pragma once

#include <string>
#include <unordered_map>
#include <unordered_set>

#include "onnx/entity.h"
#include "ops/builder.h"

namespace twofour::onnx_io {

class Scope {
 public:
  /// kOwner: values get the file's names. kGuest: the graph belongs to another scope; values get `prefix` and
  /// the name where that is free.
  enum class Naming : uint8_t { kOwner, kGuest };
  Scope(ops::Builder& builder, Naming naming, std::string prefix)
      : builder_(builder), naming_(naming), prefix_(std::move(prefix)) {}

  const std::string& prefix() const { return prefix_; }
  bool contains(const std::string& name) const { return entities_.contains(name); }
  const Entity& at(const std::string& name) const { return entities_.at(name); }
  /// Names that keep a value of their own: another name for a value becomes a copy of it.
  void reserve_output(const std::string& name) { outputs_.insert(name); }
  /// What has its name from elsewhere. Throws Error{kResourceExhausted} for absurd sizes.
  void bind(const std::string& name, Entity entity);
  /// What a node or an initializer makes.
  void define(const std::string& name, Entity entity);

 private:
  void name_value(const std::string& name, Value* value);

  ops::Builder& builder_;
  Naming naming_;
  std::string prefix_;
  std::unordered_map<std::string, Entity> entities_;
  std::unordered_set<const Value*> named_;
  std::unordered_set<std::string> outputs_;
};

}  // namespace twofour::onnx_io
