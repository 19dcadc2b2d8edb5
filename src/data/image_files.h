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
  std::vector<std::string> class_names;         // index = label
  std::vector<ImageFile> files;                 // by class, then by path
  std::vector<std::filesystem::path> left_out;  // no images by their names, or in no class folder
};

/// The files in the class folders of `dir` and in folders below these. Labels are places in `class_names`,
/// or, when that is empty, in the sorted names of the folders. Where class_names lacks one of the folders the
/// sorted names count, with a log line, when `own_classes`; else it is Error{kInvalidArgument}. Throws
/// Error{kNotFound} with the layout that is expected. Names that begin with a dot are ignored.
ImageFiles list_image_files(const std::filesystem::path& dir, const std::vector<std::string>& class_names,
                            bool own_classes);

/// "3 files are left out (.gif 2, .txt 1), the first is a/x.gif"; empty for none.
std::string left_out_text(const std::vector<std::filesystem::path>& left_out);

/// The file as RGB in its own size. Throws what MappedFile::open and decode_image throw.
Image read_image(const std::filesystem::path& path, const DecodeLimits& limits);

/// The image as C,H,W of `shape`; `resize` as in fit_image.
void fit_planes(const Image& image, const Shape& shape, int64_t resize, std::span<uint8_t> dst_chw);

}  // namespace twofour::data
