#include "onnx/trainable.h"

#include <set>

#include "base/json.h"
#include "ops/parameters.h"

namespace twofour::onnx_io {
void mark_parameters(const Graph& graph, const std::set<Value*>& own,
                     const std::set<const Value*>& literals) {
  const auto roles = ops::constant_roles(graph, literals);
  for (Value* value : own) value->set_trainable(roles.at(value) == ops::ConstantRole::kParameter);
}

void apply_trainable_list(std::string_view list, Graph& graph) {
  std::set<std::string> names;
  try {
    names = parse_json(list, kTrainableKey).get<std::set<std::string>>();
  } catch (const Json::exception&) {
    fail(ErrorCode::kDataCorrupt, "metadata {} is not a list of names", kTrainableKey);
  }
  for (const auto& value : graph.values())
    value->set_trainable(value->is_constant() && is_float(value->dtype()) && names.contains(value->name()));
}

std::string trainable_list(const Graph& graph) {
  Json names = Json::array();
  bool differs = false;
  const auto roles = ops::constant_roles(graph);
  for (const auto& value : graph.values()) {
    if (!value->is_constant()) continue;
    differs |= value->trainable() != (roles.at(value.get()) == ops::ConstantRole::kParameter);
    if (value->trainable()) names.push_back(value->name());
  }
  return differs ? names.dump() : "";
}

}  // namespace twofour::onnx_io
