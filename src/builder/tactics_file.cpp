#include "builder/tactics_file.h"

#include "base/file.h"

namespace twofour::builder {
namespace {

constexpr std::string_view kKind = "twofour tactics 1";

Decisions parse(const Json& json, const backend::Backend& backend) {
  TWOFOUR_CHECK(json.at("kind") == kKind, kDataCorrupt, "it is not a tactics file of this version");
  TWOFOUR_CHECK(json.at("backend") == backend.name() && json.at("device") == backend.device(),
                kFailedPrecondition, "it was written for {} ({}), this is {} ({})",
                json.at("backend").get<std::string>(), json.at("device").get<std::string>(), backend.name(),
                backend.device());
  Decisions decisions;
  for (const Json& item : json.at("decisions")) {
    const std::string format = item.at("format");
    const auto known = std::ranges::find(kFormats, format, backend::format_name);
    TWOFOUR_CHECK(known != kFormats.end(), kDataCorrupt, "unknown format \"{}\"", format);
    decisions[item.at("signature")] = {item.at("tactic"), *known};
  }
  return decisions;
}

}  // namespace

void write_tactics_file(const std::filesystem::path& path, const BuildReport& report,
                        const backend::Backend& backend) {
  Json list = Json::array();
  std::map<std::string, bool> seen;
  for (const LayerChoice& layer : report.layers) {
    if (layer.op == "Reorder" || !seen.emplace(layer.signature, true).second) continue;
    list.push_back({{"layer", layer.layer},
                    {"tactic", layer.winner},
                    {"format", layer.format},
                    {"signature", layer.signature}});
  }
  const Json json = {{"kind", kKind},
                     {"backend", backend.name()},
                     {"device", backend.device()},
                     {"decisions", std::move(list)}};
  write_file_atomic(path, json.dump(1) + "\n");
}

Decisions read_tactics_file(const std::filesystem::path& path, const backend::Backend& backend) {
  const std::string text = read_file(path);
  return with_context([&] { return "reading tactics file " + path.string(); },
                      [&] {
                        try {
                          return parse(parse_json(text, path.string()), backend);
                        } catch (const Json::exception& error) {
                          fail(ErrorCode::kDataCorrupt, "it is malformed: {}", error.what());
                        }
                      });
}

}  // namespace twofour::builder
