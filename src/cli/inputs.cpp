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

}  // namespace

Inputs random_inputs(const Engine& engine, uint32_t seed) {
  Inputs inputs;
  std::minstd_rand random(seed);
  for (const TensorInfo& info : engine.inputs()) inputs[info.name] = random_tensor(info, random);
  return inputs;
}

Inputs load_inputs(const Engine& engine, const std::map<std::string, std::string>& files, uint32_t seed) {
  Inputs inputs = random_inputs(engine, seed);
  const std::vector<TensorInfo> known = engine.inputs();
  for (const auto& [name, path] : files) {
    const auto info = std::ranges::find(known, name, &TensorInfo::name);
    if (info == known.end())
      throw Error(ErrorCode::kInvalidArgument,
                  fmt::format("--loadInputs: the engine has no input \"{}\"", name));
    inputs[name] = read_tensor(*info, path);
  }
  return inputs;
}

}  // namespace twofour::cli
