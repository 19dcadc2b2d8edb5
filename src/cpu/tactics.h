// Factories of the CPU backend's tactics: one per row of tactics.inc, each defined beside its class.
#pragma once

#include <memory>

#include "backend/tactic.h"

namespace twofour::cpu {

#define TWOFOUR_TACTIC(ClassName) std::unique_ptr<backend::Tactic> make_##ClassName();
#include "cpu/tactics.inc"
#undef TWOFOUR_TACTIC

}  // namespace twofour::cpu

/// Defines the factory of a class; at the end of its file, inside namespace twofour::cpu.
#define TWOFOUR_DEFINE_TACTIC(ClassName) \
  std::unique_ptr<backend::Tactic> make_##ClassName() { return std::make_unique<ClassName>(); }
