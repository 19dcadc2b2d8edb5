// A folder for one test, and the image files that tests make themselves.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "base/rng.h"
#include "data/image_codec.h"

namespace twofour::data {

/// Gone, with all content, at the end of the test.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "twofour-data.XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }
  /// Writes <folder>/<name>, making the folders above it.
  std::filesystem::path write(const std::filesystem::path& name, std::string_view content) const {
    auto path = path_ / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << content;
    return path;
  }

 private:
  std::filesystem::path path_;
};

inline std::span<const std::byte> as_bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

inline Image random_image(int64_t height, int64_t width, int64_t channels, uint64_t seed) {
  Image image(height, width, channels);
  Rng rng(seed);
  for (auto& value : image.pixels) value = static_cast<uint8_t>(rng.below(256));
  return image;
}

inline Image flat_image(int64_t height, int64_t width, uint8_t r, uint8_t g, uint8_t b) {
  Image image(height, width, 3);
  for (size_t i = 0; i < image.pixels.size(); i += 3) {
    image.pixels[i] = r;
    image.pixels[i + 1] = g;
    image.pixels[i + 2] = b;
  }
  return image;
}

/// Baseline or progressive JPEG. 1 channel: grey; 3: RGB; 4: CMYK as Adobe writes it.
std::string encode_jpeg(const Image& image, bool progressive = false);

inline std::string big_endian(uint32_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16), static_cast<char>(value >> 8),
          static_cast<char>(value)};
}

}  // namespace twofour::data
