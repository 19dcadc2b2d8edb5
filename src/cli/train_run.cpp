#include "cli/train_run.h"

#include <fmt/format.h>

#include "cli/console.h"

namespace twofour::cli {
namespace {

std::string epoch_line(const TrainRun& run, const EpochRecord& e) {
  std::string line = fmt::format("{} epoch {}/{}: loss {:.4f}, train {:.2f} %", run.title, e.epoch + 1,
                                 run.epochs, e.loss, e.accuracy * 100);
  if (e.test_accuracy) line += fmt::format(", test {:.2f} %", *e.test_accuracy * 100);
  line += fmt::format(", lr {:.4g}, {:.0f} images/s", e.lr, e.images_per_s);
  if (e.loss_scale > 0) line += fmt::format(", loss scale {:.0f}", e.loss_scale);
  if (e.skipped_steps > 0) line += fmt::format(" ({} steps skipped: gradients not finite)", e.skipped_steps);
  return line;
}

}  // namespace

std::filesystem::path model_path(const std::filesystem::path& output) { return output / "model.onnx"; }

std::filesystem::path checkpoint_path(const std::filesystem::path& output) {
  return output / "checkpoint.safetensors";
}

void train_epochs(Trainer& trainer, const TrainRun& run) {
  while (trainer.epoch() < run.epochs) {
    ProgressBar bar(fmt::format("{} epoch {}/{}", run.title, trainer.epoch() + 1, run.epochs));
    trainer.train_epoch([&](const Progress& p) {
      bar.update(p.batches_done, p.batches,
                 fmt::format("loss {:.4f} {:.1f} % {:.0f} images/s", p.totals.loss(),
                             p.totals.accuracy() * 100, p.totals.images_per_s()));
    });
    const auto save_checkpoint = [&] {
      if (!run.output.empty()) trainer.save(checkpoint_path(run.output));
    };
    save_checkpoint();
    if (!run.output.empty()) trainer.model().save(model_path(run.output));
    if (run.test) {
      trainer.evaluate(*run.test);
      save_checkpoint();  // with the accuracy in its history
    }
    bar.finish(epoch_line(run, trainer.history().back()));
  }
}

}  // namespace twofour::cli
