// Packed constants that plans for several sizes share.
#pragma once

#include <map>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "backend/tactic.h"

namespace twofour::builder {

/// May be shared between threads.
class PackedStore {
 public:
  /// Only what is packed from these is kept: they outlive the store.
  explicit PackedStore(std::span<const Tensor> constants);
  /// What tactic.pack(node) gives, packed now or before.
  std::vector<Tensor> pack(const backend::Tactic& tactic, const backend::NodeDesc& node);

 private:
  bool keeps(const backend::NodeDesc& node) const;

  std::set<const std::byte*> constants_;
  std::mutex mutex_;
  std::map<std::string, std::vector<Tensor>> packed_;  // by tactic, operator, attributes, constants and form
};

}  // namespace twofour::builder
