#include "sparse/report.h"
#include "sparse/summary.h"

namespace twofour::bench {
namespace {

constexpr Names<Role, 5> kRoleNames = {{{"dense", Role::kDense},
                                        {"own dense", Role::kOwnDense},
                                        {"sparse", Role::kSparse},
                                        {"ceiling", Role::kCeiling},
                                        {"bandwidth", Role::kBandwidth}}};

template <typename Enum, size_t kSize>
Enum parse_name(const Names<Enum, kSize>& names, const std::string& text, std::string_view what) {
  for (const auto& [name, value] : names)
    if (name == text) return value;
  fail(ErrorCode::kDataCorrupt, "\"{}\" is no {}", text, what);
}

Json entry_json(const Entry& e) {
  Json json = {{"name", e.name}, {"role", name_of(kRoleNames, e.role)}, {"ms", e.ms}};
  if (e.left_out) json["left_out"] = true;
  if (is_ours(e.role)) {
    json["speedup"] = e.speedup;
    json["low"] = e.low;
    json["high"] = e.high;
  }
  return json;
}

Entry entry_from(const Json& json) {
  return {.name = json.at("name"),
          .role = parse_name(kRoleNames, json.at("role"), "role of a candidate"),
          .ms = json.at("ms"),
          .left_out = json.value("left_out", false),
          .low = json.value("low", 0.0),
          .high = json.value("high", 0.0),
          .speedup = json.value("speedup", 0.0)};
}

Json row_json(const Row& row) {
  const Problem& p = row.problem;
  Json json = {{"suite", p.suite},
               {"name", p.name},
               {"precision", name_of(kPrecisionNames, p.precision)},
               {"m", p.m},
               {"k", p.k},
               {"n", p.n},
               {"batch", p.batch},
               {"stored", dtype_name(p.stored)},
               {"groups", p.conv.groups},
               {"count", p.conv.count},
               {"threads", row.threads},
               {"cold", row.cold},
               {"rounds", row.rounds},
               {"dense", row.dense_name},
               {"dense_ms", row.dense_ms},
               {"speedup", row.speedup()},
               {"ceiling_gflops", row.ceiling_gflops},
               {"bandwidth_gbs", row.bandwidth_gbs}};
  if (const Entry* ours = row.sparse()) {
    json["sparse"] = ours->name;
    json["sparse_ms"] = ours->ms;
  }
  if (const Entry* ours = row.own_dense()) json["dense_speedup"] = ours->speedup;
  json["declined"] = row.refusals;
  for (const Entry& e : row.entries) json["candidates"].push_back(entry_json(e));
  return json;
}

Row row_from(const Json& json) {
  Row row{.problem = {.suite = json.at("suite"),
                      .name = json.at("name"),
                      .precision = parse_name(kPrecisionNames, json.value("precision", "f32"), "precision"),
                      .m = get_integer<int64_t>(json.at("m")),
                      .k = get_integer<int64_t>(json.at("k")),
                      .n = get_integer<int64_t>(json.at("n")),
                      .batch = get_integer<int64_t>(json.at("batch"))},
          .threads = get_integer<int>(json.at("threads")),
          .cold = json.at("cold"),
          .rounds = get_integer<size_t>(json.at("rounds")),
          .refusals = json.at("declined"),
          .dense_ms = json.at("dense_ms"),
          .dense_name = json.at("dense"),
          .ceiling_gflops = json.at("ceiling_gflops"),
          .bandwidth_gbs = json.at("bandwidth_gbs")};
  const std::string stored = json.value("stored", "f32");
  const auto dtype = dtype_from_name(stored);
  TWOFOUR_CHECK(dtype, kDataCorrupt, "\"{}\" is no element type", stored);
  row.problem.stored = *dtype;
  row.problem.conv.groups = get_integer<int64_t>(json.at("groups"));
  row.problem.conv.count = get_integer<int64_t>(json.at("count"));
  for (const Json& entry : json.at("candidates")) row.entries.push_back(entry_from(entry));
  return row;
}

}  // namespace

Json json_of(const Report& run) {
  Json rows = Json::array();
  for (const Row& row : run.rows) rows.push_back(row_json(row));
  return {{"device", run.device},
          {"peers", run.peers},
          {"seconds", run.seconds},
          {"notes", run.notes},
          {"summary", summary_of(run.rows)},
          {"rows", rows}};
}

void add_run(const Json& json, const std::string& source, Report* run) {
  try {
    const std::string device = json.at("device");
    TWOFOUR_CHECK(device == run->device, kInvalidArgument, "{} was measured on {}, this is {}", source,
                  device, run->device);
    std::vector<Row> rows;
    for (const Json& row : json.at("rows")) rows.push_back(row_from(row));
    run->rows.insert(run->rows.end(), rows.begin(), rows.end());
    run->seconds += json.at("seconds").get<double>();
  } catch (const Json::exception& error) {
    fail(ErrorCode::kDataCorrupt, "{} is no report of bench_sparse: {}", source, error.what());
  }
}

}  // namespace twofour::bench
