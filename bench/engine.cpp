// Dense against sparse engine of one network, run in turn: the whole-network gain of 2:4.
#include "twofour/engine.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "cli/table.h"
#include "cli/timing.h"
#include "twofour/files.h"

namespace {

using namespace twofour;  // NOLINT(google-build-using-namespace): a program of one file

struct Options {
  std::string onnx, zoo = "resnet50", json;
  std::vector<int64_t> batches = {1, 8};
  int threads = 0;
  double seconds = 5;
};

BuildOptions build_options(const Model& model, int64_t batch, Sparsity sparsity) {
  BuildOptions options;
  options.sparsity = sparsity;
  for (auto [name, shape] : model.default_shapes()) {
    shape[0] = batch;
    options.shapes[name] = shape;
  }
  return options;
}

void run(const Options& options) {
  set_threads(options.threads);
  const Model dense = options.onnx.empty() ? Model::zoo(options.zoo) : Model::load(options.onnx);
  Model sparse = dense.clone();
  sparse.prune();
  cli::Table table({">Batch", ">Dense ms", ">Sparse ms", ">Speedup", ">Layers run sparse", ">Rounds"});
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  for (const int64_t batch : options.batches) {
    const BuiltEngine a = build_engine(dense, build_options(dense, batch, Sparsity::kDisable));
    const BuiltEngine b = build_engine(sparse, build_options(sparse, batch, Sparsity::kEnable));
    const cli::Comparison c = cli::compare_engines(a.engine, b.engine, options.seconds);
    const size_t layers = b.report.sparse_layers().size();
    table.add_row({std::to_string(batch), fmt::format("{:.2f}", c.a_ms), fmt::format("{:.2f}", c.b_ms),
                   fmt::format("{:.2f}x", c.ratio), std::to_string(layers), std::to_string(c.rounds)});
    rows.push_back({{"batch", batch},
                    {"dense_ms", c.a_ms},
                    {"sparse_ms", c.b_ms},
                    {"speedup", c.ratio},
                    {"sparse_layers", layers},
                    {"rounds", c.rounds}});
  }
  fmt::print("{} on {}, {} threads\n{}\n", options.onnx.empty() ? options.zoo : options.onnx, device_name(),
             set_threads(0), table.text());
  if (!options.json.empty())
    write_file_atomic(options.json,
                      nlohmann::ordered_json{{"device", device_name()}, {"batches", rows}}.dump(1));
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Times the dense and the 2:4 engine of a network in turn");
  Options options;
  app.add_option("--onnx", options.onnx, "Model; default: --zoo");
  app.add_option("--zoo", options.zoo, "Built-in network")->capture_default_str();
  app.add_option("--batch", options.batches, "Batch sizes")->delimiter(',')->capture_default_str();
  app.add_option("--threads", options.threads, "Threads; default: all cores");
  app.add_option("--seconds", options.seconds, "At least this long per batch size")->capture_default_str();
  app.add_option("--json", options.json, "Write the figures as JSON");
  CLI11_PARSE(app, argc, argv);
  try {
    run(options);
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench_engine: {}\n", error.what());
    return 1;
  }
  return 0;
}
