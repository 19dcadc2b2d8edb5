// 2:4 kernels against the fastest dense library at each shape, in turn.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <memory>

#include <CLI/CLI.hpp>

#include "base/file.h"
#include "source_dir.h"
#include "sparse/race.h"
#include "sparse/report.h"
#include "twofour/engine.h"

namespace {

using namespace twofour;  // NOLINT(google-build-using-namespace): a program of one file
using Clock = std::chrono::steady_clock;

struct Options {
  std::string json, html;
  std::vector<std::string> only, add, precisions = {"f32"};
  std::vector<int> threads = {1, 2};
  bool quick = false;
};

constexpr bench::Effort kQuick = {.least_rounds = 3, .most_rounds = 5, .seconds = 0.1};

std::unique_ptr<bench::NodePeer> start_peer(bench::Report* run) {
  std::unique_ptr<bench::NodePeer> peer;
  if (std::getenv("TWOFOUR_MAX_ISA")) {
    run->notes.emplace_back("left out: ONNX Runtime, which TWOFOUR_MAX_ISA does not bind");
    return peer;
  }
  try {
    peer = std::make_unique<bench::NodePeer>();
    run->peers.push_back(peer->title());
  } catch (const Error& error) {
    run->notes.push_back(fmt::format("left out: {}", error.what()));
  }
  return peer;
}

void name_libraries(bench::Report* run) {
  run->peers = {bench::onednn_title()};
  if (!bench::openblas_title().empty()) run->peers.push_back(bench::openblas_title());
  else run->notes.emplace_back("left out: OpenBLAS, which was not there when this was built");
}

void progress(const bench::Row& row, size_t done, size_t all, double seconds) {
  fmt::print(stderr, "[{}/{} {:.0f} s] {}/{} {} {} threads: {:.2f}x\n", done, all, seconds, row.problem.suite,
             row.problem.name, name_of(bench::kPrecisionNames, row.problem.precision), row.threads,
             row.speedup());
}

void write_reports(const bench::Report& run, const Options& options) {
  if (!options.json.empty()) write_file_atomic(options.json, bench::json_of(run).dump(1) + "\n");
  if (!options.html.empty()) write_file_atomic(options.html, bench::html_of(run));
}

struct Runner {
  const Options& options;
  bench::NodePeer* peer;
  bench::ProblemData data = {};
  Clock::time_point start = Clock::now();

  double seconds() const { return std::chrono::duration<double>(Clock::now() - start).count(); }
  bench::Row run(const bench::Problem& problem, int threads) {
    set_threads(threads);
    data = bench::make_data(problem, data);
    return bench::race(problem, data, threads, peer, options.quick ? kQuick : bench::Effort());
  }
};

/// Rows that other work on the machine disturbed, as their quartiles show, are run again; of each the calmest
/// result stays, whatever its speedup.
void repeat_disturbed(Runner& runner, std::vector<bench::Row>& rows) {
  constexpr double kCalm = 1.25;
  constexpr double kSeconds = 13 * 60;  // with the last row, a run takes at most a quarter of an hour
  for (int repeat = 0; repeat < 2; ++repeat)
    for (size_t i = 0; i < rows.size() && runner.seconds() < kSeconds; ++i) {
      if (rows[i].spread() <= kCalm) continue;
      bench::Row again = runner.run(rows[i].problem, rows[i].threads);
      fmt::print(stderr, "[again, {:.0f} s] {}/{} {} threads: {:.2f}x, quartiles {:.2f} apart, were {:.2f}\n",
                 runner.seconds(), again.problem.suite, again.problem.name, again.threads, again.speedup(),
                 again.spread(), rows[i].spread());
      if (again.spread() < rows[i].spread()) rows[i] = std::move(again);
    }
}

std::vector<bench::Problem> problems_of(const Options& options,
                                        const std::vector<bench::Precision>& precisions) {
  std::vector<bench::Problem> problems;
  for (const bench::Precision precision : precisions)
    std::ranges::move(
        bench::list_problems(TWOFOUR_SOURCE_DIR "/bench/shapes", precision, options.only, options.quick),
        std::back_inserter(problems));
  TWOFOUR_CHECK(!problems.empty() || precisions.empty() || !options.add.empty(), kInvalidArgument,
                "--only={}: no shape has that in its name", fmt::join(options.only, ","));
  return problems;
}

void run_all(const Options& options) {
  bench::Report run{.device = device_name()};
  const std::vector<bench::Problem> problems =
      problems_of(options, bench::usable_precisions(bench::parse_precisions(options.precisions), &run.notes));
  set_threads(std::ranges::max(options.threads));
  name_libraries(&run);
  const std::unique_ptr<bench::NodePeer> peer = start_peer(&run);
  Runner runner{.options = options, .peer = peer.get()};
  for (const int threads : options.threads)
    for (const bench::Problem& problem : problems) {
      run.rows.push_back(runner.run(problem, threads));
      progress(run.rows.back(), run.rows.size(), problems.size() * options.threads.size(), runner.seconds());
    }
  if (!options.quick) repeat_disturbed(runner, run.rows);
  run.seconds = runner.seconds();
  for (const std::string& file : options.add) bench::add_run(parse_json(read_file(file), file), file, &run);
  fmt::print("{}", bench::text_of(run));
  write_reports(run, options);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "2:4 kernels against oneDNN, OpenBLAS and ONNX Runtime in turn (TWOFOUR_PYTHON names a Python with "
      "it)");
  Options options;
  app.add_option("--json", options.json, "Write every row and the summary as JSON");
  app.add_option("--html", options.html, "Write a page with charts");
  app.add_option("--add", options.add,
                 "Show the rows of these JSON reports as well; with an --only that is nowhere, they alone")
      ->delimiter(',');
  app.add_option("--only", options.only, "Only the shapes whose \"file/name\" contains one of these")
      ->delimiter(',');
  app.add_option("--precision", options.precisions, "Of everybody: f32, bf16, int8")
      ->delimiter(',')
      ->capture_default_str();
  app.add_option("--threads", options.threads, "Numbers of threads")
      ->delimiter(',')
      ->check(CLI::Range(1, kMaxThreads))
      ->capture_default_str();
  app.add_flag("--quick", options.quick, "A fifth of the shapes and few rounds: a look, no figures to quote");
  CLI11_PARSE(app, argc, argv);
  try {
    run_all(options);
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench_sparse: {}\n", error.what());
    return 1;
  }
  return 0;
}
