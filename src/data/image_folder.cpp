#include "data/image_folder.h"

#include <algorithm>
#include <map>
#include <mutex>

#include "base/error.h"
#include "base/log.h"
#include "base/parallel.h"
#include "data/image_files.h"
#include "data/memory_dataset.h"

namespace twofour::data {
namespace {

constexpr int64_t kDecodeChunk = 1024;

void log_skipped(const SkippedItem& item) { log_warning("skipped {}: {}", item.path, item.reason); }

[[noreturn]] void fail_all_bad(const std::filesystem::path& dir, size_t count, const SkippedItem& first) {
  fail(ErrorCode::kDataCorrupt, "none of the {} images below {} can be decoded; the first is {}: {}", count,
       dir.string(), first.path, first.reason);
}

/// C,H,W of the first image that decodes.
Shape first_image_shape(const std::filesystem::path& dir, const ImageFiles& list,
                        const DecodeLimits& limits) {
  SkippedItem first_bad;
  for (const ImageFile& file : list.files) {
    try {
      const Image image = read_image(file.path, limits);
      return {image.channels, image.height, image.width};
    } catch (const Error& error) {
      if (first_bad.path.empty()) first_bad = {file.path.string(), error.what()};
    }
  }
  fail_all_bad(dir, list.files.size(), first_bad);
}

/// Images decoded at each load.
class LazyImageFolder final : public Dataset {
 public:
  LazyImageFolder(ImageFiles list, const Shape& shape, const ImageFolderOptions& options)
      : Dataset(shape, list.class_names, static_cast<int64_t>(list.files.size()), options.resize),
        files_(std::move(list.files)),
        limits_(options.limits) {}

  std::vector<SkippedItem> skipped() const override {
    const std::lock_guard lock(mutex_);
    std::vector<SkippedItem> items;
    items.reserve(skipped_.size());
    for (const auto& [index, item] : skipped_) items.push_back(item);
    return items;
  }

 private:
  int64_t do_load(int64_t index, std::span<float> dst_chw) const override {
    std::vector<uint8_t> planes(dst_chw.size());
    if (!decode(index, planes)) return kNoLabel;
    to_unit_floats(planes, dst_chw);
    return files_[static_cast<size_t>(index)].label;
  }

  bool decode(int64_t index, std::span<uint8_t> planes) const {
    const ImageFile& file = files_[static_cast<size_t>(index)];
    try {
      fit_planes(read_image(file.path, limits_), image_shape(), resize(), planes);
      return true;
    } catch (const Error& error) {
      const SkippedItem item{file.path.string(), error.what()};
      const std::lock_guard lock(mutex_);
      if (skipped_.emplace(index, item).second) log_skipped(item);
      return false;
    }
  }

  std::vector<ImageFile> files_;
  DecodeLimits limits_;
  mutable std::mutex mutex_;
  mutable std::map<int64_t, SkippedItem> skipped_;
};

/// Every image of `list` decoded once, on all threads.
class FolderDecoder {
 public:
  FolderDecoder(ImageFiles list, const Shape& shape, const ImageFolderOptions& options)
      : list_(std::move(list)),
        shape_(shape),
        options_(options),
        image_bytes_(static_cast<size_t>(shape.numel())),
        reasons_(list_.files.size()) {
    pixels_.resize(list_.files.size() * image_bytes_);
  }

  std::unique_ptr<Dataset> run(const std::filesystem::path& dir) {
    const auto total = static_cast<int64_t>(list_.files.size());
    for (int64_t done = 0; done < total;) {
      const int64_t end = std::min(done + kDecodeChunk, total);
      parallel_ranges(end - done, 8, [&](int64_t first, int64_t last) {
        for (int64_t i = first; i < last; ++i) decode(static_cast<size_t>(done + i));
      });
      done = end;
      if (options_.progress) options_.progress(done, total);
    }
    return collect(dir);
  }

 private:
  void decode(size_t index) {
    try {
      fit_planes(read_image(list_.files[index].path, options_.limits), shape_, options_.resize,
                 std::span(pixels_).subspan(index * image_bytes_, image_bytes_));
    } catch (const std::exception& error) {
      reasons_[index] = error.what();
    }
  }

  /// Closes the gaps that failed images left.
  std::unique_ptr<Dataset> collect(const std::filesystem::path& dir) {
    std::vector<SkippedItem> skipped;
    std::vector<int64_t> labels;
    for (size_t i = 0; i < list_.files.size(); ++i) {
      if (!reasons_[i].empty()) {
        skipped.push_back({list_.files[i].path.string(), reasons_[i]});
        log_skipped(skipped.back());
        continue;
      }
      if (labels.size() < i)
        std::copy_n(pixels_.begin() + static_cast<int64_t>(i * image_bytes_), image_bytes_,
                    pixels_.begin() + static_cast<int64_t>(labels.size() * image_bytes_));
      labels.push_back(list_.files[i].label);
    }
    if (labels.empty()) fail_all_bad(dir, skipped.size(), skipped.front());
    pixels_.resize(labels.size() * image_bytes_);
    return std::make_unique<MemoryDataset>(shape_, std::move(list_.class_names), std::move(pixels_),
                                           std::move(labels), std::move(skipped), options_.resize);
  }

  ImageFiles list_;
  Shape shape_;
  const ImageFolderOptions& options_;
  size_t image_bytes_;
  std::vector<std::string> reasons_;
  std::vector<uint8_t> pixels_;
};

void check_options(const ImageFolderOptions& options) {
  const Shape& shape = options.image_shape;
  TWOFOUR_CHECK(shape.rank() == 0 ||
                    (shape.rank() == 3 && (shape[0] == 1 || shape[0] == 3) && shape[1] > 0 && shape[2] > 0),
                kInvalidArgument, "images of a folder have shape C,H,W with C of 1 (grey) or 3 (RGB), got {}",
                shape.to_string());
  for (size_t axis = 1; axis < shape.rank(); ++axis)
    TWOFOUR_CHECK(shape[axis] <= options.limits.max_side, kInvalidArgument,
                  "image shape {} has a side above {}", shape.to_string(), options.limits.max_side);
}

}  // namespace

std::unique_ptr<Dataset> open_image_folder(const std::filesystem::path& dir,
                                           const ImageFolderOptions& options) {
  check_options(options);
  ImageFiles list = list_image_files(dir, options.class_names, options.own_classes);
  if (!list.left_out.empty()) log_warning("{}: {}", dir.string(), left_out_text(list.left_out));
  const Shape found = first_image_shape(dir, list, options.limits);
  const Shape shape = options.image_shape.rank() == 3 ? options.image_shape : found;
  check_resize(options.resize, shape[1], shape[2]);
  const auto count = static_cast<int64_t>(list.files.size());
  if (count <= options.memory_limit_bytes / shape.numel())
    return FolderDecoder(std::move(list), shape, options).run(dir);
  log_info("{}: {} images of {} need more than {} bytes; they are decoded at every load", dir.string(), count,
           shape.to_string(), options.memory_limit_bytes);
  return std::make_unique<LazyImageFolder>(std::move(list), shape, options);
}

}  // namespace twofour::data
