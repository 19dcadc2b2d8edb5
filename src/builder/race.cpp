#include "builder/race.h"

#include <algorithm>
#include <array>
#include <chrono>

#include "base/cpu.h"
#include "base/error.h"
#include "builder/round_statistics.h"
#include "engine/random_inputs.h"

namespace twofour::builder {
namespace {

using Clock = std::chrono::steady_clock;
using engine::Engine;

constexpr size_t kLeastRounds = 7;
constexpr size_t kMostRounds = 2000;
constexpr uint64_t kSeed = 24;

double budget_us(const TuningOptions& tuning) {
  constexpr std::array<double, 5> kLevels = {0.1e6, 0.3e6, 1e6, 3e6, 10e6};
  return kLevels[static_cast<size_t>(std::clamp(tuning.level, 1, 5) - 1)];
}

double us_since(Clock::time_point start) {
  return std::chrono::duration<double, std::micro>(Clock::now() - start).count();
}

/// `ratio`: a competitor's time / that of the first.
bool wins(const Ratio& ratio, double noise_fraction) {
  return ratio.median + ratio.noise < 1 - noise_fraction;
}
bool loses(const Ratio& ratio) { return ratio.median - ratio.noise > 1; }

bool is_decided(const Rounds& rounds, double noise_fraction) {
  return std::ranges::all_of(rounds.begin() + 1, rounds.end(), [&](const std::vector<double>& us) {
    const Ratio ratio = ratio_of(us, rounds[0]);
    return wins(ratio, noise_fraction) || loses(ratio);
  });
}

std::vector<Standing> standings_of(const Rounds& rounds, double noise_fraction) {
  std::vector<Standing> standings;
  for (const double us : lower_quartiles(rounds)) {
    const Ratio ratio = ratio_of(rounds[standings.size()], rounds[0]);
    standings.push_back({us, 1 / ratio.median, wins(ratio, noise_fraction)});
  }
  return standings;
}

}  // namespace

Competitor::Competitor(const Built& built, const backend::Backend& backend) {
  const auto engine = Engine::create(built.plan, built.sections, backend);
  context_ = engine->create_context();
  for (auto& [name, tensor] : engine::random_inputs(*engine, {}, kSeed)) context_->bind(name, tensor);
}

double Competitor::run_us() {
  const auto start = Clock::now();
  context_->run();
  return us_since(start);
}

std::vector<Standing> race(std::span<Competitor* const> competitors, const Options& options) {
  const size_t count = competitors.size();
  Rounds rounds(count);
  for (Competitor* competitor : competitors) competitor->run_us();  // first touch
  const auto start = Clock::now();
  for (size_t round = 0; round < kMostRounds; ++round) {
    // The order rotates, so that none always runs in another's wake.
    for (size_t turn = 0; turn < count; ++turn) {
      const size_t i = (round + turn) % count;
      rounds[i].push_back(competitors[i]->run_us());
    }
    if (round + 1 < kLeastRounds) continue;
    if (is_decided(rounds, options.noise_fraction) || us_since(start) > budget_us(options.tuning)) break;
  }
  return standings_of(rounds, options.noise_fraction);
}

void check_memory(std::span<const BuildReport* const> reports) {
  size_t bytes = 0;
  for (const BuildReport* report : reports) bytes += report->weights_bytes + report->arena_bytes;
  TWOFOUR_CHECK(bytes <= memory_bytes() / 2, kResourceExhausted, "{} engines would take {} MiB",
                reports.size(), bytes >> 20);
}

}  // namespace twofour::builder
