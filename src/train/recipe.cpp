#include "train/recipe.h"

#include <array>

#include "base/error.h"
#include "base/json.h"

namespace twofour::train {
namespace {

constexpr Names<LossScaling::Mode, 3> kScalingNames = {{{"none", LossScaling::Mode::kNone},
                                                        {"static", LossScaling::Mode::kStatic},
                                                        {"dynamic", LossScaling::Mode::kDynamic}}};

Json to_json(const SgdOptions& sgd) {
  return {{"lr", sgd.lr},
          {"momentum", sgd.momentum},
          {"nesterov", sgd.nesterov},
          {"weight_decay", sgd.weight_decay},
          {"decay_norm_and_bias", sgd.decay_norm_and_bias}};
}

Json to_json(const Schedule& schedule) {
  Json json = {{"kind", name_of(kScheduleNames, schedule.kind)}, {"warmup_steps", schedule.warmup_steps}};
  if (schedule.kind == ScheduleKind::kStep) {
    json["milestones"] = schedule.milestones;
    json["gamma"] = schedule.gamma;
  }
  if (schedule.kind == ScheduleKind::kCosine) {
    json["total_steps"] = schedule.total_steps;
    json["final_lr"] = schedule.final_lr;
  }
  return json;
}

Json to_json(const LossScaling& scaling) {
  Json json = {{"mode", name_of(kScalingNames, scaling.mode)}};
  if (scaling.mode != LossScaling::Mode::kNone) json["init_scale"] = scaling.init_scale;
  if (scaling.mode != LossScaling::Mode::kDynamic) return json;
  json["growth_factor"] = scaling.growth_factor;
  json["backoff_factor"] = scaling.backoff_factor;
  json["growth_interval"] = scaling.growth_interval;
  json["min_scale"] = scaling.min_scale;
  json["max_scale"] = scaling.max_scale;
  return json;
}

Json to_json(const data::Loader& loader) {
  const data::LoaderOptions& options = loader.options();
  const data::Dataset& dataset = loader.dataset();
  return {{"images", dataset.size()},
          {"classes", dataset.num_classes()},
          {"image_shape", dataset.image_shape().to_string()},
          {"resize", dataset.resize()},
          {"batch_size", options.batch_size},
          {"shuffle", options.shuffle},
          {"seed", options.seed},
          {"flip", options.augmentation.flip},
          {"crop_padding", options.augmentation.crop_padding},
          {"mean", options.mean},
          {"std", options.std}};
}

}  // namespace

Json recipe_json(const TrainerOptions& options, Precision precision, const LossScaling& scaling,
                 const SgdOptions& sgd, const data::Loader& loader) {
  return {{"data", to_json(loader)},
          {"sgd", to_json(sgd)},
          {"schedule", to_json(options.schedule)},
          {"precision", name_of(kPrecisionNames, precision)},
          {"deny_half", options.deny_half},
          {"loss_scaling", to_json(scaling)},
          {"label_smoothing", options.label_smoothing},
          {"clip_norm", options.clip_norm}};
}

void check_same_recipe(const Json& stored, const Json& given, std::string_view source, bool new_schedule) {
  TWOFOUR_CHECK(stored.is_object(), kDataCorrupt, "the recipe of {} is no JSON object", source);
  Json present = given;
  if (new_schedule && stored.contains("schedule")) present["schedule"] = stored["schedule"];
  const Json difference = Json::diff(stored, present);
  if (difference.empty()) return;
  const std::string path = difference.front().at("path").get<std::string>();
  const auto value = [&path](const Json& json) {
    const Json::json_pointer pointer(path);
    return json.contains(pointer) ? json.at(pointer).dump() : "not set";
  };
  fail(ErrorCode::kInvalidArgument,
       "{} was written with {} {}, this run has {}: it would not go on bit for bit; give the same options{}, "
       "or start a new run from the trained model",
       source, path.substr(1), value(stored), value(present),
       path.starts_with("/schedule")
           ? ", or allow a new schedule (--new_schedule, TrainerOptions::new_schedule)"
           : "");
}

}  // namespace twofour::train
