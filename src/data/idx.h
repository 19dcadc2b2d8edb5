// idx files, the format of MNIST (yann.lecun.com/exdb/mnist): two zero bytes, an element type, a rank, the
// sizes as big-endian u32, then the elements. Plain or gzipped, told apart by content.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string_view>

#include "data/dataset.h"

namespace twofour::data {

/// The bytes and sizes of one idx file. Only type 0x08 (u8) exists in practice and is read.
struct IdxArray {
  Shape shape;
  std::vector<uint8_t> values;
};

/// `name` stands in messages. The sizes in the header are checked against the number of bytes (for gzip,
/// against the most that deflate can expand them to) before anything is allocated.
/// Throws Error{kDataCorrupt} and, for other element types, Error{kUnsupported}.
IdxArray parse_idx(std::span<const std::byte> bytes, std::string_view name);

/// Images [N,H,W] and labels [N] with as many items. C is 1; classes are numbered up to the largest label.
/// Throws as parse_idx, and Error{kDataCorrupt} when the two files do not belong together.
std::unique_ptr<Dataset> open_idx(const std::filesystem::path& images, const std::filesystem::path& labels);

}  // namespace twofour::data
