// The report of one training run.
#pragma once

#include "cli/train_run.h"

namespace twofour::cli {

/// `memory`: a line about activation memory; may be empty.
std::string train_report_html(const std::string& name, const std::vector<EpochResult>& results,
                              const std::string& memory);

struct Curve {
  std::string name;
  const std::vector<EpochResult>* results;
};
/// Loss and accuracy over epochs, one line per curve.
std::string loss_chart(const std::vector<Curve>& curves);
std::string accuracy_chart(const std::vector<Curve>& curves);

}  // namespace twofour::cli
