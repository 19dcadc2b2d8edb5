// What the labels of a model mean, kept through import and export under the key "twofour.classes": a JSON
// array of names by label.
#pragma once

#include <string>
#include <vector>

#include "ir/graph.h"

namespace twofour::train {

void write_class_names(Graph& model, const std::vector<std::string>& names);
/// That the score of each class is known: `names`, the data's, are numbers or those of all `scores`. Throws
/// Error{kInvalidArgument}.
void check_all_named(const std::vector<std::string>& names, int64_t scores);
/// Empty without the entry. Throws Error{kDataCorrupt} when it is no list of different names.
std::vector<std::string> read_class_names(const Graph& model);

}  // namespace twofour::train
