#include "builder/tactics_file.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/file.h"
#include "base/json_exact.h"

namespace twofour::builder {
namespace {

constexpr std::string_view kKind = "twofour tactics 2";

LayerChoice choice_from_json(const Json& json) {
  LayerChoice choice;
  choice.layer = text_from_json(json.at("layer"));
  choice.signature = json.at("signature");
  choice.winner = json.at("tactic");
  choice.format = json.at("format");
  constexpr std::array kFormats = {backend::Format::kPlain, backend::Format::kChannelsLast};
  TWOFOUR_CHECK(std::ranges::find(kFormats, choice.format, backend::format_name) != kFormats.end(),
                kDataCorrupt, "layer \"{}\" has unknown format \"{}\"", choice.layer, choice.format);
  return choice;
}

std::vector<LayerChoice> choices_from_json(const Json& json, const backend::Backend& backend) {
  TWOFOUR_CHECK(json.at("kind") == kKind, kDataCorrupt, "it is not a tactics file of this version");
  const std::string name = json.at("backend");
  const std::string device = json.at("device");
  TWOFOUR_CHECK(name == backend.name() && device == backend.device(), kFailedPrecondition,
                "it was written for {} ({}), this is {} ({})", name, device, backend.name(),
                backend.device());
  std::vector<LayerChoice> choices;
  for (const Json& item : json.at("layers")) choices.push_back(choice_from_json(item));
  return choices;
}

}  // namespace

Decisions::Decisions(std::vector<LayerChoice> choices, std::string source)
    : choices_(std::move(choices)), source_(std::move(source)) {
  for (size_t i = 0; i < choices_.size(); ++i) {
    by_signature_.emplace(choices_[i].signature, i);
    by_layer_.emplace(choices_[i].layer, i);
  }
}

const LayerChoice* Decisions::find_layer(const std::string& layer) const {
  const auto it = by_layer_.find(layer);
  return it == by_layer_.end() ? nullptr : &choices_[it->second];
}

std::vector<const LayerChoice*> Decisions::find(const std::string& signature) const {
  std::vector<const LayerChoice*> found;
  const auto [begin, end] = by_signature_.equal_range(signature);
  for (auto it = begin; it != end; ++it) found.push_back(&choices_[it->second]);
  return found;
}

std::string tactics_text(const BuildReport& report, const backend::Backend& backend) {
  Json list = Json::array();
  for (const LayerChoice& layer : report.layers) {
    // Reorders follow from the formats; what has no winner is decided when it runs.
    if (layer.op == "Reorder" || layer.winner.empty()) continue;
    list.push_back({{"layer", text_to_json(layer.layer)},
                    {"tactic", layer.winner},
                    {"format", layer.format},
                    {"signature", layer.signature}});
  }
  const Json json = {{"kind", kKind},
                     {"backend", backend.name()},
                     {"device", backend.device()},
                     {"layers", std::move(list)}};
  return json.dump(1) + "\n";
}

void write_tactics_file(const std::filesystem::path& path, const BuildReport& report,
                        const backend::Backend& backend) {
  write_file_atomic(path, tactics_text(report, backend));
}

Decisions parse_tactics(std::string_view text, std::string_view source, const backend::Backend& backend) {
  return with_context([&] { return fmt::format("reading tactics from {}", source); },
                      [&] {
                        try {
                          return Decisions(choices_from_json(parse_json(text, source), backend),
                                           std::string(source));
                        } catch (const Json::exception& error) {
                          fail(ErrorCode::kDataCorrupt, "it is malformed: {}", error.what());
                        }
                      });
}

Decisions read_tactics_file(const std::filesystem::path& path, const backend::Backend& backend) {
  return parse_tactics(read_file(path), path.string(), backend);
}

}  // namespace twofour::builder
