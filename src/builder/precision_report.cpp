#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "twofour/build_report.h"

namespace twofour {
namespace {

using Layers = std::vector<const LayerChoice*>;

std::string ms_text(double us) { return fmt::format("{:.3f} ms", us / 1e3); }

/// "int8 3.210 ms (2.31x)".
std::string time_text(const PrecisionTime& time) {
  const std::string text = fmt::format("{} {}", time.precision, ms_text(time.us));
  return time.speedup == 1 ? text : fmt::format("{} ({:.2f}x)", text, time.speedup);
}

/// "fc1, fc2 (excluded by name)", one for each reason.
std::vector<std::string> by_reason(const Layers& layers) {
  std::map<std::string, std::vector<std::string>> names;
  for (const LayerChoice* layer : layers) names[layer->real_because].push_back(layer->layer);
  std::vector<std::string> texts;
  for (const auto& [reason, list] : names)
    texts.push_back(fmt::format("{}{}", fmt::join(list, ", "), reason.empty() ? "" : " (" + reason + ")"));
  return texts;
}

}  // namespace

std::vector<std::string> PrecisionTrial::summary() const {
  std::vector<std::string> lines, times;
  const PrecisionTime* taken = nullptr;
  for (const PrecisionTime& time : precisions) {
    if (time.taken) taken = &time;
    if (time.us >= 0) times.push_back(time_text(time));
    if (!time.declined.empty())
      lines.push_back(fmt::format("Precision: {} is not used: {}", time.precision, time.declined));
  }
  if (!taken) return lines;
  std::string first = "Precision: " + taken->precision;
  if (!times.empty()) first += fmt::format(", the fastest, run in turn, of {}", fmt::join(times, ", "));
  lines.insert(lines.begin(), std::move(first));
  return lines;
}

std::string BuildReport::precision_summary() const {
  std::map<std::string, Layers> products;
  size_t count = 0;
  for (const LayerChoice& layer : layers) {
    if (!layer.has_weight || layer.precision.empty()) continue;
    products[layer.precision].push_back(&layer);
    ++count;
  }
  const Layers real = products["fp32"];
  products.erase("fp32");
  std::vector<std::string> reduced;
  for (const auto& [precision, list] : products)
    reduced.push_back(fmt::format("{} of {} layers with a product in {}", list.size(), count, precision));
  if (reduced.empty()) return "";
  std::string text = fmt::format("{}", fmt::join(reduced, ", "));
  if (!real.empty()) text += fmt::format("; in fp32: {}", fmt::join(by_reason(real), ", "));
  return text;
}

}  // namespace twofour
