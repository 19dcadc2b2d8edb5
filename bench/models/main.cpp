// Whole networks in our engine, in ONNX Runtime and in OpenVINO, run in turn on the same random inputs.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>

#include <CLI/CLI.hpp>

#include "base/file.h"
#include "models/race.h"
#include "models/work_folder.h"

namespace {

using namespace twofour;         // NOLINT(google-build-using-namespace): a program of one file
using namespace twofour::bench;  // NOLINT(google-build-using-namespace)

struct Options {
  std::string folder, json;
  std::vector<std::string> models, precisions = {"f32"};
  std::vector<int64_t> batches = {1, 8};
  std::vector<int> threads = {1, 2};
  double seconds = 4;
  bool sparse = false;
};

void run_network(const Network& network, const Options& options, const std::filesystem::path& folder,
                 ModelReport& report) {
  std::vector<std::string> ignored;
  Peers peers = start_peers(network.precision, &ignored);  // anew: one network's crash is not the next one's
  for (const int threads : options.threads)
    for (const int64_t batch : options.batches) {
      Case test{network, {}, batch, threads, options.sparse};
      if (!shapes_at(*network.entry, network.model, batch, &test.shapes)) continue;
      set_threads(threads);
      for (ModelRow& row : race(test, peers, folder, options.seconds)) report.add(std::move(row));
      fmt::print(stderr, "{} {} batch {}, {} threads\n", network.entry->name,
                 name_of(kPrecisionNames, network.precision), batch, threads);
    }
}

/// Titles of all peers, and notes on those that are not there.
std::vector<std::string> columns(const Options& options, const std::vector<Precision>& precisions,
                                 std::vector<std::string>* notes) {
  std::vector<std::string> titles;
  if (options.sparse) titles.emplace_back(kOwnDense);
  for (const Precision precision : precisions)
    for (const auto& peer : start_peers(precision, notes))
      if (std::ranges::find(titles, title_of(*peer)) == titles.end()) titles.push_back(title_of(*peer));
  return titles;
}

bool is_chosen(const Options& options, const BenchModel& entry) {
  return options.models.empty() || std::ranges::find(options.models, entry.name) != options.models.end();
}

void run_model(const BenchModel& entry, Precision precision, const Options& options,
               const std::filesystem::path& folder, ModelReport& report) {
  set_threads(std::ranges::max(options.threads));
  try {
    run_network(make_network(entry, precision, options.folder, folder), options, folder, report);
  } catch (const Error& error) {
    report.note(fmt::format("{} {}: {}", entry.name, name_of(kPrecisionNames, precision), error.what()));
  }
}

void run(const Options& options) {
  std::vector<std::string> notes;
  const std::vector<Precision> precisions = usable_precisions(parse_precisions(options.precisions), &notes);
  ModelReport report(columns(options, precisions, &notes));
  for (const std::string& note : notes) report.note(note);
  const WorkFolder folder;
  for (const BenchModel& entry : bench_models())
    for (const Precision precision : precisions)
      if (is_chosen(options, entry)) run_model(entry, precision, options, folder.path(), report);
  fmt::print("Inference on {}\n{}\n", device_name(), report.text());
  if (!options.json.empty()) write_file_atomic(options.json, report.json().dump(1));
}

std::string default_folder() {
  const char* shared = std::getenv("TWOFOUR_SHARED");
  return std::string(shared ? shared : "../shared") + "/models";
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "Networks in twofour, ONNX Runtime and OpenVINO in turn (TWOFOUR_PYTHON names a Python with them)");
  Options options{.folder = default_folder()};
  app.add_option("--models", options.models, "Names; default: all")->delimiter(',');
  app.add_option("--folder", options.folder, "Where the ONNX files are")->capture_default_str();
  app.add_option("--precision", options.precisions,
                 "Of everybody: f32, bf16 (without ONNX Runtime), int8 (float networks are quantised first)")
      ->delimiter(',')
      ->capture_default_str();
  app.add_option("--batch", options.batches, "Batch sizes")->delimiter(',')->capture_default_str();
  app.add_option("--threads", options.threads, "Numbers of threads")->delimiter(',')->capture_default_str();
  app.add_option("--seconds", options.seconds, "At least this long per race")->capture_default_str();
  app.add_flag("--sparse", options.sparse,
               "Our engine of the pruned network runs, too, in rows of its own against every dense engine");
  app.add_option("--json", options.json, "Write the figures as JSON");
  CLI11_PARSE(app, argc, argv);
  limit_spinning();
  try {
    for (const std::string& name : options.models) bench_model(name);
    run(options);
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench_models: {}\n", error.what());
    return 1;
  }
  return 0;
}
