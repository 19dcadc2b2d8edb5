// Automatic mixed precision: paints a graph, forward or joint forward and backward, half where that pays and
// is safe, and inserts the casts (Micikevicius et al. 2018; the rewrite is TensorFlow's
// auto_mixed_precision).
#pragma once

#include <string>
#include <vector>

#include "ir/graph.h"
#include "twofour/amp_report.h"

namespace twofour::amp {

struct Options {
  DType dtype = DType::kF16;            // or kBF16
  std::vector<std::string> deny_nodes;  // node name globs (*, ?, [a-z]) that stay f32
};

/// Graph inputs, constants and outputs keep their types and names: masters stay f32, and a half node reads
/// them through a Cast (of a constant too; folding it is another pass's work). A value has at most one Cast
/// per direction, which all its readers share, named "<value>/cast_f16", "/cast_bf16" or "/cast_f32". Ports
/// that keep_f32 never see half. A graph without an operator that gains, or already painted, is left alone.
/// Types are inferred anew. Throws Error{kInvalidArgument} when the dtype is not half, kNotFound on a glob
/// that matches no node.
Report paint(Graph& graph, const Options& options = {});

}  // namespace twofour::amp
