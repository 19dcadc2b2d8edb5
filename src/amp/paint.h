// Automatic mixed precision: paints a graph, forward or joint forward and backward, half where that pays and
// is safe, and inserts the casts (Micikevicius et al. 2018; the rewrite is TensorFlow's
// auto_mixed_precision).
#pragma once

#include <string>
#include <vector>

#include "amp/colour.h"
#include "base/json.h"

namespace twofour::amp {

struct Options {
  DType dtype = DType::kF16;            // or kBF16
  std::vector<std::string> deny_nodes;  // node name globs (*, ?, [a-z]) that stay f32
};

struct NodePaint {
  std::string name;
  std::string op;
  Why why;
};

struct Report {
  DType dtype = DType::kF16;
  std::vector<NodePaint> nodes;  // in topological order, without the casts
  size_t half_nodes = 0;
  size_t casts_to_half = 0;
  size_t casts_to_f32 = 0;
  bool changed() const { return half_nodes > 0; }
  /// One line: "41 of 58 nodes compute in f16; 23 casts to f16, 25 to f32".
  std::string summary() const;
};
Json to_json(const Report& report);

/// Graph inputs, constants and outputs keep their types and names: masters stay f32, and a half node reads
/// them through a Cast (of a constant too; folding it is another pass's work). A value has at most one Cast
/// per direction, which all its readers share, named "<value>/cast_f16", "/cast_bf16" or "/cast_f32". Ports
/// that keep_f32 never see half. A graph without an operator that gains, or already painted, is left alone.
/// Types are inferred anew. Throws Error{kInvalidArgument} when the dtype is not half, kNotFound on a glob
/// that matches no node.
Report paint(Graph& graph, const Options& options = {});

}  // namespace twofour::amp
