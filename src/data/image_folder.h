// ImageFolder: <dir>/<class>/ with images in it or in folders below. Classes and files are sorted by name, so
// that labels and indices are the same on every machine.
#pragma once

#include <filesystem>
#include <memory>

#include "data/dataset.h"
#include "data/image_codec.h"

namespace twofour::data {

struct ImageFolderOptions {
  /// C (1 or 3), H, W of what load() gives; rank 0 takes RGB in the size of the first image that decodes.
  Shape image_shape;
  /// Labels are places in this list; empty: in the sorted names of the folders.
  std::vector<std::string> class_names;
  /// Where class_names lacks one of the folders the sorted names count, with a log line, instead of an error.
  bool own_classes = false;
  /// The shorter side before the centre crop to H x W (fit_image); 0: images of another size just cover it.
  int64_t resize = 0;
  /// The set is decoded at open and kept as u8 when it fits; beyond this, images are decoded at every load.
  int64_t memory_limit_bytes = int64_t{1} << 30;
  DecodeLimits limits;
  ProgressFn progress;
};

/// An image that does not decode is skipped, listed in skipped() and logged: when decoded at open it has no
/// index; when found at a load, its label is kNoLabel.
/// Throws Error{kNotFound} on a missing folder or one without class folders or images, and
/// Error{kDataCorrupt} when no image decodes.
std::unique_ptr<Dataset> open_image_folder(const std::filesystem::path& dir,
                                           const ImageFolderOptions& options = {});

/// Whether a sub-folder of `dir` holds an image file, in it or, when it is not named as a split, below.
bool looks_like_image_folder(const std::filesystem::path& dir);

}  // namespace twofour::data
