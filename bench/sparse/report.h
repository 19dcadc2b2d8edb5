// A run as a text table, JSON and an HTML page.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "sparse/row.h"

namespace twofour::bench {

struct Report {
  std::string device;
  std::vector<std::string> peers;  // names with versions
  std::vector<std::string> notes;
  std::vector<Row> rows;
  double seconds = 0;
};

/// One line per row, the summary, the notes.
std::string text_of(const Report& run);
Json json_of(const Report& run);
/// One file with its style and charts inside.
std::string html_of(const Report& run);

/// Adds what json_of() wrote of another run on the same machine: its rows follow. Throws
/// Error{kInvalidArgument} when the device differs, Error{kDataCorrupt} when `json` is no such report.
void add_run(const Json& json, const std::string& source, Report* run);

}  // namespace twofour::bench
