#include "cli/inputs.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>

#include "twofour/error.h"

namespace twofour::cli {
namespace {

Tensor random_tensor(const TensorInfo& info, std::minstd_rand& random) {
  Tensor values(DType::kF32, info.shape);
  std::uniform_real_distribution<float> uniform(-1, 1);
  std::bernoulli_distribution coin;
  for (float& v : values.span<float>())
    v = is_float(info.dtype) ? uniform(random) : coin(random) ? 1.0F : 0.0F;
  return values.to(info.dtype);
}

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

Inputs random_values(const std::vector<TensorInfo>& infos, uint32_t seed) {
  Inputs inputs;
  std::minstd_rand random(seed);
  for (const TensorInfo& info : infos) inputs[info.name] = random_tensor(info, random);
  return inputs;
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

Inputs random_inputs(const Engine& engine, uint32_t seed) {
  return random_values(shaped_inputs(engine, {}), seed);
}

Inputs load_inputs(const Engine& engine, const InputChoice& choice) {
  const std::vector<TensorInfo> known = shaped_inputs(engine, choice.shapes);
  Inputs inputs = random_values(known, choice.seed);
  for (const auto& [name, path] : choice.files) {
    const auto info = std::ranges::find(known, name, &TensorInfo::name);
    if (info == known.end())
      throw Error(ErrorCode::kInvalidArgument,
                  fmt::format("--loadInputs: the engine has no input \"{}\"", name));
    inputs[name] = read_tensor(*info, path);
  }
  return inputs;
}

}  // namespace twofour::cli
