#include "train/checkpoint.h"

#include <charconv>

#include "train/safetensors.h"

namespace twofour::train {
namespace {

constexpr std::string_view kFormatKey = "twofour.checkpoint";
constexpr std::string_view kFormatVersion = "3";
constexpr std::string_view kPositionKey = "twofour.position";
constexpr std::string_view kNetworkKey = "twofour.network";
constexpr std::string_view kRecipeKey = "twofour.recipe";
constexpr std::string_view kTacticsKey = "twofour.tactics";
constexpr std::string_view kThreadsKey = "twofour.threads";

std::string describe(const Tensor& tensor) {
  return fmt::format("{}[{}]", dtype_name(tensor.dtype()), tensor.shape().to_string());
}

const std::string& require(const SafeTensors& file, std::string_view key) {
  const auto it = file.metadata.find(std::string(key));
  TWOFOUR_CHECK(it != file.metadata.end(), kDataCorrupt, "it is no checkpoint: its metadata has no \"{}\"",
                key);
  return it->second;
}

int parse_threads(const std::string& text) {
  int threads = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), threads);
  TWOFOUR_CHECK(error == std::errc() && end == text.data() + text.size() && threads > 0, kDataCorrupt,
                "\"{}\" is no number of threads", text);
  return threads;
}

}  // namespace

void save_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint) {
  write_safetensors(path, {.tensors = checkpoint.tensors,
                           .metadata = {{std::string(kFormatKey), std::string(kFormatVersion)},
                                        {std::string(kPositionKey), to_json(checkpoint.position).dump()},
                                        {std::string(kNetworkKey), checkpoint.network},
                                        {std::string(kRecipeKey), checkpoint.recipe.dump()},
                                        {std::string(kTacticsKey), checkpoint.tactics},
                                        {std::string(kThreadsKey), std::to_string(checkpoint.threads)}}});
}

Checkpoint load_checkpoint(const std::filesystem::path& path) {
  SafeTensors file = read_safetensors(path);
  return with_context([&] { return "reading checkpoint " + path.string(); },
                      [&] {
                        const std::string& version = require(file, kFormatKey);
                        TWOFOUR_CHECK(version == kFormatVersion, kDataCorrupt,
                                      "its format version is {}, this build reads {}", version,
                                      kFormatVersion);
                        const Json position = parse_json(require(file, kPositionKey), kPositionKey);
                        return Checkpoint{.tensors = std::move(file.tensors),
                                          .position = position_from_json(position),
                                          .network = require(file, kNetworkKey),
                                          .recipe = parse_json(require(file, kRecipeKey), kRecipeKey),
                                          .tactics = require(file, kTacticsKey),
                                          .threads = parse_threads(require(file, kThreadsKey))};
                      });
}

void check_tensors(const std::map<std::string, Tensor>& tensors,
                   const std::map<std::string, Tensor>& expected, std::string_view source) {
  for (const auto& [name, want] : expected) {
    const auto it = tensors.find(name);
    TWOFOUR_CHECK(it != tensors.end(), kInvalidArgument, "{} has no tensor \"{}\", expected {}", source, name,
                  describe(want));
    TWOFOUR_CHECK(it->second.dtype() == want.dtype() && it->second.shape() == want.shape(), kInvalidArgument,
                  "tensor \"{}\" of {} is {}, expected {}", name, source, describe(it->second),
                  describe(want));
  }
  for (const auto& [name, tensor] : tensors)
    TWOFOUR_CHECK(expected.contains(name), kInvalidArgument,
                  "{} has a tensor \"{}\" that this training run has not", source, name);
}

}  // namespace twofour::train
