#include "sparsity/metadata.h"

#include "base/json_exact.h"

namespace twofour::sparsity {

void write_metadata(Graph& graph, std::span<const SparsePattern> patterns) {
  if (patterns.empty()) {
    graph.metadata().erase(kMetadataKey);
    return;
  }
  Json weights = Json::array();
  for (const SparsePattern& p : patterns)
    weights.push_back({{"name", text_to_json(p.weight)}, {"axis", p.axis}});
  graph.metadata()[kMetadataKey] = Json({{"pattern", "2:4"}, {"weights", weights}}).dump();
}

std::vector<SparsePattern> read_metadata(const Graph& graph) {
  const auto entry = graph.metadata().find(kMetadataKey);
  if (entry == graph.metadata().end()) return {};
  const Json json = parse_json(entry->second, fmt::format("metadata {}", kMetadataKey));
  try {
    const auto pattern = json.at("pattern").get<std::string>();
    TWOFOUR_CHECK(pattern == "2:4", kUnsupported, "metadata {} has the pattern {}; only 2:4 is supported",
                  kMetadataKey, pattern);
    std::vector<SparsePattern> result;
    for (const Json& weight : json.at("weights")) {
      const auto axis = get_integer<int64_t>(weight.at("axis"));
      TWOFOUR_CHECK(axis >= 0 && axis < 64, kDataCorrupt, "metadata {} has the axis {}", kMetadataKey, axis);
      const Json& name = weight.at("name");
      TWOFOUR_CHECK(name.is_string() || name.is_array(), kDataCorrupt,
                    "metadata {} is malformed: {} is not a name", kMetadataKey, name.dump());
      result.push_back({text_from_json(name), static_cast<size_t>(axis)});
    }
    return result;
  } catch (const Json::exception& error) {
    fail(ErrorCode::kDataCorrupt, "metadata {} is malformed: {}", kMetadataKey, error.what());
  }
}

}  // namespace twofour::sparsity
