// May a weight be made 2:4, and if not, why not. The reasons are a closed list, so that reports can be
// compared.
#pragma once

#include <string_view>

#include "sparsity/axis.h"

namespace twofour::sparsity {

enum class Reason : uint8_t {
  kEligible,
  kNotConstant,
  kNoNumbers,
  kConflictingAxes,
  kAxisNotMultipleOf4,
  kGroupNotMultipleOf4,
  kAspSizes,
  kTooSmall,
  kExcluded,
};
/// "" for kEligible, else a sentence without a stop: "the reduction axis is not a multiple of 4".
std::string_view reason_text(Reason reason);

struct EligibilityOptions {
  int64_t min_elements = 0;
  /// ASP's rule for Tensor Core tiles: the first two sizes must be multiples of 8 and 16.
  bool asp_sizes = false;
};

/// The first reason that applies, in the order of the list.
Reason eligibility(const SparseWeight& weight, const EligibilityOptions& options = {});

}  // namespace twofour::sparsity
