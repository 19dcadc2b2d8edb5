// One line for each row, for the terminal and the page.
#pragma once

#include <span>

#include "cli/table.h"
#include "sparse/row.h"

namespace twofour::bench {

cli::Table row_table(std::span<const Row> rows);

}  // namespace twofour::bench
