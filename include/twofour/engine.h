// Engine: a model made ready for this machine. For every layer the builder times what can run it, dense and
// sparse, and keeps the fastest.
//
//   auto built = twofour::build_engine(model, {.shapes = {{"input", {8, 3, 224, 224}}}});
//   built.engine.save("net.engine");
//   twofour::Context context = built.engine.context();
//   context.bind("input", images);
//   context.run();
//   twofour::Tensor logits = context.tensor("output");
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "twofour/build_report.h"
#include "twofour/model.h"
#include "twofour/precision.h"
#include "twofour/tensor.h"
#include "twofour/tensor_info.h"
#include "twofour/tuning.h"

namespace twofour {

namespace engine {
class Engine;  // internal
class ExecutionContext;
}  // namespace engine
namespace builder {
class Specialiser;  // internal
}

/// kDisable: dense only. kEnable: sparse where the weights are 2:4 and it is faster. kForce: prunes by
/// magnitude first, without retraining: for timing, the accuracy is gone.
enum class Sparsity : uint8_t { kDisable, kEnable, kForce };

/// The sizes that an input may have from run to run; tactics are timed at `opt`.
struct ShapeRange {
  Shape min, opt, max;
};

struct BuildOptions {
  Sparsity sparsity = Sparsity::kEnable;
  std::map<std::string, Shape> shapes;  // for inputs whose shape is not fixed
  /// Inputs whose open dimensions stay open: Engine::at() gives the engine for each shape that comes.
  std::map<std::string, ShapeRange> ranges;
  std::filesystem::path replay_tactics;  // decisions of an earlier build
  bool strict_tactics = false;           // a layer without a decision is an error
  TuningOptions tuning;
  PrecisionOptions precision;  // by default layers compute in the model's types
  std::function<void(size_t done, size_t total)> progress;
};

struct LayerTensor {
  std::string name;
  DType dtype;
  Shape shape;
  std::string format;  // "nchw" or "nhwc"
  bool constant = false;
  bool any_rank = false;  // not even the number of dimensions is known before a run
};

/// One layer as it runs.
struct LayerInfo {
  std::string name;  // of the model's nodes in it, joined by " + "
  std::string op;
  std::string tactic;
  bool sparse = false;
  std::vector<LayerTensor> inputs;  // absent ones are left out
  std::vector<LayerTensor> outputs;
  std::string precision = {};  // as LayerChoice has it
};

/// Memory and bindings of one stream of runs; belongs to one thread at a time.
class Context {
 public:
  explicit Context(std::shared_ptr<engine::ExecutionContext> context) : context_(std::move(context)) {}
  /// The input or output lives in `tensor`'s memory from now on. Throws Error{kInvalidArgument} when its type
  /// or shape does not fit, or it is an output with open sizes.
  void bind(std::string_view name, Tensor tensor);
  /// The tensor of an input or output. Throws Error{kFailedPrecondition} for an input with open sizes that is
  /// not bound, and for an output with open sizes before the first run.
  Tensor tensor(std::string_view name) const;
  void run();
  /// As run(), adding each layer's time in microseconds (Engine::layer_names() order).
  void run_profiled(std::vector<double>& layer_us);

 private:
  std::shared_ptr<engine::ExecutionContext> context_;
};

/// Immutable; may be shared between threads. Copies share the engine.
class Engine {
 public:
  /// Maps the file. Throws Error{kDataCorrupt} when it is truncated, altered or of another format version,
  /// Error{kFailedPrecondition} when it was built for another device.
  static Engine load(const std::filesystem::path& path);
  explicit Engine(std::shared_ptr<const engine::Engine> engine);

  void save(const std::filesystem::path& path) const;
  /// Of an engine with open inputs: the engine for these shapes, with the tactics of the build and its memory
  /// planned. Made once for each set of shapes; the last 16 are kept. Throws Error{kInvalidArgument} naming
  /// an input whose shape is missing or outside its range.
  Engine at(const std::map<std::string, Shape>& shapes) const;
  /// Contexts of an engine with open inputs take every shape of the range, without a plan for it: use at()
  /// where speed matters.
  Context context() const;
  std::vector<TensorInfo> inputs() const;
  std::vector<TensorInfo> outputs() const;
  /// Values for every input, the same for the same seed: such as the layers that read it accept (an index
  /// lies within its axis, a divisor is not 0); where they do not say, floats in [-1, 1), integers and bools
  /// 0 or 1. `shapes`: of inputs with open sizes; those that are missing are as small as they may be.
  std::map<std::string, Tensor> random_inputs(const std::map<std::string, Shape>& shapes = {},
                                              uint64_t seed = 24) const;
  std::vector<std::string> layer_names() const;
  /// In the order in which they run.
  std::vector<LayerInfo> layers() const;
  /// The report of the build that made it, kept in the file.
  BuildReport report() const;
  size_t weights_bytes() const;
  /// Bytes of the file that save() writes.
  size_t file_bytes() const;
  /// A context's memory beside its inputs and outputs: activations, and the most that any layer needs while
  /// it runs.
  size_t arena_bytes() const;
  size_t scratch_bytes() const;

  const engine::Engine& internal() const { return *engine_; }

 private:
  std::shared_ptr<const engine::Engine> engine_;
  std::shared_ptr<builder::Specialiser> specialiser_;
};

struct BuiltEngine {
  Engine engine;
  BuildReport report;
};

/// Builds for this machine's CPU. `model` is not changed. Throws Error naming the layer when something cannot
/// run; kInvalidArgument when int8 is asked for a float model without ranges; kFailedPrecondition when there
/// are ranges and the model is quantised already, or no engine is as options.precision.layers must have it;
/// kNotFound on a glob there that matches no layer.
BuiltEngine build_engine(const Model& model, const BuildOptions& options = {});
/// Writes the decisions of the engine's build for BuildOptions::replay_tactics. Atomic.
void save_tactics(const Engine& engine, const std::filesystem::path& path);

/// "AMD EPYC family 26 model 2, avx512": what engines are bound to.
std::string device_name();
inline constexpr int kMaxThreads = 1024;
/// Threads that kernels use where the calling thread builds, runs or trains, up to kMaxThreads; 0 leaves it
/// as it is. Returns the number in force. Throws Error{kInvalidArgument} for other numbers. Every thread of a
/// program has a number of its own, so that streams of runs can share the cores. Without a call, and without
/// OMP_NUM_THREADS, it is the number of cores in the process's affinity mask, but no more than its control
/// groups' CPU quota, rounded up.
///
/// They are OpenMP's. Where they are as many as the cores of the affinity mask, each but the calling thread
/// keeps to a core of its own (unless OMP_PROC_BIND, OMP_PLACES or GOMP_CPU_AFFINITY is set). They spin for
/// milliseconds where they wait, which is fastest on cores that nothing else uses; beside programs that keep
/// several cores busy, GOMP_SPINCOUNT=1000 in the environment is better (docs/threads.md).
int set_threads(int threads);

}  // namespace twofour
