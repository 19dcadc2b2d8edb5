// Which constants of a model training changes: what users may choose, and the line that says it.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "ir/graph.h"

namespace twofour::train {

/// Marks the constants whose name, or the name of a node that reads them, matches one of the globs (*, ?,
/// [a-z]) as trainable or not. Throws Error{kNotFound} on a glob that matches none, kInvalidArgument when all
/// that one matches cannot be trained (integers, running statistics, sizes).
void set_trainable(Graph& model, const std::vector<std::string>& globs, bool trainable);

/// "trains 9 of 11 constants (1314 values); frozen: running statistics and sizes (bn.mean, bn.var)".
/// `trained`: names of constants that the step updates by their gradients.
std::string describe_constants(const Graph& model, const std::set<std::string>& trained);

}  // namespace twofour::train
