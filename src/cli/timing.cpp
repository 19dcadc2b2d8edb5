#include "cli/timing.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <numeric>

#include "twofour/error.h"

namespace twofour::cli {
namespace {

using Clock = std::chrono::steady_clock;

double ms_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

void copy(const Tensor& from, const Tensor& to) { std::memcpy(to.raw(), from.raw(), from.size_bytes()); }

// An engine with its own context and, on the outside, the tensors a caller would have.
class Session {
 public:
  Session(const Engine& engine, const Inputs& inputs) : context_(engine.context()) {
    for (const TensorInfo& info : engine.inputs()) {
      host_inputs_.push_back(inputs.at(info.name));
      inputs_.push_back(context_.tensor(info.name));
      copy(host_inputs_.back(), inputs_.back());
    }
    for (const TensorInfo& info : engine.outputs()) {
      outputs_.push_back(context_.tensor(info.name));
      host_outputs_.emplace_back(info.dtype, info.shape);
    }
  }

  RunTime run(bool data_transfers) {
    RunTime time;
    auto start = Clock::now();
    if (data_transfers) {
      for (size_t i = 0; i < inputs_.size(); ++i) copy(host_inputs_[i], inputs_[i]);
      time.copy_in_ms = ms_since(start);
    }
    start = Clock::now();
    context_.run();
    time.compute_ms = ms_since(start);
    if (data_transfers) {
      start = Clock::now();
      for (size_t i = 0; i < outputs_.size(); ++i) copy(outputs_[i], host_outputs_[i]);
      time.copy_out_ms = ms_since(start);
    }
    return time;
  }

  void run_profiled(std::vector<double>& layer_us) { context_.run_profiled(layer_us); }

 private:
  Context context_;
  std::vector<Tensor> host_inputs_, inputs_, outputs_, host_outputs_;
};

double mean_of(const std::vector<double>& samples) {
  return std::accumulate(samples.begin(), samples.end(), 0.0) / static_cast<double>(samples.size());
}

}  // namespace

Timing time_engine(const Engine& engine, const Inputs& inputs, const TimingOptions& options) {
  if (options.iterations < 1 || !(options.duration_s >= 0) || !(options.warm_up_ms >= 0))
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("timing needs at least one iteration and no negative times, got {}, {} s, {} ms",
                            options.iterations, options.duration_s, options.warm_up_ms));
  Session session(engine, inputs);
  Timing timing;
  const auto warm_up = Clock::now();
  do {
    session.run(options.data_transfers);
    ++timing.warm_up_runs;
  } while (ms_since(warm_up) < options.warm_up_ms);
  const auto start = Clock::now();
  while (static_cast<int64_t>(timing.runs.size()) < options.iterations ||
         ms_since(start) < options.duration_s * 1e3)
    timing.runs.push_back(session.run(options.data_transfers));
  timing.wall_s = ms_since(start) / 1e3;
  return timing;
}

std::vector<double> profile_engine(const Engine& engine, const Inputs& inputs, int runs) {
  Session session(engine, inputs);
  std::vector<double> layer_us;
  session.run(true);
  for (int i = 0; i < runs; ++i) session.run_profiled(layer_us);
  return layer_us;
}

double median_of(std::vector<double> samples) {
  std::ranges::sort(samples);
  const size_t middle = samples.size() / 2;
  return samples.size() % 2 ? samples[middle] : (samples[middle - 1] + samples[middle]) / 2;
}

double percentile_of(std::vector<double> samples, float p) {
  std::ranges::sort(samples);
  const auto all = static_cast<int64_t>(samples.size());
  const int64_t index = all - 1 - static_cast<int64_t>((1 - p / 100) * static_cast<float>(all));
  return samples[static_cast<size_t>(std::clamp<int64_t>(index, 0, all - 1))];
}

std::string statistics_text(const std::vector<double>& samples_ms, const std::vector<float>& percentiles) {
  const auto [least, most] = std::ranges::minmax(samples_ms);
  std::string text = fmt::format("min = {:g} ms, max = {:g} ms, mean = {:g} ms, median = {:g} ms", least,
                                 most, mean_of(samples_ms), median_of(samples_ms));
  for (const float p : percentiles)
    text += fmt::format(", percentile({:g}%) = {:g} ms", p, percentile_of(samples_ms, p));
  return text;
}

double coefficient_of_variance(const std::vector<double>& samples) {
  const double mean = mean_of(samples);
  double sum = 0;
  for (const double s : samples) sum += (s - mean) * (s - mean);
  return mean > 0 ? std::sqrt(sum / static_cast<double>(samples.size())) / mean : 0;
}

Comparison compare_engines(const Engine& a, const Engine& b, double duration_s) {
  Session first(a, random_inputs(a));
  Session second(b, random_inputs(b));
  constexpr size_t kLeastRounds = 7;
  std::vector<double> a_ms, b_ms, ratios;
  first.run(false);
  second.run(false);
  const auto start = Clock::now();
  while (ratios.size() < kLeastRounds || ms_since(start) < duration_s * 1e3) {
    // The order alternates, so that neither always runs in the other's wake.
    const bool swap = ratios.size() % 2;
    if (swap) b_ms.push_back(second.run(false).compute_ms);
    a_ms.push_back(first.run(false).compute_ms);
    if (!swap) b_ms.push_back(second.run(false).compute_ms);
    ratios.push_back(a_ms.back() / b_ms.back());
  }
  return {median_of(a_ms), median_of(b_ms), median_of(ratios), static_cast<int>(ratios.size())};
}

}  // namespace twofour::cli
