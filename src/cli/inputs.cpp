#include "cli/inputs.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "twofour/error.h"

namespace twofour::cli {
namespace {

Tensor read_tensor(const TensorInfo& info, const std::string& path) {
  Tensor tensor(info.dtype, info.shape);
  std::error_code missing;
  const auto bytes = std::filesystem::file_size(path, missing);
  if (missing)
    throw Error(ErrorCode::kNotFound,
                fmt::format("input \"{}\": {}: {}", info.name, path, missing.message()));
  if (bytes != tensor.size_bytes())
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("input \"{}\" is {}[{}], {} bytes; {} has {}", info.name, dtype_name(info.dtype),
                            fmt::join(info.shape.dims(), ","), tensor.size_bytes(), path, bytes));
  std::ifstream file(path, std::ios::binary);
  file.read(reinterpret_cast<char*>(tensor.raw()), static_cast<std::streamsize>(bytes));
  if (!file) throw Error(ErrorCode::kIo, fmt::format("input \"{}\": cannot read {}", info.name, path));
  return tensor;
}

std::string allowed(const TensorInfo& info) {
  return info.is_open() ? fmt::format("{} to {}", info.min.to_string(), info.max.to_string())
                        : info.shape.to_string();
}

bool fits(const TensorInfo& info, const Shape& shape) {
  bool fits = shape.rank() == info.shape.rank();
  for (size_t i = 0; fits && i < shape.rank(); ++i) fits = info.min[i] <= shape[i] && shape[i] <= info.max[i];
  return fits;
}

}  // namespace

std::vector<TensorInfo> shaped_inputs(const Engine& engine, const std::map<std::string, Shape>& shapes) {
  std::vector<TensorInfo> infos = engine.inputs();
  std::vector<std::string> names;
  for (const TensorInfo& info : infos) names.push_back(info.name);
  for (const auto& [name, shape] : shapes) {
    const auto info = std::ranges::find(infos, name, &TensorInfo::name);
    if (info == infos.end())
      throw Error(ErrorCode::kInvalidArgument,
                  fmt::format("the engine has no input \"{}\"; it has: {}", name, fmt::join(names, ", ")));
    if (!fits(*info, shape))
      throw Error(ErrorCode::kInvalidArgument, fmt::format("the engine takes input \"{}\" as {}, got {}",
                                                           name, allowed(*info), shape.to_string()));
    info->shape = shape;
  }
  for (TensorInfo& info : infos)
    for (size_t i = 0; i < info.shape.rank(); ++i)
      if (info.shape[i] < 0) info.shape[i] = std::max<int64_t>(info.min[i], 1);
  return infos;
}

Inputs load_inputs(const Engine& engine, const InputChoice& choice) {
  const std::vector<TensorInfo> known = shaped_inputs(engine, choice.shapes);
  Inputs inputs = engine.random_inputs(choice.shapes, choice.seed);
  for (const auto& [name, path] : choice.files) {
    const auto info = std::ranges::find(known, name, &TensorInfo::name);
    if (info == known.end())
      throw Error(ErrorCode::kInvalidArgument,
                  fmt::format("--loadInputs: the engine has no input \"{}\"", name));
    inputs[name] = read_tensor(*info, path);
  }
  return inputs;
}

std::string random_inputs_note(const Inputs& inputs, const std::map<std::string, std::string>& files) {
  std::vector<std::string> names;
  for (const auto& [name, tensor] : inputs)
    if (!files.contains(name)) names.push_back(fmt::format("\"{}\"", name));
  return names.empty() ? "" : fmt::format("; random values were given for {}", fmt::join(names, ", "));
}

}  // namespace twofour::cli
