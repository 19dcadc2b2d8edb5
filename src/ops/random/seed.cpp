#include "ops/random/seed.h"

#include <atomic>
#include <random>

#include "base/rng.h"

namespace twofour::ops {

uint64_t seed_of(const Attrs& attrs) {
  if (attrs.has("seed")) return static_cast<uint64_t>(attrs.i("seed", 0));
  static const uint64_t process = uint64_t{std::random_device()()} << 32 | std::random_device()();
  static std::atomic<uint64_t> calls{0};
  return Rng::stream(process, calls++).next();
}

}  // namespace twofour::ops
