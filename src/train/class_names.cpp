#include "train/class_names.h"

#include <set>

#include "base/json.h"

namespace twofour::train {
namespace {

constexpr const char* kClassesKey = "twofour.classes";

}  // namespace

void write_class_names(Graph& model, const std::vector<std::string>& names) {
  model.metadata()[kClassesKey] = Json(names).dump();
}

std::vector<std::string> read_class_names(const Graph& model) {
  const auto entry = model.metadata().find(kClassesKey);
  if (entry == model.metadata().end()) return {};
  std::vector<std::string> names;
  try {
    names = parse_json(entry->second, kClassesKey).get<std::vector<std::string>>();
  } catch (const Json::exception&) {
    fail(ErrorCode::kDataCorrupt, "metadata {} is not a list of names", kClassesKey);
  }
  TWOFOUR_CHECK(std::set<std::string>(names.begin(), names.end()).size() == names.size(), kDataCorrupt,
                "metadata {} has a name twice", kClassesKey);
  return names;
}

}  // namespace twofour::train
