#include "cli/quantize_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "cli/console.h"
#include "twofour/npy.h"

namespace twofour::cli {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const std::string& input, const std::string& why) {
  throw Error(ErrorCode::kInvalidArgument, fmt::format("input \"{}\": {}", input, why));
}

std::vector<std::string> files_in(const std::string& input, const fs::path& path) {
  if (!fs::is_directory(path)) return {path.string()};
  std::vector<std::string> files;
  for (const auto& entry : fs::directory_iterator(path))
    if (entry.path().extension() == ".npy") files.push_back(entry.path().string());
  if (files.empty()) fail(input, fmt::format("there is no .npy file in {}", path.string()));
  std::ranges::sort(files);
  return files;
}

/// The files of each run.
std::vector<InputFiles> runs_of(const InputFiles& folders, int64_t most) {
  std::vector<InputFiles> runs;
  for (const auto& [input, path] : folders) {
    const std::vector<std::string> files = files_in(input, path);
    if (runs.empty()) runs.resize(files.size());
    if (files.size() != runs.size())
      fail(input, fmt::format("{} has {} files, {} has {}; as many are expected", path, files.size(),
                              folders.begin()->second, runs.size()));
    for (size_t i = 0; i < runs.size(); ++i) runs[i][input] = files[i];
  }
  runs.resize(std::min(runs.size(), static_cast<size_t>(most)));
  return runs;
}

void check_run(const std::vector<TensorInfo>& inputs, const InputFiles& files) {
  Shapes shapes;
  for (const auto& [input, file] : files) {
    if (!file.ends_with(".npy")) fail(input, fmt::format("{} is not a .npy file", file));
    shapes[input] = read_npy_header(file).shape;
  }
  check_input_files(shaped_inputs(inputs, shapes), files);
}

}  // namespace

CalibrationData calibration_files(const Model& model, const InputFiles& folders, int64_t most) {
  const std::vector<TensorInfo> inputs = model.input_infos();
  for (const TensorInfo& input : inputs)
    if (!folders.contains(input.name)) fail(input.name, "there are no calibration data for it");
  const std::vector<InputFiles> runs = runs_of(folders, most);
  for (const InputFiles& files : runs) check_run(inputs, files);
  return [runs](const auto& each) {
    for (const InputFiles& files : runs) {
      InputTensors batch;
      for (const auto& [input, file] : files) batch[input] = read_npy(file);
      each(batch);
    }
  };
}

CalibrationData with_progress(CalibrationData data, int64_t total) {
  return [data = std::move(data), total](const auto& each) {
    ProgressBar bar("running on calibration data");
    int64_t done = 0;
    data([&](const InputTensors& batch) {
      each(batch);
      const Shape& shape = batch.begin()->second.shape();
      done += shape.rank() > 0 ? shape[0] : 1;
      bar.update(std::min(done, total), total);
    });
  };
}

}  // namespace twofour::cli
