#include "cli/demo_result.h"

#include <fmt/format.h>

#include <cmath>

#include <nlohmann/json.hpp>

#include "cli/chart.h"
#include "cli/html.h"
#include "cli/json_text.h"
#include "cli/layer_table.h"
#include "cli/train_report.h"
#include "twofour/engine.h"

namespace twofour::cli {
namespace {

constexpr double kLeastLoss = 0.01;       // what one-shot pruning must cost for the demo to show anything
constexpr double kMostLossAfter = 0.005;  // what may be missing after retraining

std::string percent(double fraction) { return fmt::format("{:.2f}", fraction * 100); }

Series layer_times(const BuildReport& report, const std::string& name, bool sparse) {
  Series s{name, {}, {}};
  for (const LayerChoice& layer : report.layers)
    if (layer.has_weight) s.y.push_back(layer.best_us(sparse) < 0 ? std::nan("") : layer.best_us(sparse));
  return s;
}

std::vector<std::string> weight_layers(const BuildReport& report) {
  std::vector<std::string> names;
  for (const LayerChoice& layer : report.layers)
    if (layer.has_weight) names.push_back(layer.layer);
  return names;
}

std::string accuracy_bars(const DemoResult& r) {
  const Series bars{"accuracy", {}, {r.dense * 100, r.pruned * 100, r.retrained * 100}};
  return bar_chart({"Test accuracy", "", "%"}, {"dense", "pruned, not retrained", "pruned and retrained"},
                   {bars}, 2);
}

std::vector<EngineResult> all_engines(const DemoResult& r) {
  std::vector<EngineResult> all = r.engines;
  all.insert(all.end(), r.wide_engines.begin(), r.wide_engines.end());
  return all;
}

std::string engine_bars(const DemoResult& r) {
  std::vector<std::string> names;
  Series speedup{"speedup", {}, {}};
  for (const EngineResult& e : all_engines(r)) {
    names.push_back(fmt::format("{}, {}", e.network, e.batch));
    speedup.y.push_back(e.speedup);
  }
  return bar_chart({"Sparse engine against dense engine", "", "times faster"}, names, {speedup}, 2);
}

}  // namespace

std::vector<std::string> demo_failures(const DemoResult& r) {
  std::vector<std::string> failures;
  if (!(r.retrained >= r.dense - kMostLossAfter))
    failures.push_back(
        fmt::format("retraining recovered {} % of {} %", percent(r.retrained), percent(r.dense)));
  if (!(r.pruned < r.dense - kLeastLoss))
    failures.push_back(
        fmt::format("pruning cost too little to show: {} % of {} %", percent(r.pruned), percent(r.dense)));
  if (r.violations != 0) failures.push_back(fmt::format("{} blocks are not 2:4", r.violations));
  return failures;
}

Table accuracy_table(const DemoResult& r) {
  Table table({"Network", ">Test accuracy %", ">2:4 layers"});
  table.add_row({"dense", percent(r.dense), "0"});
  table.add_row({"pruned, not retrained", percent(r.pruned), std::to_string(r.sparse_layers)});
  table.add_row({"pruned and retrained", percent(r.retrained), std::to_string(r.sparse_layers)});
  return table;
}

Table engine_table(const std::vector<EngineResult>& engines) {
  Table table({"Network", ">Batch", ">Dense ms", ">2:4 ms", ">Speedup", ">Layers run sparse"});
  for (const EngineResult& e : engines)
    table.add_row({e.network, std::to_string(e.batch), fmt::format("{:.3f}", e.dense_ms),
                   fmt::format("{:.3f}", e.sparse_ms), fmt::format("{:.2f}x", e.speedup),
                   fmt::format("{} of {}", e.build.sparse_layers().size(), weight_layers(e.build).size())});
  return table;
}

std::string demo_json(const DemoResult& r) {
  using Json = nlohmann::ordered_json;
  Json engines = Json::array();
  for (const EngineResult& e : all_engines(r))
    engines.push_back({{"network", e.network},
                       {"batch", e.batch},
                       {"dense_ms", e.dense_ms},
                       {"sparse_ms", e.sparse_ms},
                       {"speedup", e.speedup},
                       {"sparse_layers", e.build.sparse_layers()}});
  const Json json = {
      {"device", device_name()},
      {"accuracy", {{"dense", r.dense}, {"pruned", r.pruned}, {"retrained", r.retrained}}},
      {"sparsity",
       {{"violations", r.violations},
        {"sparse_layers", r.sparse_layers},
        {"weight_layers", r.weight_layers}}},
      {"mixed_precision", memory_json(r.memory_f32, r.memory_mixed)},
      {"engines", std::move(engines)},
      {"training", {{"dense", epochs_json(r.dense_epochs)}, {"retrained", epochs_json(r.retrain_epochs)}}},
      {"total_s", r.total_s}};
  return json_text(json);
}

std::string demo_html(const DemoResult& r) {
  HtmlPage page("twofour demo: from dense to 2:4");
  page.paragraph(fmt::format("Device: {}. The whole road took {:.0f} s.", device_name(), r.total_s));
  page.heading("Accuracy");
  page.table(accuracy_table(r));
  page.figure(accuracy_bars(r),
              "Pruning once costs accuracy; the same training with the mask kept brings it back.");
  page.heading("Training in mixed precision");
  const std::vector<Curve> curves = {{"dense", &r.dense_epochs}, {"2:4 retraining", &r.retrain_epochs}};
  page.figure(loss_chart(curves), "Mean loss over the training batches of each epoch.");
  page.figure(accuracy_chart(curves), "Top-1 accuracy on the test images after each epoch.");
  page.paragraph(memory_line(r.memory_f32, r.memory_mixed) + ".");
  page.heading("Engines");
  page.table(engine_table(all_engines(r)));
  page.figure(engine_bars(r),
              "Both engines ran in turn; the figure is the median of the ratios of the same round.");
  for (const EngineResult& e : all_engines(r)) {
    page.heading(fmt::format("Layers of {} at batch {}", e.network, e.batch));
    if (const std::string trial = e.build.trial.summary(); !trial.empty()) page.paragraph(trial + ".");
    page.figure(
        row_chart({fmt::format("Best time of each layer at batch {}", e.batch), "microseconds", ""},
                  weight_layers(e.build),
                  {layer_times(e.build, "dense", false), layer_times(e.build, "sparse", true)}, 1),
        "The builder takes the faster one for each layer; \"-\" where no sparse tactic runs the layer.");
    page.table(layer_table(e.build));
  }
  return page.str();
}

}  // namespace twofour::cli
