// The sparsity table of a model.
#pragma once

#include <string>
#include <vector>

#include "cli/table.h"
#include "twofour/model.h"

namespace twofour::cli {

Table sparsity_table(const std::vector<SparsityRow>& rows);
/// "21 layers with weights, 19 eligible for 2:4, 19 of them 2:4".
std::string sparsity_summary(const std::vector<SparsityRow>& rows);
std::string sparsity_json(const std::vector<SparsityRow>& rows);

}  // namespace twofour::cli
