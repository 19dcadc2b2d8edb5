#include "builder/timing.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>

#include "base/cpu.h"
#include "base/rng.h"
#include "builder/round_statistics.h"

namespace twofour::builder {
namespace {

using Clock = std::chrono::steady_clock;
using backend::NodeDesc;
using backend::TensorDesc;

double microseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::micro>(Clock::now() - start).count();
}

// Ordinary values: denormals and zeros can be faster or slower than what a network sees. Drawing all of a
// large tensor would take longer than timing it.
void fill(const ops::Domain& domain, const TensorDesc& desc, std::byte* data) {
  constexpr int64_t kMostDrawn = 1021;
  Rng rng(24);
  const size_t bytes = desc.size_bytes();
  const int64_t drawn = domain.values.empty() ? std::min(desc.shape.numel(), kMostDrawn) : desc.shape.numel();
  const Tensor pattern = ops::draw(domain, desc.dtype, {drawn}, rng);
  for (size_t offset = 0; offset < bytes; offset += pattern.size_bytes())
    std::memcpy(data + offset, pattern.raw(), std::min(pattern.size_bytes(), bytes - offset));
}

class Runner {
 public:
  explicit Runner(const Contender& contender) : cold_(contender.cold_weights) {
    packed_ = contender.tactic.pack(contender.node);
    kernel_ = contender.tactic.create(contender.node, packed_);
    for (size_t i = 0; i < contender.node.inputs.size(); ++i) src_.push_back(source(contender, i));
    for (size_t i = 0; i < contender.node.outputs.size(); ++i) dst_.push_back(target(contender, i));
    scratch_ = allocate_aligned(kernel_->scratch_bytes());
  }

  double run_us() const {
    if (cold_) evict_constants();
    for (const Overwritten& input : overwritten_) std::memcpy(input.buffer, input.values.get(), input.bytes);
    const auto start = Clock::now();
    kernel_->run({src_, dst_, scratch_.get()});
    return microseconds_since(start);
  }

 private:
  void evict_constants() const {
    for (const std::vector<Tensor>* constants : {&plain_, &packed_})
      for (const Tensor& tensor : *constants) evict_from_caches({tensor.raw(), tensor.size_bytes()});
    for (const auto data : kernel_->own_constants()) evict_from_caches(data);
  }

  const std::byte* source(const Contender& contender, size_t i) {
    const NodeDesc::Input& input = contender.node.inputs[i];
    if (!input.present) return nullptr;
    if (input.data.defined()) return plain_.emplace_back(input.data).raw();
    std::byte* data = keep(allocate_aligned(input.desc.size_bytes()));
    fill(contender.domains.empty() ? ops::undeclared(input.desc.dtype) : contender.domains[i], input.desc,
         data);
    return data;
  }
  std::byte* target(const Contender& contender, size_t output) {
    const size_t bytes = contender.node.outputs[output].size_bytes();
    const auto donor = contender.donor(output);
    if (!donor) return keep(allocate_aligned(bytes));
    Overwritten input{const_cast<std::byte*>(src_[*donor]), allocate_aligned(bytes), bytes};
    std::memcpy(input.values.get(), input.buffer, bytes);
    overwritten_.push_back(input);
    return input.buffer;
  }
  std::byte* keep(std::shared_ptr<std::byte> buffer) {
    return buffers_.emplace_back(std::move(buffer)).get();
  }

  std::unique_ptr<backend::Kernel> kernel_;
  std::vector<Tensor> plain_, packed_;  // constants
  std::vector<std::shared_ptr<std::byte>> buffers_;
  std::vector<const std::byte*> src_;
  std::vector<std::byte*> dst_;
  std::shared_ptr<std::byte> scratch_;
  struct Overwritten {
    std::byte* buffer;
    std::shared_ptr<std::byte> values;
    size_t bytes;
  };
  std::vector<Overwritten> overwritten_;  // inputs, written anew before every run
  bool cold_;
};

/// Rounds end after the first that exceeds the budget so often, whatever the least is.
constexpr double kMostBudgets = 8;

/// Contenders that still run, and their rounds.
class Race {
 public:
  explicit Race(std::span<const Contender> contenders)
      : failures_(contenders.size()), first_us_(contenders.size(), kFailedUs) {
    runners_.reserve(contenders.size());
    for (size_t i = 0; i < contenders.size(); ++i)
      attempt(i, [&] {
        Runner runner(contenders[i]);
        first_us_[i] = runner.run_us();  // first touch and lazy initialisation count
        runners_.push_back(std::move(runner));
        running_.push_back(i);
        rounds_.emplace_back();
      });
    drop_far_slower();
  }

  size_t size() const { return running_.size(); }
  /// Of the fastest that still runs; there is one.
  double first_us() const {
    double least = first_us_[running_[0]];
    for (const size_t i : running_) least = std::min(least, first_us_[i]);
    return least;
  }

  void run_round() {
    for (size_t k = 0; k < running_.size();) {
      const bool ran = attempt(running_[k], [&] { rounds_[k].push_back(runners_[k].run_us()); });
      if (ran) ++k;
      else drop(k);
    }
  }

  const Rounds& rounds() const { return rounds_; }
  Timings result() const {
    Timings timings{first_us_, failures_, false};
    for (size_t i = 0; i < failures_.size(); ++i)
      if (!failures_[i].empty()) timings.us[i] = kFailedUs;
    if (rounds_.empty() || rounds_[0].empty()) return timings;
    const std::vector<double> us = believed_us(rounds_);
    for (size_t k = 0; k < running_.size(); ++k) timings.us[running_[k]] = us[k];
    timings.disturbed = is_disturbed(rounds_);
    return timings;
  }

 private:
  template <typename Fn>
  bool attempt(size_t contender, const Fn& fn) {
    try {
      fn();
      return true;
    } catch (const std::exception& error) {
      failures_[contender] = error.what();
      return false;
    }
  }

  /// Those whose first run was far slower than the fastest one's keep that time.
  void drop_far_slower() {
    if (running_.empty()) return;
    constexpr double kFar = 6;
    constexpr double kShortUs = 2e3;  // initialisation may take as long
    const double limit = std::max(kShortUs, kFar * first_us());
    for (size_t k = running_.size(); k-- > 0;)
      if (first_us_[running_[k]] > limit) drop(k);
  }

  void drop(size_t k) {
    const auto at = static_cast<ptrdiff_t>(k);
    runners_.erase(runners_.begin() + at);
    running_.erase(running_.begin() + at);
    rounds_.erase(rounds_.begin() + at);
  }

  std::vector<Runner> runners_;
  std::vector<size_t> running_;  // the contender of each runner
  Rounds rounds_;
  std::vector<std::string> failures_;  // by contender
  std::vector<double> first_us_;       // by contender
};

bool has_constants(const NodeDesc& node) {
  return std::ranges::any_of(node.inputs, [](const NodeDesc::Input& input) { return input.constant; });
}

}  // namespace

std::optional<size_t> Contender::donor(size_t output) const {
  const auto gives = [&](size_t input) {
    return tactic.in_place(node, input, output) &&
           node.inputs[input].desc.size_bytes() == node.outputs[output].size_bytes();
  };
  const auto it = std::ranges::find_if(dying, gives);
  return it == dying.end() ? std::nullopt : std::optional(*it);
}

std::string Contender::key() const {
  std::string key = tactic.name() + " " + node.signature();
  if (cold_weights && has_constants(node)) key += " cold";
  for (size_t i = 0; i < node.outputs.size(); ++i)
    if (const auto input = donor(i)) key += fmt::format(" {}<-{}", i, *input);
  return key;
}

TimingEffort effort_of(const TuningOptions& tuning) {
  if (tuning.rounds > 0) {
    const auto rounds = static_cast<size_t>(tuning.rounds);
    return {rounds, rounds, 0};
  }
  constexpr std::array<TimingEffort, 5> kLevels = {
      {{1, 5, 3e3}, {2, 12, 10e3}, {3, 25, 30e3}, {5, 50, 100e3}, {9, 100, 300e3}}};
  return kLevels[static_cast<size_t>(std::clamp(tuning.level, 1, 5) - 1)];
}

Timings time_contenders(std::span<const Contender> contenders, const TimingEffort& effort) {
  Race race(contenders);
  const double budget_us = effort.budget_us * static_cast<double>(race.size());
  if (race.size() == 1 && race.first_us() > budget_us && effort.budget_us > 0) return race.result();
  const auto start = Clock::now();
  for (size_t round = 0; round < effort.most_rounds && race.size() > 0; ++round) {
    const double spent_us = microseconds_since(start);
    if (round > 0 && budget_us > 0 && spent_us > kMostBudgets * budget_us) break;
    if (round >= effort.least_rounds && (spent_us > budget_us || is_settled(race.rounds()))) break;
    race.run_round();
  }
  return race.result();
}

}  // namespace twofour::builder
