// Whole networks in our engine, in ONNX Runtime and in OpenVINO, run in turn on the same random inputs.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <filesystem>
#include <optional>

#include <CLI/CLI.hpp>

#include "base/file.h"
#include "cli/inputs.h"
#include "cli/timing.h"
#include "contest.h"
#include "model_list.h"
#include "model_report.h"
#include "twofour/engine.h"
#include "twofour/error.h"

namespace {

using namespace twofour;  // NOLINT(google-build-using-namespace): a program of one file
using Clock = std::chrono::steady_clock;

struct Options {
  std::string folder, json;
  std::vector<std::string> models;
  std::vector<int64_t> batches = {1, 8};
  std::vector<int> threads = {1, 2};
  double seconds = 4;
  bool sparse = false;
};

constexpr double kTurnS = 0.03;  // work of one turn, at least one run
constexpr size_t kLeastRounds = 5;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// A folder for what the peers read and write, removed at the end.
class WorkFolder {
 public:
  WorkFolder() : path_(std::filesystem::temp_directory_path() / fmt::format("bench_models.{}", getpid())) {
    std::filesystem::create_directories(path_);
  }
  ~WorkFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  WorkFolder(const WorkFolder&) = delete;
  WorkFolder& operator=(const WorkFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

using Peers = std::vector<std::unique_ptr<PythonProgram>>;

/// "OpenVINO 2026.4.1".
std::string title_of(const PythonProgram& peer) { return fmt::format("{}", fmt::join(peer.greeting(), " ")); }

/// One network at one batch size and number of threads.
struct Case {
  const BenchModel* entry;
  std::string onnx;  // what the peers read
  std::map<std::string, Shape> shapes;
  int64_t batch;
  int threads;
  bool sparse;  // our engine runs the pruned network, and the dense one is a peer
};

constexpr const char* kOwnDense = "twofour dense";

std::string numpy_name(DType dtype) {
  switch (dtype) {
    case DType::kF32: return "float32";
    case DType::kF64: return "float64";
    case DType::kF16: return "float16";
    case DType::kI64: return "int64";
    case DType::kI32: return "int32";
    case DType::kBool: return "bool";
    default: return std::string(dtype_name(dtype));
  }
}

Json load_request(const Case& test, const Engine& engine, const cli::Inputs& inputs,
                  const std::filesystem::path& folder) {
  Json request = {{"model", test.onnx}, {"threads", test.threads}, {"outputs", folder.string()}};
  size_t index = 0;
  for (const TensorInfo& info : engine.inputs()) {
    const Tensor& tensor = inputs.at(info.name);
    const auto path = folder / fmt::format("input{}.bin", index++);
    write_file_atomic(path, {reinterpret_cast<const char*>(tensor.raw()), tensor.size_bytes()});
    request["inputs"][info.name] = {
        {"file", path.string()}, {"dtype", numpy_name(info.dtype)}, {"shape", info.shape.dims()}};
  }
  return request;
}

/// The largest difference of an element, relative to the largest magnitude of its tensor.
double largest_difference(const Engine& engine, const Context& context, const std::filesystem::path& folder) {
  double worst = 0;
  size_t index = 0;
  for (const TensorInfo& info : engine.outputs()) {
    const std::string bytes = read_file(folder / fmt::format("{}.bin", index++));
    if (!is_float(info.dtype)) continue;
    const Tensor theirs(info.dtype, info.shape);
    if (bytes.size() != theirs.size_bytes()) return INFINITY;
    std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(theirs.raw()));
    const Tensor a = context.tensor(info.name).to(DType::kF32);
    const Tensor b = theirs.to(DType::kF32);
    double scale = 1e-20, difference = 0;
    for (size_t i = 0; i < b.span<float>().size(); ++i) {
      scale = std::max<double>(scale, std::abs(b.span<float>()[i]));
      difference = std::max<double>(difference, std::abs(a.span<float>()[i] - b.span<float>()[i]));
    }
    worst = std::max(worst, difference / scale);
  }
  return worst;
}

double mean_run_s(Context& context, int64_t runs) {
  context.run();
  const auto start = Clock::now();
  for (int64_t i = 0; i < runs; ++i) context.run();
  return seconds_since(start) / static_cast<double>(runs);
}

void fill(const Contestant& c, PeerResult* result) {
  result->ms = cli::median_of(c.times_s) * 1e3;
  result->ratio = cli::median_of(c.ratios);
  result->low = cli::percentile_of(c.ratios, 25);
  result->high = cli::percentile_of(c.ratios, 75);
}

class Race {
 public:
  Race(const Case& test, const Model& model, Peers& peers, const std::filesystem::path& folder)
      : test_(test),
        peers_(peers),
        engine_(make_engine(model, Sparsity::kDisable)),
        context_(engine_.context()) {
    cli::Inputs inputs = engine_.random_inputs();
    for (const auto& [name, value] : test.entry->numbers)
      std::ranges::fill(inputs.at(name).span<int64_t>(), value);
    copy(inputs, context_);
    context_.run();
    row_ = {.model = test.entry->name, .batch = test.batch, .threads = test.threads};
    if (test.sparse) {
      sparse_engine_.emplace(make_engine(model, Sparsity::kForce));
      sparse_context_.emplace(sparse_engine_->context());
      copy(inputs, *sparse_context_);
      row_.peers.push_back({.name = kOwnDense});
    }
    const std::string request = load_request(test, engine_, inputs, folder).dump();
    for (const auto& peer : peers_) {
      const std::string answer = peer->ask(request);
      const bool ok = words(answer).at(0) == "ok";
      row_.peers.push_back({.name = title_of(*peer), .error = ok ? "" : answer});
      if (ok && !test.sparse && peer->greeting()[0] == "ONNX_Runtime")
        row_.difference = largest_difference(engine_, context_, folder);
    }
  }

  ModelRow run(double seconds) {
    std::vector<Contestant> contestants = {own("twofour", sparse_context_ ? *sparse_context_ : context_)};
    if (test_.sparse) contestants.push_back(own(kOwnDense, context_));
    const size_t first = row_.peers.size() - peers_.size();
    for (size_t i = 0; i < peers_.size(); ++i)
      if (row_.peers[first + i].error.empty())
        contestants.push_back({row_.peers[first + i].name,
                               [this, i] { return std::stod(peers_[i]->ask(std::to_string(runs_))); },
                               own_cpu_s, rest_});
    for (Contestant& c : contestants) once_s_ = std::min(once_s_, c.run_s());
    runs_ = std::clamp<int64_t>(std::llround(kTurnS / once_s_), 1, 2000);
    const auto start = Clock::now();
    while (row_.rounds < kLeastRounds || seconds_since(start) < seconds)
      row_.busy = std::max(row_.busy, run_round(contestants, row_.rounds++));
    row_.ms = cli::median_of(contestants[0].times_s) * 1e3;
    for (size_t i = 0, c = 1; i < row_.peers.size(); ++i)
      if (row_.peers[i].error.empty()) fill(contestants[c++], &row_.peers[i]);
    return row_;
  }

 private:
  Engine make_engine(const Model& model, Sparsity sparsity) const {
    return build_engine(model, {.sparsity = sparsity, .shapes = test_.shapes}).engine;
  }

  static void copy(const cli::Inputs& inputs, Context& context) {
    for (const auto& [name, tensor] : inputs)
      std::copy_n(tensor.raw(), tensor.size_bytes(), context.tensor(name).raw());
  }

  Contestant own(const char* name, Context& context) {
    const auto peers_cpu_s = [this] {
      double sum = 0;
      for (const auto& p : peers_) sum += p->cpu_s();
      return sum;
    };
    return {name, [this, &context] { return mean_run_s(context, runs_); }, peers_cpu_s, rest_};
  }

  const Case& test_;
  std::chrono::milliseconds rest_{test_.threads > 1 ? kSettle : std::chrono::milliseconds(0)};
  Peers& peers_;
  Engine engine_;
  Context context_;
  std::optional<Engine> sparse_engine_;
  std::optional<Context> sparse_context_;
  ModelRow row_;
  double once_s_ = 1e9;
  int64_t runs_ = 1;
};

Peers start_peers(std::vector<std::string>* notes) {
  Peers peers;
  for (const char* name : {"onnxruntime", "openvino"}) try {
      peers.push_back(std::make_unique<PythonProgram>("model_peer.py", std::vector<std::string>{name}));
    } catch (const Error& error) {
      notes->push_back(fmt::format("left out: {}", error.what()));
    }
  return peers;
}

void run_model(const BenchModel& entry, const Options& options, const std::filesystem::path& folder,
               ModelReport& report) {
  const std::string onnx =
      entry.file.empty() ? (folder / (entry.name + ".onnx")).string() : options.folder + "/" + entry.file;
  std::vector<std::string> ignored;
  Peers peers = start_peers(&ignored);  // anew: one network's crash is not the next one's
  const Model model = load_bench_model(entry, onnx);
  if (entry.file.empty()) model.save(onnx);
  for (const int threads : options.threads)
    for (const int64_t batch : options.batches) {
      Case test{&entry, onnx, {}, batch, threads, options.sparse};
      if (!shapes_at(entry, model, batch, &test.shapes)) continue;
      set_threads(threads);
      report.add(Race(test, model, peers, folder).run(options.seconds));
      fmt::print(stderr, "{} batch {}, {} threads\n", entry.name, batch, threads);
    }
}

void run(const Options& options) {
  set_threads(std::ranges::max(options.threads));
  std::vector<std::string> notes;
  const WorkFolder folder;
  std::vector<std::string> titles;
  if (options.sparse) titles.emplace_back(kOwnDense);
  for (const auto& peer : start_peers(&notes)) titles.push_back(title_of(*peer));
  ModelReport report(titles);
  for (const std::string& note : notes) report.note(note);
  for (const BenchModel& entry : bench_models()) {
    if (!options.models.empty() && std::ranges::find(options.models, entry.name) == options.models.end())
      continue;
    try {
      run_model(entry, options, folder.path(), report);
    } catch (const Error& error) {
      report.note(fmt::format("{}: {}", entry.name, error.what()));
    }
  }
  fmt::print("{} FP32 inference on {}\n{}\n", options.sparse ? "2:4" : "Dense", device_name(), report.text());
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
  app.add_option("--batch", options.batches, "Batch sizes")->delimiter(',')->capture_default_str();
  app.add_option("--threads", options.threads, "Numbers of threads")->delimiter(',')->capture_default_str();
  app.add_option("--seconds", options.seconds, "At least this long per row")->capture_default_str();
  app.add_flag("--sparse", options.sparse, "Ours runs the pruned network; its dense engine is one more peer");
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
