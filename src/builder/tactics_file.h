// The tactics file: the decisions of a build as readable JSON that can be edited and replayed.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "backend/tactic.h"
#include "twofour/build_report.h"

namespace twofour::builder {

/// What an earlier build chose for its layers: name, signature, winner and format of each LayerChoice.
class Decisions {
 public:
  Decisions() = default;
  /// `source` names the file they come from in error texts.
  Decisions(std::vector<LayerChoice> choices, std::string source);

  const std::string& source() const { return source_; }
  bool empty() const { return choices_.empty(); }
  /// What was chosen for layers of this signature, in the file's order.
  std::vector<const LayerChoice*> find(const std::string& signature) const;
  /// What was chosen for the layer of this name at other sizes; null when there is none.
  const LayerChoice* find_layer(const std::string& layer) const;

 private:
  std::vector<LayerChoice> choices_;
  std::multimap<std::string, size_t> by_signature_;
  std::map<std::string, size_t> by_layer_;
  std::string source_;
};

/// The file's text. One entry per layer: its name, tactic, format and signature.
std::string tactics_text(const BuildReport& report, const backend::Backend& backend);
/// Atomic.
void write_tactics_file(const std::filesystem::path& path, const BuildReport& report,
                        const backend::Backend& backend);
/// Throws Error{kNotFound, kDataCorrupt}, Error{kFailedPrecondition} when it was written for another device.
Decisions read_tactics_file(const std::filesystem::path& path, const backend::Backend& backend);
/// The same on the file's text, which comes from `source`.
Decisions parse_tactics(std::string_view text, std::string_view source, const backend::Backend& backend);

}  // namespace twofour::builder
