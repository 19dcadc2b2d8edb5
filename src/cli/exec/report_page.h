// The report of a build and its run as one HTML page.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/exec/profile.h"
#include "cli/exec/summary.h"

namespace twofour::cli {

struct ReportContent {
  std::string source;  // model or engine file
  std::string device;  // with its threads
  size_t file_bytes = 0;
  BuildReport build;
  std::vector<LayerInfo> layers;
  // Of the run; absent when nothing ran.
  std::vector<LogLine> performance;
  std::optional<Profile> profile;
};

/// What was built, where the time goes per layer, what every layer could have run and why it does not.
std::string report_page(const ReportContent& content);

}  // namespace twofour::cli
