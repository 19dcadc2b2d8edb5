#include "data/image_files.h"

#include <algorithm>
#include <cctype>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"

namespace twofour::data {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLayout = "expected <folder>/<class>/*.jpg, *.jpeg or *.png";

bool is_hidden(const fs::path& path) { return path.filename().string().starts_with('.'); }

bool has_image_extension(const fs::path& path) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return extension == ".jpg" || extension == ".jpeg" || extension == ".png";
}

/// The entries of `dir` that `wanted` accepts, sorted by name.
template <typename Wanted>
std::vector<fs::path> sorted_entries(const fs::path& dir, Wanted&& wanted) {
  std::error_code error;
  std::vector<fs::path> paths;
  for (fs::directory_iterator it(dir, error), end; !error && it != end; it.increment(error))
    if (!is_hidden(it->path()) && wanted(*it)) paths.push_back(it->path());
  TWOFOUR_CHECK(!error, kIo, "cannot list {}: {}", dir.string(), error.message());
  std::sort(paths.begin(), paths.end());
  return paths;
}

bool is_folder(const fs::directory_entry& entry) {
  std::error_code error;
  return entry.is_directory(error);
}

bool is_image(const fs::directory_entry& entry) {
  std::error_code error;
  return has_image_extension(entry.path()) && entry.is_regular_file(error);
}

}  // namespace

ImageFiles list_image_files(const fs::path& dir) {
  std::error_code error;
  TWOFOUR_CHECK(fs::is_directory(dir, error), kNotFound, "{} is not a folder that can be read; {}",
                dir.string(), kLayout);
  ImageFiles found;
  for (const fs::path& folder : sorted_entries(dir, is_folder)) {
    const auto label = static_cast<int64_t>(found.class_names.size());
    found.class_names.push_back(folder.filename().string());
    const size_t before = found.files.size();
    for (fs::path& path : sorted_entries(folder, is_image)) found.files.push_back({std::move(path), label});
    if (found.files.size() == before) log_warning("{}: class folder without images", folder.string());
  }
  TWOFOUR_CHECK(!found.class_names.empty(), kNotFound, "{} has no class folders; {}", dir.string(), kLayout);
  TWOFOUR_CHECK(!found.files.empty(), kNotFound, "the class folders of {} hold no images; {}", dir.string(),
                kLayout);
  return found;
}

bool looks_like_image_folder(const fs::path& dir) {
  std::error_code error;
  if (!fs::is_directory(dir, error)) return false;
  const auto folders = sorted_entries(dir, is_folder);
  return std::any_of(folders.begin(), folders.end(),
                     [](const fs::path& folder) { return !sorted_entries(folder, is_image).empty(); });
}

Image read_image(const fs::path& path, const DecodeLimits& limits) {
  return decode_image(MappedFile::open(path)->bytes(), limits);
}

void fit_planes(const Image& image, const Shape& shape, double crop_fraction, std::span<uint8_t> dst_chw) {
  to_planes(convert_channels(fit_image(image, shape[1], shape[2], crop_fraction), shape[0]), dst_chw);
}

}  // namespace twofour::data
