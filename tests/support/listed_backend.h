// A backend of the tactics that a test gives it.
#pragma once

#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "backend/tactic.h"

namespace twofour::testing {

/// The tactics, best first, outlive it.
class ListedBackend final : public backend::Backend {
 public:
  explicit ListedBackend(std::vector<const backend::Tactic*> tactics, std::string_view name = "listed")
      : tactics_(std::move(tactics)), name_(name) {}
  std::string_view name() const override { return name_; }
  std::string device() const override { return "any CPU"; }
  std::span<const backend::Tactic* const> tactics() const override { return tactics_; }
  backend::Support native_half(DType) const override {
    return backend::declined(backend::Reason::kNoHalfArithmetic);
  }

 private:
  std::vector<const backend::Tactic*> tactics_;
  std::string_view name_;
};

}  // namespace twofour::testing
