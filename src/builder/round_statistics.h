// What can be said of contenders that ran in turn, round by round, on a machine that does other things too.
#pragma once

#include <span>
#include <vector>

namespace twofour::builder {

/// Microseconds: one list per contender, of equal lengths, at least one round long.
using Rounds = std::vector<std::vector<double>>;

/// Of the ratios a / b, round by round, so that a slow phase of the machine falls out.
struct Ratio {
  double median = 1;
  double noise = 0;  // 19 of 20 medians of so many rounds lie within median +- noise
};
Ratio ratio_of(std::span<const double> a, std::span<const double> b);

/// Other work on the machine touches these only when it takes three quarters of the rounds.
std::vector<double> lower_quartiles(const Rounds& rounds);

/// A time for every contender: the lower quartile of its rounds. A contender that the rounds cannot tell from
/// a faster one gets the time of that one.
std::vector<double> believed_us(const Rounds& rounds);

/// More rounds would hardly change a decision: every contender is clearly slower than the fastest, or its
/// ratio to it is known to a hundredth.
bool is_settled(const Rounds& rounds);

/// Even the lower quartile of the fastest contender is far from its best time.
bool is_disturbed(const Rounds& rounds);

}  // namespace twofour::builder
