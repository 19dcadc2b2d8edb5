#include "sparsity/verify.h"

#include <algorithm>

#include "base/log.h"
#include "sparsity/axis.h"
#include "sparsity/blocks.h"
#include "sparsity/metadata.h"

namespace twofour::sparsity {
namespace {

template <typename T>
bool is_zero(T value) {
  if constexpr (std::is_same_v<T, f16> || std::is_same_v<T, bf16>) return to_float(value) == 0;
  else return value == T{};
}

std::string problem_of(const Value* weight, const SparseWeight* use, WeightCheck& check) {
  if (!weight) return "there is no such weight";
  if (!weight->is_constant()) return "the weight is not constant";
  if (!use) return "no layer multiplies by the weight";
  if (use->conflict || use->axis != check.axis)
    return fmt::format("{} reduces along axis {}, not {}", use->node->label(), use->axis, check.axis);
  const Shape& shape = weight->data().shape();
  if (shape[check.axis] % 4 != 0) return fmt::format("blocks of four do not fit shape {}", shape.to_string());
  check.violations = count_violations(weight->data(), check.axis);
  if (check.violations.count == 0) return "";
  return fmt::format("{} of {} blocks have more than two non-zeros, the first at [{}]",
                     check.violations.count, check.violations.blocks, fmt::join(check.violations.first, ","));
}

}  // namespace

Violations count_violations(const Tensor& weight, size_t axis) {
  Violations result;
  dispatch_dtype(weight.dtype(), [&]<typename T>(T) {
    const auto values = weight.span<T>();
    for_each_block(weight.shape(), axis, [&](const Block& block) {
      ++result.blocks;
      if (std::ranges::count_if(block, [&](size_t i) { return !is_zero(values[i]); }) <= 2) return;
      if (result.count++ == 0) result.first = coordinates(weight.shape(), block[0]);
    });
  });
  return result;
}

double zero_fraction(const Tensor& weight) {
  if (weight.numel() == 0) return 0;
  return dispatch_dtype(weight.dtype(), [&]<typename T>(T) {
    const auto values = weight.span<T>();
    return static_cast<double>(std::ranges::count_if(values, is_zero<T>)) /
           static_cast<double>(values.size());
  });
}

std::vector<WeightCheck> verify_sparsity(const Graph& graph) {
  const std::vector<SparseWeight> uses = sparse_weights(graph);
  std::vector<WeightCheck> result;
  for (const SparsePattern& pattern : read_metadata(graph)) {
    const Value* weight = graph.find_value(pattern.weight);
    const auto use = std::ranges::find(uses, weight, &SparseWeight::weight);
    WeightCheck check = {.weight = pattern.weight, .axis = pattern.axis};
    check.problem = problem_of(weight, use == uses.end() ? nullptr : &*use, check);
    result.push_back(std::move(check));
  }
  return result;
}

void drop_stale_marks(Graph& graph) {
  std::vector<SparsePattern> sound;
  try {
    for (const WeightCheck& check : verify_sparsity(graph)) {
      if (check.problem.empty()) sound.push_back({check.weight, check.axis});
      else log_warning("the 2:4 mark of \"{}\" is dropped: {}", check.weight, check.problem);
    }
  } catch (const Error& error) {
    log_warning("the 2:4 marks are dropped: {}", error.what());
    sound.clear();
  }
  write_metadata(graph, sound);
}

void require_sparsity(const Graph& graph) {
  for (const WeightCheck& check : verify_sparsity(graph))
    TWOFOUR_CHECK(check.problem.empty(), kFailedPrecondition,
                  "the metadata calls weight \"{}\" 2:4, but {}; prune the model again", check.weight,
                  check.problem);
}

}  // namespace twofour::sparsity
