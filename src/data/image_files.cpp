#include "data/image_files.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"

namespace twofour::data {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLayout =
    "expected <folder>/<class>/ with .jpg, .jpeg, .png, .webp, .bmp, .tif or .tiff files in it or below";
constexpr std::array<std::string_view, 7> kExtensions = {".jpg", ".jpeg", ".png", ".webp",
                                                         ".bmp", ".tif",  ".tiff"};
constexpr std::array<std::string_view, 4> kSplitNames = {"train", "test", "val", "validation"};
constexpr int kDeepest = 32;  // a link that leads back goes on for ever

std::string extension_of(const fs::path& path) {
  std::string extension = path.extension().string();
  std::ranges::transform(extension, extension.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return extension;
}

bool has_image_extension(const fs::path& path) {
  return std::ranges::find(kExtensions, extension_of(path)) != kExtensions.end();
}

struct Listing {
  std::vector<fs::path> folders, files;
};

/// What `dir` holds, hidden names apart, sorted by name.
Listing list(const fs::path& dir) {
  std::error_code error;
  std::error_code ignored;
  Listing found;
  for (fs::directory_iterator it(dir, error), end; !error && it != end; it.increment(error)) {
    if (it->path().filename().string().starts_with('.')) continue;
    if (it->is_directory(ignored)) found.folders.push_back(it->path());
    else if (it->is_regular_file(ignored)) found.files.push_back(it->path());
  }
  TWOFOUR_CHECK(!error, kIo, "cannot list {}: {}", dir.string(), error.message());
  std::ranges::sort(found.folders);
  std::ranges::sort(found.files);
  return found;
}

/// fn(path) for every file below `dir`, a folder's own before those of its folders, until it returns false.
template <typename Fn>
bool walk(const fs::path& dir, Fn&& fn, int depth = 0) {
  TWOFOUR_CHECK(depth < kDeepest, kInvalidArgument, "{} lies more than {} folders deep", dir.string(),
                kDeepest);
  const Listing found = list(dir);
  return std::ranges::all_of(found.files, fn) &&
         std::ranges::all_of(found.folders, [&](const fs::path& sub) { return walk(sub, fn, depth + 1); });
}

int64_t label_of(const fs::path& folder, const std::vector<std::string>& names) {
  const auto it = std::ranges::find(names, folder.filename().string());
  TWOFOUR_CHECK(it != names.end(), kInvalidArgument, "{}: \"{}\" is none of the {} classes {}",
                folder.string(), folder.filename().string(), names.size(), fmt::join(names, ", "));
  return it - names.begin();
}

std::vector<std::string> names_of(const std::vector<fs::path>& folders) {
  std::vector<std::string> names;
  for (const fs::path& folder : folders) names.push_back(folder.filename().string());
  return names;
}

/// `class_names`, or the names of the `folders` where those count.
std::vector<std::string> classes_of(const fs::path& dir, const std::vector<fs::path>& folders,
                                    const std::vector<std::string>& class_names, bool own_classes) {
  const std::vector<std::string> own = names_of(folders);
  if (class_names.empty()) return own;
  const auto known = [&](const std::string& name) {
    return std::ranges::find(class_names, name) != class_names.end();
  };
  if (!own_classes || std::ranges::all_of(own, known)) return class_names;
  log_info("the classes of {} are not the model's ({}): its labels are now {}", dir.string(),
           fmt::join(class_names, ", "), fmt::join(own, ", "));
  return own;
}

}  // namespace

ImageFiles list_image_files(const fs::path& dir, const std::vector<std::string>& class_names,
                            bool own_classes) {
  std::error_code error;
  TWOFOUR_CHECK(fs::is_directory(dir, error), kNotFound, "{} is not a folder that can be read; {}",
                dir.string(), kLayout);
  Listing top = list(dir);
  TWOFOUR_CHECK(!top.folders.empty(), kNotFound, "{} has no class folders; {}", dir.string(), kLayout);
  ImageFiles found;
  found.class_names = classes_of(dir, top.folders, class_names, own_classes);
  found.left_out = std::move(top.files);
  for (const fs::path& folder : top.folders) {
    const int64_t label = label_of(folder, found.class_names);
    const size_t before = found.files.size();
    walk(folder, [&](const fs::path& path) {
      if (has_image_extension(path)) found.files.push_back({path, label});
      else found.left_out.push_back(path);
      return true;
    });
    if (found.files.size() == before) log_warning("{}: class folder without images", folder.string());
  }
  TWOFOUR_CHECK(!found.files.empty(), kNotFound, "the class folders of {} hold no images; {}", dir.string(),
                kLayout);
  std::ranges::stable_sort(found.files, {}, &ImageFile::label);
  return found;
}

std::string left_out_text(const std::vector<fs::path>& left_out) {
  if (left_out.empty()) return "";
  std::map<std::string, size_t> counts;
  for (const fs::path& path : left_out) ++counts[extension_of(path)];
  std::vector<std::string> kinds;
  for (const auto& [extension, count] : counts)
    kinds.push_back(fmt::format("{} {}", extension.empty() ? "no extension" : extension, count));
  return fmt::format("{} {} left out ({}), the first is {}", left_out.size(),
                     left_out.size() == 1 ? "file is" : "files are", fmt::join(kinds, ", "),
                     left_out.front().string());
}

bool looks_like_image_folder(const fs::path& dir) {
  std::error_code error;
  if (!fs::is_directory(dir, error)) return false;
  return std::ranges::any_of(list(dir).folders, [](const fs::path& folder) {
    if (std::ranges::find(kSplitNames, folder.filename().string()) != kSplitNames.end())
      return std::ranges::any_of(list(folder).files, has_image_extension);  // a class of that name
    return !walk(folder, [](const fs::path& path) { return !has_image_extension(path); });
  });
}

Image read_image(const fs::path& path, const DecodeLimits& limits) {
  return decode_image(MappedFile::open(path)->bytes(), limits);
}

void fit_planes(const Image& image, const Shape& shape, int64_t resize, std::span<uint8_t> dst_chw) {
  to_planes(convert_channels(fit_image(image, shape[1], shape[2], resize), shape[0]), dst_chw);
}

}  // namespace twofour::data
