#include "train/optimizer.h"

#include <cmath>

#include "sparsity/mask.h"

namespace twofour::train {
namespace {

void check_number(std::string_view what, double value, double low) {
  TWOFOUR_CHECK(std::isfinite(value) && value >= low, kInvalidArgument, "[{}] is {}, expected at least {}",
                what, value, low);
}

void check_mask(const std::string& name, const Tensor& mask, const Value* weight) {
  TWOFOUR_CHECK(weight && weight->is_constant() && weight->dtype() == DType::kF32, kInvalidArgument,
                "mask \"{}\" belongs to no f32 weight of the model", name);
  TWOFOUR_CHECK(mask.defined() && mask.dtype() == DType::kBool && mask.shape() == weight->data().shape(),
                kInvalidArgument, "mask of \"{}\" is {}[{}], expected bool[{}]", name,
                mask.defined() ? dtype_name(mask.dtype()) : "undefined", mask.shape().to_string(),
                weight->data().shape().to_string());
}

}  // namespace

void check(const SgdOptions& options) {
  check_number("sgd lr", options.lr, 0);
  check_number("sgd momentum", options.momentum, 0);
  check_number("sgd weight_decay", options.weight_decay, 0);
  TWOFOUR_CHECK(!options.nesterov || options.momentum > 0, kInvalidArgument,
                "[sgd nesterov] needs a momentum greater than 0");
}

void check(const LossScaling& scaling) {
  if (scaling.mode == LossScaling::Mode::kNone) return;
  TWOFOUR_CHECK(std::isfinite(scaling.init_scale) && scaling.init_scale > 0, kInvalidArgument,
                "[loss scale] is {}, expected a positive number", scaling.init_scale);
  if (scaling.mode == LossScaling::Mode::kStatic) return;
  check_number("loss scale growth_factor", scaling.growth_factor, 1);
  TWOFOUR_CHECK(scaling.backoff_factor > 0 && scaling.backoff_factor < 1, kInvalidArgument,
                "[loss scale backoff_factor] is {}, expected between 0 and 1", scaling.backoff_factor);
  TWOFOUR_CHECK(scaling.growth_interval > 0, kInvalidArgument,
                "[loss scale growth_interval] is {}, expected at least 1", scaling.growth_interval);
  TWOFOUR_CHECK(scaling.min_scale > 0 && scaling.min_scale <= scaling.init_scale &&
                    scaling.init_scale <= scaling.max_scale && std::isfinite(scaling.max_scale),
                kInvalidArgument, "[loss scale] min {} <= init {} <= max {} does not hold", scaling.min_scale,
                scaling.init_scale, scaling.max_scale);
}

void apply_masks(Graph& model, OptimizerState& state) {
  for (const auto& [name, mask] : state.masks) {
    Value* weight = model.find_value(name);
    check_mask(name, mask, weight);
    weight->set_data(sparsity::masked(weight->data(), mask));
    if (const auto it = state.momentum.find(name); it != state.momentum.end())
      it->second = sparsity::masked(it->second, mask);
  }
}

}  // namespace twofour::train
