#include "sparsity/eligibility.h"

#include <array>

#include "sparsity/mask.h"

namespace twofour::sparsity {
namespace {

bool has_asp_sizes(const Shape& shape) {
  return shape.rank() >= 2 && shape[0] % 8 == 0 && shape[1] % 16 == 0;
}

}  // namespace

std::string_view reason_text(Reason reason) {
  constexpr std::array<std::string_view, 9> kTexts = {
      "",
      "the weight is not constant",
      "the weight is neither floating point nor i8 codes",
      "the weight is shared by layers that reduce along different axes",
      "the reduction axis is not a multiple of 4",
      "the input channels of a group are not a multiple of 4",
      "the sizes are not multiples of 8 and 16",
      "the weight is too small",
      "excluded by name",
  };
  return kTexts[static_cast<size_t>(reason)];
}

Reason eligibility(const SparseWeight& entry, const EligibilityOptions& options) {
  const Value& weight = *entry.weight;
  if (!weight.is_constant()) return Reason::kNotConstant;
  if (!has_magnitudes(weight.dtype())) return Reason::kNoNumbers;
  if (entry.conflict) return Reason::kConflictingAxes;
  const Shape& shape = weight.data().shape();
  if (shape.numel() == 0 || shape[entry.axis] % 4 != 0)
    return entry.node->attrs().i("group", 1) > 1 ? Reason::kGroupNotMultipleOf4 : Reason::kAxisNotMultipleOf4;
  if (options.asp_sizes && !has_asp_sizes(shape)) return Reason::kAspSizes;
  if (shape.numel() < options.min_elements) return Reason::kTooSmall;
  return Reason::kEligible;
}

}  // namespace twofour::sparsity
