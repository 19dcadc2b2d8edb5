// Packed constants that kernels for several sizes share.
#pragma once

#include <compare>
#include <map>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "backend/tactic.h"

namespace twofour::backend {

/// May be shared between threads.
class PackedStore {
 public:
  /// Only what is packed from these is kept: they outlive the store.
  explicit PackedStore(std::span<const Tensor> constants);
  /// What tactic.pack(node) gives, packed now or before.
  std::vector<Tensor> pack(const Tactic& tactic, const NodeDesc& node);

 private:
  struct Key {
    const Tactic* tactic;
    std::string op;
    std::string attrs;
    std::vector<std::pair<std::string, const std::byte*>> constants;  // by input: type and data
    std::string form;                                                 // Tactic::packed_form()

    auto operator<=>(const Key&) const = default;
  };

  bool keeps(const NodeDesc& node) const;

  std::set<const std::byte*> constants_;
  std::mutex mutex_;
  std::map<Key, std::vector<Tensor>> packed_;
};

}  // namespace twofour::backend
