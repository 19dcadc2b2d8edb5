#include "train/class_names.h"

#include <set>

#include "base/json.h"
#include "data/dataset.h"

namespace twofour::train {
namespace {

constexpr const char* kClassesKey = "twofour.classes";

}  // namespace

void write_class_names(Graph& model, const std::vector<std::string>& names) {
  model.metadata()[kClassesKey] = Json(names).dump();
}

void check_all_named(const std::vector<std::string>& names, int64_t scores) {
  TWOFOUR_CHECK(data::are_numbered(names) || scores <= static_cast<int64_t>(names.size()), kInvalidArgument,
                "the data has the {0} classes {1}, the model gives {2} scores: its labels cannot be told; "
                "--class_names needs all {2} (DataOptions::class_names), a model of {0} scores none",
                names.size(), fmt::join(names, ", "), scores);
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
