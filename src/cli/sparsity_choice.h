// The option --sparsity.
#pragma once

#include "cli/choice.h"
#include "twofour/engine.h"

namespace twofour::cli {

inline constexpr Names<Sparsity, 3> kSparsityNames = {
    {{"disable", Sparsity::kDisable}, {"enable", Sparsity::kEnable}, {"force", Sparsity::kForce}}};

inline Argument add_sparsity_choice(CLI::App& app, Sparsity& value) {
  return add_choice(app, "--sparsity", value, kSparsityNames,
                    "disable | enable | force (prunes first; accuracy is lost)");
}

}  // namespace twofour::cli
