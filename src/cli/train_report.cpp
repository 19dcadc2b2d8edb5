#include "cli/train_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <tuple>

#include "cli/chart.h"
#include "cli/console.h"
#include "cli/html.h"
#include "cli/json_text.h"
#include "cli/train_run.h"
#include "twofour/files.h"

namespace twofour::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kNotMeasured = std::numeric_limits<double>::quiet_NaN();

Series series(const Curve& curve, double (*value)(const EpochRecord&)) {
  Series s{curve.name, {}, {}};
  for (const EpochRecord& epoch : *curve.epochs) {
    s.x.push_back(static_cast<double>(epoch.epoch + 1));
    s.y.push_back(value(epoch));
  }
  return s;
}

Table recipe_table(const Json& recipe) {
  Table table({"Setting", ">Value"});
  const Json flat = recipe.flatten();
  for (const auto& [key, value] : flat.items()) {
    std::string name = key.substr(1);
    std::ranges::replace(name, '/', '.');
    table.add_row({name, value.is_string() ? value.get<std::string>() : value.dump()});
  }
  return table;
}

// Nodes by operator and reason, in the order in which the graph first has them.
Table paint_table(const amp::Report& paint) {
  using Key = std::tuple<bool, std::string, amp::Why>;
  std::map<Key, int64_t> counts;
  for (const amp::NodePaint& node : paint.nodes) ++counts[{!amp::is_half(node.why), node.op, node.why}];
  Table table({"Operator", "Computes in", ">Nodes", "Why"});
  for (const auto& [key, count] : counts) {
    const auto& [full, op, why] = key;
    table.add_row({op, std::string(dtype_name(full ? DType::kF32 : paint.dtype)), std::to_string(count),
                   std::string(amp::why_text(why))});
  }
  return table;
}

std::filesystem::path history_path(const std::filesystem::path& folder) { return folder / "history.json"; }
std::filesystem::path page_path(const std::filesystem::path& folder) { return folder / "report.html"; }

std::string train_json(const TrainReport& report) {
  Json json = {{"model", report.model}, {"recipe", report.recipe}, {"epochs", epochs_json(report.epochs)}};
  if (!report.paint.nodes.empty()) {
    json["mixed_precision"] = Json::parse(report.paint.json());
    json["mixed_precision"].update(memory_json(report.memory_f32, report.memory));
  }
  return json_text(json);
}

std::string train_html(const TrainReport& report) {
  HtmlPage page("Training of " + report.model);
  const std::vector<Curve> curves = {{report.model, &report.epochs}};
  page.figure(loss_chart(curves), "Mean loss over the training batches of each epoch.");
  if (std::ranges::any_of(report.epochs, [](const EpochRecord& e) { return e.test_accuracy.has_value(); }))
    page.figure(accuracy_chart(curves), "Top-1 accuracy on the test data after each epoch.");
  if (!report.paint.nodes.empty()) {
    page.heading("Mixed precision");
    page.paragraph(report.paint.summary() + "; " + memory_line(report.memory_f32, report.memory) + ".");
    page.table(paint_table(report.paint));
  }
  page.heading("Recipe");
  page.table(recipe_table(report.recipe));
  return page.str();
}

}  // namespace

TrainReport make_train_report(const Model& model, const DataLoader& data, const Trainer& trainer) {
  TrainReport report{.model = model.name(),
                     .recipe = Json::parse(trainer.recipe()),
                     .epochs = trainer.history(),
                     .paint = trainer.paint_report(),
                     .memory = trainer.memory()};
  if (trainer.precision() != Precision::kF32)
    report.memory_f32 = step_memory(model, data.batch_size(), Precision::kF32, data.image_shape());
  return report;
}

std::string memory_line(const StepMemory& f32, const StepMemory& mixed) {
  const auto mb = [](size_t bytes) { return static_cast<double>(bytes) / 1e6; };
  return fmt::format(
      "activations and gradients of a step: {:.1f} MB in f32, {:.1f} MB in mixed precision ({:.2f} times "
      "less); "
      "scratch of the kernels: {:.1f} MB, {:.1f} MB",
      mb(f32.activation_bytes), mb(mixed.activation_bytes),
      mb(f32.activation_bytes) / std::max(mb(mixed.activation_bytes), 1e-6), mb(f32.scratch_bytes),
      mb(mixed.scratch_bytes));
}

Json memory_json(const StepMemory& f32, const StepMemory& mixed) {
  return {{"activation_bytes_f32", f32.activation_bytes},
          {"activation_bytes_mixed", mixed.activation_bytes},
          {"scratch_bytes_f32", f32.scratch_bytes},
          {"scratch_bytes_mixed", mixed.scratch_bytes}};
}

std::vector<std::filesystem::path> training_files(const std::filesystem::path& folder) {
  return {model_path(folder), checkpoint_path(folder), history_path(folder), page_path(folder)};
}

void save_training(const std::filesystem::path& folder, const Trainer& trainer, const TrainReport& report) {
  trainer.model().save(model_path(folder));
  write_file_atomic(history_path(folder), train_json(report));
  write_file_atomic(page_path(folder), train_html(report));
  print_line(fmt::format("wrote {0}/model.onnx, {0}/history.json, {0}/report.html", folder.string()));
}

nlohmann::ordered_json epochs_json(const std::vector<EpochRecord>& epochs) {
  Json list = Json::array();
  for (const EpochRecord& e : epochs) {
    Json row = {{"epoch", e.epoch + 1},
                {"loss", e.loss},
                {"train_accuracy_fraction", e.accuracy},
                {"lr", e.lr},
                {"loss_scale", e.loss_scale},
                {"images_per_s", e.images_per_s},
                {"skipped_steps", e.skipped_steps}};
    if (e.test_accuracy) row["test_accuracy_fraction"] = *e.test_accuracy;
    list.push_back(std::move(row));
  }
  return list;
}

std::string loss_chart(const std::vector<Curve>& curves) {
  std::vector<Series> all;
  for (const Curve& c : curves) all.push_back(series(c, [](const EpochRecord& e) { return e.loss; }));
  return line_chart({"Training loss", "epoch", "loss"}, all);
}

std::string accuracy_chart(const std::vector<Curve>& curves) {
  std::vector<Series> all;
  for (const Curve& c : curves)
    all.push_back(
        series(c, [](const EpochRecord& e) { return e.test_accuracy.value_or(kNotMeasured) * 100; }));
  return line_chart({"Test accuracy", "epoch", "%"}, all);
}

}  // namespace twofour::cli
