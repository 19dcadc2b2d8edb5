#include "cli/inputs.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <limits>

#include "cli/file_flags.h"
#include "cli/suggest.h"
#include "twofour/error.h"
#include "twofour/npy.h"

namespace twofour::cli {
namespace {

[[noreturn]] void fail(ErrorCode code, const TensorInfo& input, const std::string& why) {
  throw Error(code, fmt::format("input \"{}\": {}", input.name, why));
}

bool is_npy(const std::string& path) { return path.ends_with(".npy"); }

void check_npy(const TensorInfo& input, const std::string& path) {
  const NpyHeader header = read_npy_header(path);
  if (header.dtype != input.dtype || header.shape != input.shape)
    fail(ErrorCode::kInvalidArgument, input,
         fmt::format("{} is {} {}; {} {} is expected", path, dtype_name(header.dtype),
                     header.shape.to_string(), dtype_name(input.dtype), input.shape.to_string()));
}

void check_raw(const TensorInfo& input, const std::string& path) {
  const auto expected = static_cast<uintmax_t>(input.shape.numel()) * dtype_size(input.dtype);
  const uintmax_t bytes = std::filesystem::file_size(path);
  if (bytes != expected)
    fail(ErrorCode::kInvalidArgument, input,
         fmt::format("{} has {} bytes; {} {}, {} bytes, is expected", path, bytes, dtype_name(input.dtype),
                     input.shape.to_string(), expected));
}

Tensor read_tensor(const TensorInfo& input, const std::string& path) {
  if (is_npy(path)) return read_npy(path);
  Tensor tensor(input.dtype, input.shape);
  std::ifstream file(path, std::ios::binary);
  file.read(reinterpret_cast<char*>(tensor.raw()), static_cast<std::streamsize>(tensor.size_bytes()));
  if (!file) fail(ErrorCode::kIo, input, "cannot read " + path);
  return tensor;
}

/// "2x1x28x28", "?x1x28x28" or "1x1x28x28 to 4x1x28x28".
std::string allowed(const TensorInfo& input) {
  if (!input.is_open()) return input.shape.to_string();
  const bool limited = std::ranges::find(input.max, std::numeric_limits<int64_t>::max()) == input.max.end();
  if (limited) return fmt::format("{} to {}", input.min.to_string(), input.max.to_string());
  std::vector<std::string> dims;
  for (const int64_t dim : input.shape) dims.push_back(dim < 0 ? "?" : std::to_string(dim));
  return fmt::format("{}", fmt::join(dims, "x"));
}

[[noreturn]] void fail_unknown(const std::vector<TensorInfo>& inputs, const std::string& name) {
  const std::vector<std::string> names = names_of(inputs);
  const std::string meant = closest(name, names);
  throw Error(ErrorCode::kInvalidArgument,
              fmt::format("there is no input \"{}\"{}; there are: {}", name,
                          meant.empty() ? "" : fmt::format(" (did you mean \"{}\"?)", meant),
                          fmt::join(names, ", ")));
}

/// The one of that name.
TensorInfo& find(std::vector<TensorInfo>& inputs, const std::string& name) {
  const auto found = std::ranges::find(inputs, name, &TensorInfo::name);
  if (found == inputs.end()) fail_unknown(inputs, name);
  return *found;
}

bool fits(const TensorInfo& info, const Shape& shape) {
  if (info.any_rank) return true;
  bool fits = shape.rank() == info.shape.rank();
  for (size_t i = 0; fits && i < shape.rank(); ++i) fits = info.min[i] <= shape[i] && shape[i] <= info.max[i];
  return fits;
}

/// The sizes of named dimensions, with the input that has them first. Throws where one has two.
using Sizes = std::map<std::string, std::pair<int64_t, std::string>>;

void add_sizes(Sizes& sizes, const TensorInfo& input, const Shape& shape) {
  for (size_t i = 0; i < input.symbols.size() && i < shape.rank(); ++i) {
    if (input.symbols[i].empty() || shape[i] < 0) continue;
    const auto& [size, first] = sizes.try_emplace(input.symbols[i], shape[i], input.name).first->second;
    if (size != shape[i])
      fail(ErrorCode::kInvalidArgument, input,
           fmt::format("{} is {} here and {} in input \"{}\"", input.symbols[i], shape[i], size, first));
  }
}

}  // namespace

std::vector<std::string> names_of(const std::vector<TensorInfo>& inputs) {
  std::vector<std::string> names;
  for (const TensorInfo& input : inputs) names.push_back(input.name);
  return names;
}

std::vector<TensorInfo> shaped_inputs(std::vector<TensorInfo> inputs, const Shapes& shapes) {
  Sizes sizes;
  for (const auto& [name, shape] : shapes) {
    TensorInfo& input = find(inputs, name);
    if (!fits(input, shape))
      fail(ErrorCode::kInvalidArgument, input,
           fmt::format("its shape is {}, got {}", allowed(input), shape.to_string()));
    add_sizes(sizes, input, shape);
    input.shape = shape;
  }
  for (TensorInfo& input : inputs)
    for (size_t i = 0; i < input.shape.rank(); ++i)
      if (input.shape[i] < 0) input.shape[i] = std::max<int64_t>(input.min[i], 1);
  return inputs;
}

void check_spelling(const std::vector<TensorInfo>& inputs, const std::string& name) {
  const std::vector<std::string> names = names_of(inputs);
  if (std::ranges::find(names, name) == names.end() && !closest(name, names).empty())
    fail_unknown(inputs, name);
}

Shapes with_default_shapes(const std::vector<TensorInfo>& inputs, const Shapes& given) {
  Sizes sizes;
  for (const TensorInfo& input : inputs)
    if (const auto shape = given.find(input.name); shape != given.end())
      add_sizes(sizes, input, shape->second);
  Shapes shapes = given;
  for (const TensorInfo& input : inputs) {
    if (!input.is_open() || input.any_rank || given.contains(input.name)) continue;
    Shape shape = input.shape;
    for (size_t i = 0; i < shape.rank(); ++i) {
      if (shape[i] >= 0) continue;
      const auto size = i < input.symbols.size() ? sizes.find(input.symbols[i]) : sizes.end();
      shape[i] = size == sizes.end() ? 1 : size->second.first;
    }
    shapes[input.name] = std::move(shape);
  }
  return shapes;
}

void check_input_files(const std::vector<TensorInfo>& inputs, const InputFiles& files) {
  std::vector<TensorInfo> known = inputs;
  for (const auto& [name, path] : files) {
    const TensorInfo& input = find(known, name);
    check_readable({fmt::format("input \"{}\"", name), path});
    if (is_npy(path)) check_npy(input, path);
    else check_raw(input, path);
  }
}

Inputs load_inputs(const Engine& engine, const InputFiles& files, uint32_t seed) {
  const std::vector<TensorInfo> known = shaped_inputs(engine.inputs(), {});
  check_input_files(known, files);
  Inputs inputs = engine.random_inputs({}, seed);
  for (const TensorInfo& input : known)
    if (const auto file = files.find(input.name); file != files.end())
      inputs[input.name] = read_tensor(input, file->second);
  return inputs;
}

std::string random_inputs_note(const Inputs& inputs, const InputFiles& files) {
  std::vector<std::string> names;
  for (const auto& [name, tensor] : inputs)
    if (!files.contains(name)) names.push_back(fmt::format("\"{}\"", name));
  return names.empty() ? "" : fmt::format("; random values were given for {}", fmt::join(names, ", "));
}

}  // namespace twofour::cli
