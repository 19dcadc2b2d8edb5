#include "cli/train_run.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/console.h"

namespace twofour::cli {
namespace {

std::string epoch_line(const TrainRun& run, const EpochResult& result) {
  const EpochRecord& e = result.train;
  std::string line = fmt::format("{} epoch {}/{}: loss {:.4f}, train {:.2f} %", run.title, e.epoch + 1,
                                 run.epochs, e.loss, e.accuracy * 100);
  if (result.test_accuracy >= 0) line += fmt::format(", test {:.2f} %", result.test_accuracy * 100);
  line += fmt::format(", lr {:.4g}, {:.0f} images/s", e.lr, e.images_per_s);
  if (e.loss_scale > 0) line += fmt::format(", loss scale {:.0f}", e.loss_scale);
  if (e.skipped_steps > 0)
    line += fmt::format(" ({} steps skipped while the loss scale settles)", e.skipped_steps);
  return line;
}

}  // namespace

std::vector<EpochResult> train_epochs(Trainer& trainer, const TrainRun& run) {
  std::vector<EpochResult> results;
  while (trainer.epoch() < run.epochs) {
    ProgressBar bar(fmt::format("{} epoch {}/{}", run.title, trainer.epoch() + 1, run.epochs));
    EpochResult result{trainer.train_epoch([&](const Progress& p) {
      bar.update(p.batches_done, p.batches,
                 fmt::format("loss {:.4f} {:.1f} % {:.0f} images/s", p.totals.loss(),
                             p.totals.accuracy() * 100, p.totals.images_per_s()));
    })};
    if (run.test) result.test_accuracy = evaluate(trainer.model(), *run.test).accuracy();
    if (!run.checkpoint.empty()) trainer.save(run.checkpoint);
    bar.finish(epoch_line(run, result));
    results.push_back(result);
  }
  return results;
}

std::string history_json(const std::vector<EpochResult>& results) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const EpochResult& result : results) {
    const EpochRecord& e = result.train;
    nlohmann::ordered_json row = {{"epoch", e.epoch + 1},
                                  {"loss", e.loss},
                                  {"train_accuracy_fraction", e.accuracy},
                                  {"lr", e.lr},
                                  {"loss_scale", e.loss_scale},
                                  {"images_per_s", e.images_per_s},
                                  {"skipped_steps", e.skipped_steps}};
    if (result.test_accuracy >= 0) row["test_accuracy_fraction"] = result.test_accuracy;
    list.push_back(std::move(row));
  }
  return nlohmann::ordered_json{{"epochs", std::move(list)}}.dump(1) + "\n";
}

}  // namespace twofour::cli
