#include "models/race.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/file.h"
#include "base/json.h"
#include "cli/timing.h"

namespace twofour::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kTurnS = 0.03;  // work of one turn, at least one run
constexpr size_t kLeastRounds = 5;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

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

Json load_request(const Case& test, const cli::Inputs& inputs, const std::filesystem::path& folder) {
  Json request = {{"model", test.network.onnx}, {"threads", test.threads}, {"outputs", folder.string()}};
  size_t index = 0;
  for (const auto& [name, tensor] : inputs) {
    const auto path = folder / fmt::format("input{}.bin", index++);
    write_file_atomic(path, {reinterpret_cast<const char*>(tensor.raw()), tensor.size_bytes()});
    request["inputs"][name] = {
        {"file", path.string()}, {"dtype", numpy_name(tensor.dtype())}, {"shape", tensor.shape().dims()}};
  }
  return request;
}

/// An engine of ours with its inputs.
struct Own {
  Engine engine;
  Context context;

  Own(const Case& test, const cli::Inputs& inputs, Sparsity sparsity)
      : engine(build_engine(test.network.model,
                            {.sparsity = sparsity,
                             .shapes = test.shapes,
                             .precision = {.bf16 = test.network.precision == Precision::kBF16}})
                   .engine),
        context(engine.context()) {
    for (const auto& [name, tensor] : inputs)
      std::copy_n(tensor.raw(), tensor.size_bytes(), context.tensor(name).raw());
  }

  double mean_run_s(int64_t runs) {
    context.run();
    const auto start = Clock::now();
    for (int64_t i = 0; i < runs; ++i) context.run();
    return seconds_since(start) / static_cast<double>(runs);
  }
};

/// The largest difference of an element, relative to the largest magnitude of its tensor. `folder` has the
/// peer's outputs.
double largest_difference(Own& own, const std::filesystem::path& folder) {
  own.context.run();
  double worst = 0;
  size_t index = 0;
  for (const TensorInfo& info : own.engine.outputs()) {
    const std::string bytes = read_file(folder / fmt::format("{}.bin", index++));
    if (!is_float(info.dtype)) continue;
    const Tensor theirs(info.dtype, info.shape);
    if (bytes.size() != theirs.size_bytes()) return INFINITY;
    std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(theirs.raw()));
    const Tensor a = own.context.tensor(info.name).to(DType::kF32);
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

PeerResult result_of(const Contestant& peer, const Contestant* ours) {
  PeerResult result{.name = peer.name, .ms = cli::median_of(peer.times_s) * 1e3};
  if (!ours) return result;
  const std::vector<double> ratios = ratios_of(peer, *ours);
  result.ratio = cli::median_of(ratios);
  result.low = cli::percentile_of(ratios, 25);
  result.high = cli::percentile_of(ratios, 75);
  return result;
}

class Race {
 public:
  Race(const Case& test, Peers& peers, const std::filesystem::path& folder) : test_(test), peers_(peers) {
    const cli::Inputs inputs = network_inputs(*test.network.entry, test.network.model, test.shapes);
    if (test.sparse) sparse_.emplace(test, inputs, Sparsity::kForce);
    dense_.emplace(test, inputs, Sparsity::kDisable);
    if (sparse_) add_own("twofour", *sparse_);
    add_own(sparse_ ? kOwnDense : "twofour", *dense_);
    num_own_ = contestants_.size();
    const std::string request = load_request(test, inputs, folder).dump();
    for (const auto& peer : peers_) load(*peer, request, folder);
  }

  std::vector<ModelRow> run(double seconds) {
    for (Contestant& c : contestants_) once_s_ = std::min(once_s_, c.run_s());
    for (Contestant& c : contestants_) c.times_s.clear();
    runs_ = std::clamp<int64_t>(std::llround(kTurnS / once_s_), 1, 2000);
    const auto start = Clock::now();
    while (!contestants_.empty() && (rounds_ < kLeastRounds || seconds_since(start) < seconds))
      busy_ = std::max(busy_, run_round(contestants_, rounds_++));
    std::vector<ModelRow> rows;
    for (size_t i = 0; i < num_own_; ++i) rows.push_back(row(&contestants_[i], i + 1));
    if (rows.empty()) rows.push_back(row(nullptr, 0));
    return rows;
  }

 private:
  void add_own(const char* name, Own& own) {
    const auto peers_cpu_s = [this] {
      double sum = 0;
      for (const auto& p : peers_) sum += p->cpu_s();
      return sum;
    };
    contestants_.push_back({name, [this, &own] { return own.mean_run_s(runs_); }, peers_cpu_s, rest_});
  }

  void load(PythonProgram& peer, const std::string& request, const std::filesystem::path& folder) {
    const std::string answer = peer.ask(request);
    if (words(answer).at(0) != "ok") {
      failed_.push_back({.name = title_of(peer), .error = answer});
      return;
    }
    contestants_.push_back({title_of(peer),
                            [this, &peer] { return std::stod(peer.ask(std::to_string(runs_))); }, own_cpu_s,
                            rest_});
    if (is_onnxruntime(peer)) difference_ = largest_difference(*dense_, folder);
  }

  /// Of `ours` against those from `first` on.
  ModelRow row(const Contestant* ours, size_t first) const {
    ModelRow row{.model = test_.network.entry->name,
                 .precision = test_.network.precision,
                 .sparse = sparse_ && first == 1,
                 .batch = test_.batch,
                 .threads = test_.threads,
                 .busy = busy_,
                 .rounds = rounds_,
                 .peers = failed_};
    if (ours) row.ms = cli::median_of(ours->times_s) * 1e3;
    for (size_t i = first; i < contestants_.size(); ++i)
      row.peers.push_back(result_of(contestants_[i], ours));
    if (!row.sparse) row.difference = difference_;
    return row;
  }

  const Case& test_;
  std::chrono::milliseconds rest_{test_.threads > 1 ? kSettle : std::chrono::milliseconds(0)};
  Peers& peers_;
  std::optional<Own> sparse_, dense_;
  std::vector<Contestant> contestants_;  // the 2:4 engine, the dense one, the peers
  size_t num_own_ = 0;
  std::vector<PeerResult> failed_;
  std::optional<double> difference_;
  double once_s_ = 1e9, busy_ = 0;
  size_t rounds_ = 0;
  int64_t runs_ = 1;
};

}  // namespace

std::vector<ModelRow> race(const Case& test, Peers& peers, const std::filesystem::path& folder,
                           double seconds) {
  return Race(test, peers, folder).run(seconds);
}

}  // namespace twofour::bench
