// CIFAR-10 in its binary version (www.cs.toronto.edu/~kriz/cifar.html): records of one label byte and 3072
// pixel bytes, planes of red, green and blue, 32x32 each.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "data/dataset.h"

namespace twofour::data {

struct CifarRecords {
  std::vector<uint8_t> pixels;  // 3072 for each label
  std::vector<int64_t> labels;
};

/// Appends the records of one file; `name` stands in messages. Throws as open_cifar_binary.
void append_cifar_records(std::span<const std::byte> bytes, std::string_view name, CifarRecords& records);

/// The records of all `files` in order; classes have CIFAR-10's names. Throws Error{kDataCorrupt} when a size
/// is not a whole number of records or a label is above 9, Error{kInvalidArgument} without files.
std::unique_ptr<Dataset> open_cifar_binary(std::span<const std::filesystem::path> files);

}  // namespace twofour::data
