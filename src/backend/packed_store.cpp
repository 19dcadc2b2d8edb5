#include "backend/packed_store.h"

#include <algorithm>

#include "base/json.h"

namespace twofour::backend {

PackedStore::PackedStore(std::span<const Tensor> constants) {
  for (const Tensor& constant : constants) constants_.insert(constant.raw());
}

bool PackedStore::keeps(const NodeDesc& node) const {
  return std::ranges::all_of(node.inputs, [&](const NodeDesc::Input& input) {
    return !input.constant || constants_.contains(input.data.raw());
  });
}

std::vector<Tensor> PackedStore::pack(const Tactic& tactic, const NodeDesc& node) {
  if (!tactic.packs() || !keeps(node)) return tactic.pack(node);
  Key key{&tactic.base(), node.op, attrs_to_json(node.attrs).dump(), {}, tactic.packed_form(node)};
  for (const auto& input : node.inputs)
    key.constants.emplace_back(input.constant ? input.desc.to_string() : "", input.data.raw());
  const std::lock_guard lock(mutex_);
  const auto found = packed_.find(key);
  return found != packed_.end() ? found->second
                                : packed_.emplace(std::move(key), tactic.pack(node)).first->second;
}

}  // namespace twofour::backend
