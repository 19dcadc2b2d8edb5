// The timing cache: measured times of tactics, within a build and, in a file, across builds. The file is
// JSON:
//
//   {"kind": "twofour timing cache 1",
//    "devices": {"cpu, AMD EPYC family 26 model 2, avx512, 2 threads, twofour 0.1.0": {"onednn.conv Conv
//    ...": 12.5, ...}}}
//
// Microseconds by Contender::key(), -1 for what failed while it was timed. Times hold for one device, thread
// count and version; those of others are kept when the file is written, and not used.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "builder/timing.h"

namespace twofour::builder {

class TimingCache {
 public:
  /// Empty, for the device as it is now.
  explicit TimingCache(const backend::Backend& backend);
  /// The file's times, or none when it does not exist. Throws Error{kDataCorrupt} on anything but a timing
  /// cache: such a file is never overwritten.
  static TimingCache load(const std::filesystem::path& path, const backend::Backend& backend);

  std::optional<double> find(const Contender& contender) const;
  void set(const Contender& contender, double time_us);
  /// Times of this device.
  size_t size() const;
  /// Whether there are times that load() did not bring.
  bool changed() const { return changed_; }

  /// Writes the file atomically. Times that others wrote there meanwhile are kept. Throws as load() does, and
  /// Error{kIo}.
  void save(const std::filesystem::path& path, const backend::Backend& backend) const;

 private:
  using Times = std::map<std::string, double>;

  std::string device_;
  std::map<std::string, Times> devices_;
  bool changed_ = false;
};

/// Null for an empty path. Throws as TimingCache::load does.
std::shared_ptr<TimingCache> open_timing_cache(const std::filesystem::path& path,
                                               const backend::Backend& backend);
/// Saves what was timed since; null is nothing. A file that cannot be written is worth a warning, not an
/// error.
void keep_timing_cache(const TimingCache* cache, const std::filesystem::path& path,
                       const backend::Backend& backend);

}  // namespace twofour::builder
