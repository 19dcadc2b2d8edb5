#include "onnx/trainable.h"

#include <algorithm>
#include <set>

#include "base/json.h"
#include "ops/op_def.h"

namespace twofour::onnx_io {
namespace {

bool reads_as_state(const Node& node, const Value& value) {
  const ops::OpDef* op = ops::find_op(node.op());
  if (!op || op->inputs.empty()) return false;
  for (size_t i = 0; i < node.inputs().size(); ++i)
    if (node.input(i) == &value && op->inputs[std::min(i, op->inputs.size() - 1)].state) return true;
  return false;
}

}  // namespace

bool looks_trainable(const Value& constant) {
  return constant.is_constant() && is_float(constant.dtype()) && constant.data().numel() > 1 &&
         !constant.users().empty() && std::ranges::none_of(constant.users(), [&](const Node* user) {
           return reads_as_state(*user, constant);
         });
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
  for (const auto& value : graph.values()) {
    if (!value->is_constant()) continue;
    differs |= value->trainable() != looks_trainable(*value);
    if (value->trainable()) names.push_back(value->name());
  }
  return differs ? names.dump() : "";
}

}  // namespace twofour::onnx_io
