#include "cli/exec/profile.h"

#include <fmt/format.h>

#include <numeric>

#include <nlohmann/json.hpp>

#include "cli/json_text.h"
#include "cli/timing.h"

namespace twofour::cli {
namespace {

std::string row(const LayerTime& layer) {
  return fmt::format("{:>11.2f}{:>13.4f}{:>13.4f}{:>10.1f}   {}", layer.total_ms, layer.average_ms,
                     layer.median_ms, layer.percent, layer.name);
}

LayerTime total_of(const std::vector<LayerTime>& layers) {
  LayerTime total{.name = "Total"};
  for (const LayerTime& layer : layers) {
    total.total_ms += layer.total_ms;
    total.average_ms += layer.average_ms;
    total.median_ms += layer.median_ms;
    total.percent += layer.percent;
  }
  return total;
}

}  // namespace

Profile profile_of(const std::vector<std::string>& names, const Trace& trace) {
  Profile profile{.count = static_cast<int64_t>(trace.queries.size()), .layers = {}};
  double sum_ms = 0;
  for (size_t i = 0; i < names.size(); ++i) {
    std::vector<double> samples;
    for (const Query& query : trace.queries) samples.push_back(query.layer_us[i] / 1e3);
    const double total = std::accumulate(samples.begin(), samples.end(), 0.0);
    profile.layers.push_back(
        {names[i], total, total / static_cast<double>(profile.count), median_of(samples), 0});
    sum_ms += total;
  }
  for (LayerTime& layer : profile.layers) layer.percent = sum_ms > 0 ? layer.total_ms / sum_ms * 100 : 0;
  return profile;
}

std::string profile_text(const Profile& profile) {
  std::string text = fmt::format("=== Profile ({} iterations ) ===\n", profile.count);
  text += "   Time(ms)     Avg.(ms)   Median(ms)   Time(%)   Layer\n";
  for (const LayerTime& layer : profile.layers) text += row(layer) + "\n";
  return text + row(total_of(profile.layers));
}

std::string profile_json(const Profile& profile) {
  using Json = nlohmann::ordered_json;
  Json json = Json::array({{{"count", profile.count}}});
  for (const LayerTime& layer : profile.layers)
    json.push_back({{"name", layer.name},
                    {"timeMs", layer.total_ms},
                    {"averageMs", layer.average_ms},
                    {"medianMs", layer.median_ms},
                    {"percentage", layer.percent}});
  return json_text(json);
}

}  // namespace twofour::cli
