// onnx_backend_runner [--reference] DIR...: runs directories of ONNX backend tests. A line for every case
// that fails, a table by operator, and `N passed, M failed, K unsupported`. Exits with 1 when one failed that
// is not known to.
#include <fmt/format.h>

#include <fstream>
#include <map>

#include <CLI/CLI.hpp>

#include "base/error.h"
#include "case.h"

namespace {

using namespace twofour::conformance;

struct Counts {
  int passed = 0, failed = 0, unsupported = 0;
  void add(Verdict verdict) {
    (verdict == Verdict::kPassed ? passed : verdict == Verdict::kFailed ? failed : unsupported)++;
  }
};

struct Options {
  std::vector<std::string> folders;
  std::string filter, known_failures;
  bool reference = false, list_unsupported = false;
  Tolerance tolerance;
};

void print_table(const std::map<std::string, Counts>& by_op) {
  fmt::print("\n{:<28} {:>7} {:>7} {:>12}\n", "Operator", "passed", "failed", "unsupported");
  for (const auto& [op, counts] : by_op)
    fmt::print("{:<28} {:>7} {:>7} {:>12}\n", op, counts.passed, counts.failed, counts.unsupported);
}

/// "name: reason" in every line; `#` starts a comment.
std::map<std::string, std::string> read_known(const std::string& path) {
  std::map<std::string, std::string> known;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const size_t colon = line.find(": ");
    if (!line.starts_with('#') && colon != std::string::npos)
      known[line.substr(0, colon)] = line.substr(colon + 2);
  }
  return known;
}

int run(const Options& options) {
  const std::map<std::string, std::string> known = read_known(options.known_failures);
  int surprises = 0;
  Counts total;
  std::map<std::string, Counts> by_op;
  for (const std::string& folder : options.folders)
    for (const Case& test : find_cases(folder)) {
      if (test.name.find(options.filter) == std::string::npos) continue;
      const Outcome outcome =
          run_case(test, options.reference ? run_reference : run_engine, options.tolerance);
      total.add(outcome.verdict);
      for (const std::string& op : outcome.ops) by_op[op].add(outcome.verdict);
      if (outcome.verdict == Verdict::kFailed) {
        const auto reason = known.find(test.name);
        surprises += reason == known.end();
        if (reason == known.end()) fmt::print("FAILED {}: {}\n", test.name, outcome.reason);
        else fmt::print("known failure {}: {}\n", test.name, reason->second);
      }
      if (outcome.verdict == Verdict::kUnsupported && options.list_unsupported)
        fmt::print("unsupported {}: {}\n", test.name, outcome.reason);
    }
  print_table(by_op);
  fmt::print("\n{} passed, {} failed, {} unsupported\n", total.passed, total.failed, total.unsupported);
  return surprises ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Runs ONNX backend tests", "onnx_backend_runner");
  Options options;
  app.add_option("folders", options.folders, "Folders with cases, searched to any depth")
      ->required()
      ->check(CLI::ExistingDirectory);
  app.add_option("--filter", options.filter, "Only cases whose name contains this");
  app.add_option("--known_failures", options.known_failures, "File of cases that may fail: name: reason")
      ->check(CLI::ExistingFile);
  app.add_flag("--reference", options.reference, "Reference kernels, node by node, instead of an engine");
  app.add_flag("--list_unsupported", options.list_unsupported, "A line for each of those, too");
  app.add_option("--rtol", options.tolerance.relative)->capture_default_str();
  app.add_option("--atol", options.tolerance.absolute)->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  try {
    return run(options);
  } catch (const std::exception& error) {
    fmt::print(stderr, "onnx_backend_runner: error: {}\n", error.what());
    return 2;
  }
}
