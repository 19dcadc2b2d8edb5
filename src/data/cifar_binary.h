// CIFAR-10 in its binary version (www.cs.toronto.edu/~kriz/cifar.html): records of one label byte and 3072
// pixel bytes, planes of red, green and blue, 32x32 each.
#pragma once

#include <filesystem>
#include <memory>
#include <span>

#include "data/dataset.h"

namespace twofour::data {

/// The records of all `files` in order; classes have CIFAR-10's names. Throws Error{kDataCorrupt} when a size
/// is not a whole number of records or a label is above 9, Error{kInvalidArgument} without files.
std::unique_ptr<Dataset> open_cifar_binary(std::span<const std::filesystem::path> files);

}  // namespace twofour::data
