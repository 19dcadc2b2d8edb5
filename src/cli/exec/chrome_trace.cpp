#include "cli/exec/chrome_trace.h"

#include <fmt/format.h>

#include <map>

#include <nlohmann/json.hpp>

#include "cli/json_text.h"

namespace twofour::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kProcess = 1;

class Events {
 public:
  explicit Events(const std::vector<LayerInfo>& layers) : layers_(layers) {}

  void name_stream(int stream) {
    add({{"name", "thread_name"}, {"ph", "M"}, {"args", {{"name", fmt::format("stream {}", stream)}}}},
        stream);
  }

  void add_query(const Query& q, size_t number) {
    add_span(q.stream, fmt::format("query {}", number), "query", q.start_in * 1e3, q.latency_ms() * 1e3, {});
    if (q.in_ms() > 0) add_span(q.stream, "H2D", "copy", q.start_in * 1e3, q.in_ms() * 1e3, {});
    double start_us = q.start_compute * 1e3;
    for (size_t i = 0; i < layers_.size(); ++i) {
      const LayerInfo& layer = layers_[i];
      add_span(q.stream, layer.name, "layer", start_us, q.layer_us[i],
               {{"op", layer.op}, {"tactic", layer.tactic}, {"sparse", layer.sparse}});
      start_us += q.layer_us[i];
    }
    if (q.out_ms() > 0) add_span(q.stream, "D2H", "copy", q.end_compute * 1e3, q.out_ms() * 1e3, {});
  }

  std::string str() const { return json_text({{"displayTimeUnit", "ms"}, {"traceEvents", events_}}, -1); }

 private:
  void add_span(int stream, const std::string& name, const char* category, double start_us, double us,
                Json args) {
    Json event = {{"name", name}, {"cat", category}, {"ph", "X"}, {"ts", start_us}, {"dur", us}};
    if (!args.empty()) event["args"] = std::move(args);
    add(std::move(event), stream);
  }

  void add(Json event, int stream) {
    event["pid"] = kProcess;
    event["tid"] = stream;
    events_.push_back(std::move(event));
  }

  const std::vector<LayerInfo>& layers_;
  Json events_ = Json::array();
};

}  // namespace

std::string chrome_trace_json(const std::vector<LayerInfo>& layers, const Trace& trace, size_t most_queries) {
  Events events(layers);
  std::map<int, size_t> count;  // by stream
  for (const Query& query : trace.queries) {
    size_t& number = count[query.stream];
    if (number == 0) events.name_stream(query.stream);
    if (number < most_queries) events.add_query(query, number);
    ++number;
  }
  return events.str();
}

}  // namespace twofour::cli
