#include "train/constants.h"

#include <algorithm>
#include <map>

#include "base/glob.h"
#include "ops/parameters.h"

namespace twofour::train {
namespace {

using ops::ConstantRole;

bool matches(const std::string& glob, const Value& constant) {
  return glob_matches(glob, constant.name()) || std::ranges::any_of(constant.users(), [&](const Node* user) {
           return glob_matches(glob, user->name());
         });
}

bool can_train(ConstantRole role) {
  return role != ConstantRole::kUnused && role != ConstantRole::kNotFloat && role != ConstantRole::kState;
}

std::string_view why_frozen(const Value& constant, ConstantRole role) {
  if (constant.trainable() && can_train(role)) return "no influence on the loss";
  if (role != ConstantRole::kParameter) return role_text(role);
  return constant.data().numel() <= 1 ? role_text(ConstantRole::kLiteral) : "frozen by choice";
}

std::string some_of(const std::vector<std::string>& names) {
  constexpr size_t kMost = 4;
  const auto shown = std::span(names).first(std::min(names.size(), kMost));
  const std::string text = fmt::format("{}", fmt::join(shown, ", "));
  return names.size() > kMost ? fmt::format("{} and {} more", text, names.size() - kMost) : text;
}

}  // namespace

void set_trainable(Graph& model, const std::vector<std::string>& globs, bool trainable) {
  const auto roles = ops::constant_roles(model);
  for (const std::string& glob : globs) {
    size_t found = 0;
    size_t changed = 0;
    for (const auto& value : model.values()) {
      if (!value->is_constant() || !matches(glob, *value)) continue;
      ++found;
      if (!can_train(roles.at(value.get()))) continue;
      value->set_trainable(trainable);
      ++changed;
    }
    TWOFOUR_CHECK(found > 0, kNotFound, "\"{}\" matches no constant of the model and no layer that reads one",
                  glob);
    TWOFOUR_CHECK(changed > 0, kInvalidArgument,
                  "\"{}\" matches {} constants, none of which can be trained: they are integers, running "
                  "statistics or sizes",
                  glob, found);
  }
}

std::string describe_constants(const Graph& model, const std::set<std::string>& trained) {
  size_t total = 0;
  size_t count = 0;
  int64_t values = 0;
  std::map<std::string_view, std::vector<std::string>> frozen;
  for (const auto& [constant, role] : ops::constant_roles(model)) {
    if (role == ConstantRole::kUnused) continue;
    ++total;
    if (!trained.contains(constant->name())) {
      frozen[why_frozen(*constant, role)].push_back(constant->name());
      continue;
    }
    ++count;
    values += constant->data().numel();
  }
  std::vector<std::string> reasons;
  for (auto& [reason, names] : frozen) {
    std::ranges::sort(names);
    reasons.push_back(fmt::format("{} ({})", reason, some_of(names)));
  }
  const std::string text = fmt::format("trains {} of {} constants ({} values)", count, total, values);
  return reasons.empty() ? text : fmt::format("{}; frozen: {}", text, fmt::join(reasons, ", "));
}

}  // namespace twofour::train
