#include "sparse/report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

#include "sparse/row_table.h"
#include "sparse/summary.h"

namespace twofour::bench {

std::string text_of(const Report& run) {
  std::string text = fmt::format("2:4 against dense, f32, on {}; dense: {}\n{}\n\n", run.device,
                                 fmt::join(run.peers, ", "), row_table(run.rows).text());
  const Json summary = summary_of(run.rows);
  for (const auto& [name, value] : summary.items())
    text +=
        value.is_null() ? fmt::format("{} -\n", name) : fmt::format("{} {:.3f}\n", name, value.get<double>());
  for (const std::string& note : run.notes) text += note + '\n';
  return text;
}

}  // namespace twofour::bench
