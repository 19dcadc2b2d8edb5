// The subgraphs of If, Loop, Scan and SequenceMap, on their way from a NodeProto into nodes
// (ops/control/control_flow.h has their form there).
#pragma once

#include <functional>
#include <optional>
#include <span>

#include "onnx/entity.h"
#include "onnx/opset_adapters.h"

namespace onnx {
class GraphProto;
class NodeProto;
}  // namespace onnx

namespace twofour::onnx_io {

/// A subgraph as a graph of its own. `layout`: what its outputs are, without their values; `graph` has the
/// elements of sequences one by one.
struct ReadBody {
  struct Part {
    Entity::Kind kind;
    size_t count;
    bool operator==(const Part&) const = default;
  };
  Graph graph;
  std::vector<Part> layout;
};

/// A node with subgraphs and the two ways to read one.
struct ControlNode {
  onnx::NodeProto& proto;
  Entities inputs;
  std::vector<Value*> captures;  // what the subgraphs read from around them, constants apart
  /// Its formal inputs have these types, its other inputs are the captures.
  std::function<ReadBody(onnx::GraphProto& proto, std::span<const ValueType> formal)> read;
  /// Into the graph around it. Names of its nodes begin with `prefix`.
  std::function<Entities(onnx::GraphProto& proto, const Entities& args, const std::string& prefix)>
      read_inline;
};

bool has_subgraphs(const onnx::NodeProto& node);

/// Adds the captures to the draft's inputs and the subgraphs to its attributes; or returns the outputs: of
/// the branch that an If with a known condition takes, and of loops over sequences, which are unrolled.
/// Throws Error{kUnsupported} for other operators and for loops over sequences whose end is not known.
std::optional<Entities> read_subgraphs(const ControlNode& node, Draft& draft);

}  // namespace twofour::onnx_io
