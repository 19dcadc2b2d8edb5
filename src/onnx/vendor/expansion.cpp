#include "onnx/vendor/expansion.h"

#include <algorithm>
#include <vector>

namespace twofour::onnx_io {
namespace {

std::vector<std::string_view> words(std::string_view text) {
  std::vector<std::string_view> result;
  while (!text.empty()) {
    const size_t end = std::min(text.find(' '), text.size());
    if (end > 0) result.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return result;
}

void check_inputs(const Expansion& expansion, const Draft& draft) {
  const std::vector<std::string_view> names = words(expansion.inputs);
  const bool variadic = names.back().ends_with('*');
  TWOFOUR_CHECK(variadic || draft.inputs.size() <= names.size(), kUnsupported,
                "it has {} inputs; {} are known", draft.inputs.size(), names.size());
  for (size_t i = 0; i < names.size(); ++i)
    TWOFOUR_CHECK(draft.input(i) || names[i].ends_with('?') || names[i].ends_with('*'), kInvalidArgument,
                  "input {} ({}) is missing", i, names[i]);
}

void check_attrs(const Expansion& expansion, const Draft& draft) {
  const std::vector<std::string_view> names = words(expansion.attrs);
  for (const auto& [name, value] : draft.attrs)
    TWOFOUR_CHECK(std::ranges::find(names, name) != names.end(), kUnsupported,
                  "attribute {} is not supported", name);
}

}  // namespace

const Expansion* find_expansion(std::string_view domain, std::string_view op) {
  if (domain == "ai.onnx") domain = {};
  const auto all = expansions();
  const auto it =
      std::ranges::find_if(all, [&](const Expansion& row) { return row.domain == domain && row.op == op; });
  return it == all.end() ? nullptr : &*it;
}

void expand(const Expansion& expansion, Draft& draft) {
  check_inputs(expansion, draft);
  check_attrs(expansion, draft);
  expansion.apply(draft);
  TWOFOUR_ASSERT(draft.results, "the expansion of {} gives no results", expansion.op);
}

}  // namespace twofour::onnx_io
