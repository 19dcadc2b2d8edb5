#include "sparse/report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "figures.h"
#include "sparse/row_table.h"
#include "sparse/summary.h"

namespace twofour::bench {

std::string text_of(const Report& run) {
  std::string text = fmt::format("2:4 against dense on {}; dense: {}\n{}\n\n", run.device,
                                 fmt::join(run.peers, ", "), row_table(run.rows).text());
  text += figures_text(summary_of(run.rows));
  for (const std::string& note : run.notes) text += note + '\n';
  return text;
}

}  // namespace twofour::bench
