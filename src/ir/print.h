// Text form of a graph, for tests, logs and bug reports. parse_graph (ir/parse.h) reads it back.
//
//   graph "net" {
//     metadata "onnx.opset" = "13"
//     input %x: f32[N,3,?,32]
//     const %axes: i64[2] = [1, 2]
//     trainable %w: f32[8,3,3,3] = fill(0.5)
//     %y = Conv(%x, %w, _) {group=1, pads=[1, 1, 1, 1]} "first conv" -> f32[N,8,?,32]
//     %a, %b = Split(%y) {axis=1} -> f32[N,4,?,32], f32[N,4,?,32]
//     output %a, %b
//   }
//
// `_` is an absent input, `?` an unknown dim, `*` any dims, `#` starts a comment. Names that are not made of
// letters, digits, `_`, `.`, `/` and `-` are quoted. A node whose name is its first output's name prints
// without one. Attribute values: 1, 1.0, "text", [1, 2], [1.0, 2.0], ["a", "b"], `floats[]` and `strings[]`
// when empty, tensors as i64[2] = [1, 2], and subgraphs as graph "body" { ... }. Constant data: all values,
// fill(value), random(seed), or hash(0x...) of data that was too large to print.
#pragma once

#include <string>

#include "ir/graph.h"

namespace twofour {

struct PrintOptions {
  int64_t max_elements = 32;  // larger constants print as their hash, which parse_graph refuses
  bool types = true;          // types of node outputs
};

std::string print_graph(const Graph& graph, const PrintOptions& options = {});

}  // namespace twofour
