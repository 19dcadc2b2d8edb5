#include "figures.h"

#include <fmt/format.h>

#include <cmath>

namespace twofour::bench {

double geometric_mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double v : values) sum += std::log(v);
  return values.empty() ? NAN : std::exp(sum / static_cast<double>(values.size()));
}

Json number_or_null(double value) { return std::isnan(value) ? Json() : Json(value); }

std::string geomean_name(Precision precision, bool sparse) {
  return fmt::format("{}_{}_geomean", name_of(kPrecisionNames, precision), sparse ? "sparse" : "dense");
}

std::string figures_text(const Json& figures) {
  std::string text;
  for (const auto& [name, value] : figures.items())
    text +=
        value.is_null() ? fmt::format("{} -\n", name) : fmt::format("{} {:.3f}\n", name, value.get<double>());
  return text;
}

}  // namespace twofour::bench
