// A network in which data decide the rank of a value.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "ir/parse.h"
#include "ops/op_def.h"

namespace twofour::testing {

/// The branches of an If that reads %x, f32[1,3]: `op` of this matrix of one row, or that row.
inline std::string any_rank_branches(std::string_view op = "Neg") {
  return fmt::format(R"({{then_branch=graph "matrix" {{
    input %x: f32[1,3]
    %matrix = {}(%x)
    output %matrix
  }}, else_branch=graph "row" {{
    input %x: f32[1,3]
    const %first: i64[1] = [0]
    %row = Squeeze(%x, %first)
    output %row
  }}}})",
                     op);
}

/// `readers`, which may begin with inputs, read %chosen, a matrix where %cond holds and a row otherwise.
inline Graph any_rank_graph(std::string_view readers, std::string_view op = "Neg") {
  Graph graph = parse_graph(fmt::format(R"(graph "choice" {{
    input %cond: bool[]
    input %x: f32[1,3]
    %chosen = If(%cond, %x) {}
    {}
  }})",
                                        any_rank_branches(op), readers));
  ops::infer_all(graph);
  return graph;
}

}  // namespace twofour::testing
