// The recipe of a run: what decides its numbers besides model, images and machine. Checkpoints keep it, so
// that a run is never resumed with other options unnoticed, and reports show it.
#pragma once

#include "base/json_fwd.h"
#include "data/loader.h"
#include "train/optimizer.h"
#include "twofour/train_options.h"

namespace twofour::train {

/// `precision` and `scaling` are those in use, which on this hardware may not be those asked for.
Json recipe_json(const TrainerOptions& options, Precision precision, const LossScaling& scaling,
                 const SgdOptions& sgd, const data::Loader& loader);

/// Throws Error{kInvalidArgument} naming `source` and the first setting that differs, with both values; with
/// `new_schedule` the schedule may.
void check_same_recipe(const Json& stored, const Json& present, std::string_view source,
                       bool new_schedule = false);

}  // namespace twofour::train
