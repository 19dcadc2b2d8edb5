#include "train/benchmark.h"

#include <chrono>
namespace twofour::train {
namespace {

using Clock = std::chrono::steady_clock;

double seconds(Clock::duration duration) { return std::chrono::duration<double>(duration).count(); }

class Meter {
 public:
  Meter(int64_t batch_size, int64_t display_every, const LineCallback& line)
      : batch_size_(batch_size), display_every_(display_every), line_(line) {}

  void step_done() {
    ++steps_;
    if (steps_ == 1) first_step_ = Clock::now() - start_;
    if (steps_ % display_every_ != 0) return;
    const auto now = Clock::now();
    print(fmt::format("global_step: {} images_per_sec: {:.1f}", steps_,
                      images_per_s(display_every_, seconds(now - last_line_))));
    last_line_ = now;
  }

  void epoch_done(int64_t epoch) {
    const auto now = Clock::now();
    print(fmt::format("epoch: {} time_taken: {:.1f}", epoch, seconds(now - epoch_start_)));
    epoch_start_ = now;
  }

  int64_t steps() const { return steps_; }

  BenchmarkResult result() const {
    const auto total = Clock::now() - start_;
    const bool warm = steps_ > 1;
    return {steps_, seconds(total),
            images_per_s(warm ? steps_ - 1 : steps_, seconds(warm ? total - first_step_ : total))};
  }

 private:
  void print(const std::string& text) const {
    if (line_) line_(text);
  }
  double images_per_s(int64_t steps, double time_s) const {
    return time_s > 0 ? static_cast<double>(steps * batch_size_) / time_s : 0;
  }

  const int64_t batch_size_;
  const int64_t display_every_;
  const LineCallback& line_;
  const Clock::time_point start_ = Clock::now();
  Clock::duration first_step_{};
  Clock::time_point last_line_ = start_;
  Clock::time_point epoch_start_ = start_;
  int64_t steps_ = 0;
};

}  // namespace

BenchmarkResult run_benchmark(Trainer& trainer, const BenchmarkOptions& options, const LineCallback& line) {
  TWOFOUR_CHECK(options.num_iter > 0 && options.display_every > 0, kInvalidArgument,
                "num_iter is {} and display_every {}, expected at least 1", options.num_iter,
                options.display_every);
  const int64_t batches = trainer.loader().batches_per_epoch();
  const int64_t steps = options.unit == IterUnit::kBatch ? options.num_iter : options.num_iter * batches;
  Meter meter(trainer.batch_size(), options.display_every, line);
  while (meter.steps() < steps) {
    trainer.step();
    meter.step_done();
    if (trainer.position().batch == batches) meter.epoch_done(trainer.position().epoch);
  }
  return meter.result();
}

}  // namespace twofour::train
