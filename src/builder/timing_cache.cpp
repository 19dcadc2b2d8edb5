#include "builder/timing_cache.h"

#include <cmath>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/parallel.h"
#include "twofour/version.h"

namespace twofour::builder {
namespace {

constexpr std::string_view kKind = "twofour timing cache 1";

std::string device_key(const backend::Backend& backend) {
  return fmt::format("{}, {}, {} threads, twofour {}", backend.name(), backend.device(), max_threads(),
                     kVersion);
}

std::map<std::string, double> times_from_json(const Json& json) {
  std::map<std::string, double> times;
  for (const auto& [key, value] : json.items()) {
    const double time_us = value.get<double>();
    TWOFOUR_CHECK(std::isfinite(time_us) && (time_us >= 0 || time_us == kFailedUs), kDataCorrupt,
                  "\"{}\" has the time {}", key, time_us);
    times[key] = time_us;
  }
  return times;
}

std::map<std::string, std::map<std::string, double>> parse(const std::filesystem::path& path) {
  const auto what = [&] { return fmt::format("reading timing cache {}", path.string()); };
  return with_context(what, [&] {
    try {
      const Json json = parse_json(read_file(path), "it");
      TWOFOUR_CHECK(json.is_object() && json.contains("kind") && json.at("kind") == kKind, kDataCorrupt,
                    "it is not a timing cache of this version");
      std::map<std::string, std::map<std::string, double>> devices;
      for (const auto& [device, times] : json.at("devices").items()) devices[device] = times_from_json(times);
      return devices;
    } catch (const Json::exception& error) {
      fail(ErrorCode::kDataCorrupt, "it is malformed: {}", error.what());
    }
  });
}

}  // namespace

TimingCache::TimingCache(const backend::Backend& backend) : device_(device_key(backend)) {}

TimingCache TimingCache::load(const std::filesystem::path& path, const backend::Backend& backend) {
  TimingCache cache(backend);
  if (std::filesystem::exists(path)) cache.devices_ = parse(path);
  return cache;
}

std::optional<double> TimingCache::find(const Contender& contender) const {
  const auto times = devices_.find(device_);
  if (times == devices_.end()) return std::nullopt;
  const auto it = times->second.find(contender.key());
  return it == times->second.end() ? std::nullopt : std::optional(it->second);
}

void TimingCache::set(const Contender& contender, double time_us) {
  devices_[device_][contender.key()] = time_us;
  changed_ = true;
}

size_t TimingCache::size() const {
  const auto times = devices_.find(device_);
  return times == devices_.end() ? 0 : times->second.size();
}

void TimingCache::save(const std::filesystem::path& path, const backend::Backend& backend) const {
  TimingCache file = load(path, backend);
  if (const auto own = devices_.find(device_); own != devices_.end())
    for (const auto& [key, time_us] : own->second) file.devices_[device_][key] = time_us;
  const Json json = {{"kind", kKind}, {"devices", file.devices_}};
  write_file_atomic(path, json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n");
}

std::shared_ptr<TimingCache> open_timing_cache(const std::filesystem::path& path,
                                               const backend::Backend& backend) {
  return path.empty() ? nullptr : std::make_shared<TimingCache>(TimingCache::load(path, backend));
}

void keep_timing_cache(const TimingCache* cache, const std::filesystem::path& path,
                       const backend::Backend& backend) {
  if (!cache || !cache->changed()) return;
  try {
    cache->save(path, backend);
  } catch (const Error& error) {
    log_warning("the timing cache is not kept: {}", error.what());
  }
}

}  // namespace twofour::builder
