#include "train/progress.h"

#include "base/error.h"
#include "base/json.h"

namespace twofour::train {
namespace {

Json to_json(const EpochTotals& totals) {
  return {{"loss_sum", totals.loss_sum}, {"loss_steps", totals.loss_steps},       {"correct", totals.correct},
          {"images", totals.images},     {"skipped_steps", totals.skipped_steps}, {"time_s", totals.time_s}};
}

EpochTotals totals_from_json(const Json& json) {
  return {.loss_sum = json.at("loss_sum").get<double>(),
          .loss_steps = get_integer<int64_t>(json.at("loss_steps")),
          .correct = get_integer<int64_t>(json.at("correct")),
          .images = get_integer<int64_t>(json.at("images")),
          .skipped_steps = get_integer<int64_t>(json.at("skipped_steps")),
          .time_s = json.at("time_s").get<double>()};
}

EpochRecord record_from_json(const Json& json) {
  EpochRecord record = {.epoch = get_integer<int64_t>(json.at("epoch")),
                        .loss = json.at("loss").get<double>(),
                        .accuracy = json.at("accuracy").get<double>(),
                        .lr = json.at("lr").get<double>(),
                        .loss_scale = json.at("loss_scale").get<double>(),
                        .images_per_s = json.at("images_per_s").get<double>(),
                        .skipped_steps = get_integer<int64_t>(json.at("skipped_steps"))};
  if (json.contains("test_accuracy")) record.test_accuracy = json.at("test_accuracy").get<double>();
  return record;
}

TrainPosition parse_position(const Json& json) {
  TrainPosition position{.step = get_integer<int64_t>(json.at("step")),
                         .epoch = get_integer<int64_t>(json.at("epoch")),
                         .batch = get_integer<int64_t>(json.at("batch")),
                         .skips_in_a_row = get_integer<int64_t>(json.at("skips_in_a_row")),
                         .totals = totals_from_json(json.at("totals"))};
  for (const Json& record : json.at("history")) position.history.push_back(record_from_json(record));
  return position;
}

}  // namespace

Json to_json(const EpochRecord& record) {
  Json json = {{"epoch", record.epoch},
               {"loss", record.loss},
               {"accuracy", record.accuracy},
               {"lr", record.lr},
               {"loss_scale", record.loss_scale},
               {"images_per_s", record.images_per_s},
               {"skipped_steps", record.skipped_steps}};
  if (record.test_accuracy) json["test_accuracy"] = *record.test_accuracy;
  return json;
}

Json to_json(const TrainPosition& position) {
  Json history = Json::array();
  for (const EpochRecord& record : position.history) history.push_back(to_json(record));
  return {{"step", position.step},
          {"epoch", position.epoch},
          {"batch", position.batch},
          {"skips_in_a_row", position.skips_in_a_row},
          {"totals", to_json(position.totals)},
          {"history", std::move(history)}};
}

TrainPosition position_from_json(const Json& json) {
  try {
    TrainPosition position = parse_position(json);
    TWOFOUR_CHECK(position.step >= 0 && position.epoch >= 0 && position.batch >= 0, kDataCorrupt,
                  "the training position is negative: step {}, epoch {}, batch {}", position.step,
                  position.epoch, position.batch);
    return position;
  } catch (const Json::exception& error) {
    fail(ErrorCode::kDataCorrupt, "the training position is malformed: {}", error.what());
  }
}

}  // namespace twofour::train
