// Safetensors: named tensors in one file (https://github.com/huggingface/safetensors, format description in
// its README). 8 bytes little-endian header size, a JSON header {name: {dtype, shape, data_offsets},
// "__metadata__": {text: text}}, then the data, without holes.
#pragma once

#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "base/tensor.h"

namespace twofour::train {

struct SafeTensors {
  std::map<std::string, Tensor> tensors;
  std::map<std::string, std::string> metadata;
};

/// Atomic: the whole file or the old state. Throws Error{kIo}, and kInvalidArgument for a tensor named
/// "__metadata__" or without data.
void write_safetensors(const std::filesystem::path& path, const SafeTensors& content);

/// Copies the tensors out of `bytes`. Throws Error{kDataCorrupt} naming `source` and the tensor on a file
/// that is truncated, too long, or whose header is malformed, has an unknown dtype, or offsets that do not
/// fit the shape, overlap or leave holes.
SafeTensors parse_safetensors(std::span<const std::byte> bytes, std::string_view source);
/// parse_safetensors of a file; Error{kNotFound, kIo} besides.
SafeTensors read_safetensors(const std::filesystem::path& path);

}  // namespace twofour::train
