// The files of an ImageFolder and the reading of one of them.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "data/image_folder.h"

namespace twofour::data {

struct ImageFile {
  std::filesystem::path path;
  int64_t label;
};

struct ImageFiles {
  std::vector<std::string> class_names;  // sorted; index = label
  std::vector<ImageFile> files;          // by class, then by name
};

/// Throws Error{kNotFound} with the layout that is expected. Names that begin with a dot are ignored.
ImageFiles list_image_files(const std::filesystem::path& dir);

/// The file as RGB in its own size. Throws what MappedFile::open and decode_image throw.
Image read_image(const std::filesystem::path& path, const DecodeLimits& limits);

/// The image as C,H,W of `shape`.
void fit_planes(const Image& image, const Shape& shape, double crop_fraction, std::span<uint8_t> dst_chw);

}  // namespace twofour::data
