// docs/ops.md, generated from the op table.
#pragma once

#include <string>

namespace twofour::ops {

/// A Markdown page: a table with one row per operator.
std::string ops_markdown();

}  // namespace twofour::ops
