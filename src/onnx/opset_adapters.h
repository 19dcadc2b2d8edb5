// From the meaning an operator has in opsets 6 to 27 to its one meaning inside twofour: the newest
// form that the older ones are special cases of.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ops/builder.h"

namespace twofour::onnx_io {

constexpr int64_t kFirstOpset = 6;
constexpr int64_t kLastOpset = 27;

struct SmallType;

/// A node of the file on its way into the graph: inputs are typed values of the graph.
struct Draft {
  ops::Builder& builder;
  std::string op;
  std::string name;
  std::vector<Value*> inputs;
  Attrs attrs;
  size_t num_outputs;
  /// Set by an adapter that has built the node's outputs itself.
  std::optional<std::vector<Value*>> results;
  size_t declared_outputs = 0;  // those with names in the file; num_outputs leaves out what nothing reads

  bool makes_strings = false;  // set with results, where those that are null are strings

  std::vector<const SmallType*> small_types = {};  // of the inputs in the file, as entities have them

  Value* input(size_t i) const { return i < inputs.size() ? inputs[i] : nullptr; }
  const SmallType* small_type(size_t i) const { return i < small_types.size() ? small_types[i] : nullptr; }
};

/// Whether some opset's form of `op` is expressed by other operators.
bool is_adapted(std::string_view op);
/// Throws Error{kUnsupported} for a form that the canonical op cannot express, Error{kInvalidArgument} for a
/// wrong one.
void adapt(Draft& draft, int64_t opset);

}  // namespace twofour::onnx_io
