// Rng: a small counter-based generator (SplitMix64, Steele et al., OOPSLA 2014). The same seed gives the same
// stream on every machine; state() and the constructor make it resumable.
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>
#include <utility>

namespace twofour {

class Rng {
 public:
  explicit Rng(uint64_t seed) : state_(seed) {}
  /// An independent stream for item `index` of the same seed.
  static Rng stream(uint64_t seed, uint64_t index) {
    return Rng(Rng(seed ^ (index * 0xd1342543de82ef95ULL)).next());
  }

  uint64_t next() {
    uint64_t z = state_ += 0x9e3779b97f4a7c15ULL;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }
  /// In [0, 1).
  float uniform() { return static_cast<float>(next() >> 40) * 0x1p-24f; }
  float uniform(float low, float high) { return low + (high - low) * uniform(); }
  /// In [0, n); n > 0.
  uint64_t below(uint64_t n) {
    return static_cast<uint64_t>((static_cast<unsigned __int128>(next()) * n) >> 64);
  }
  /// Standard normal (Box-Muller).
  float normal() {
    const float radius = std::sqrt(-2.0F * std::log(1.0F - uniform()));
    return radius * std::cos(2.0F * std::numbers::pi_v<float> * uniform());
  }
  template <typename Span>
  void shuffle(Span&& items) {
    for (size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[below(i)]);
  }
  uint64_t state() const { return state_; }

 private:
  uint64_t state_;
};

}  // namespace twofour
