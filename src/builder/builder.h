// The builder turns a graph into an engine: it lowers, picks a tactic for every node by timing, assigns
// memory formats, plans the arena and packs the weights.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backend/packed_store.h"
#include "builder/tactics_file.h"
#include "builder/timing_cache.h"
#include "engine/engine.h"
#include "ir/graph.h"
#include "twofour/build_report.h"
#include "twofour/precision.h"
#include "twofour/tuning.h"

namespace twofour::builder {

/// trtexec's three modes. kForce prunes by magnitude first; accuracy is then gone.
enum class SparsityMode : uint8_t { kDisable, kEnable, kForce };

/// Sizes that the open dimensions of inputs may have, by name.
using InputRanges = std::map<std::string, std::vector<engine::DimRange>>;

struct Options {
  SparsityMode sparsity = SparsityMode::kEnable;
  /// Sizes for inputs whose shape is not fixed: input name -> shape. Of inputs with a range the sizes at
  /// which tactics are timed.
  std::map<std::string, Shape> shapes;
  /// Inputs that keep open dimensions. The engine runs at every size in their ranges, step by step; a
  /// Specialiser (builder/specialise.h) makes engines for the sizes that come.
  InputRanges ranges;
  /// Outputs that take over the buffer of an input (new parameter -> parameter): output value -> input value,
  /// by name.
  std::map<std::string, std::string> donations;
  /// False: the first tactic that supports a node is taken, nothing is timed (training steps that run once,
  /// tests).
  bool time_tactics = true;
  /// Inference rewrites (batch-norm folding, fusion). Off for training steps, which bring their own.
  bool optimise = true;
  /// kF16 or kBF16: what gains from it computes in it (amp/paint.h), once the graph is optimised.
  std::optional<DType> half;
  /// What is wanted of single layers; here it keeps them in f32.
  LayerTypes layer_types;
  /// A difference below this fraction counts as noise; the earlier tactic in the backend's list wins.
  double noise_fraction = 0.02;
  /// Of an earlier build, to replay. A node that they do not cover is timed, or an Error when
  /// `strict_tactics`.
  Decisions decisions;
  bool strict_tactics = false;
  /// Whether a sparse engine must beat the dense one as a whole (builder/sparsity_trial.h), where tactics are
  /// timed and not replayed.
  bool try_sparse = true;
  /// What timing may cost. Level 0 is `time_tactics` = false; the timing cache is in `times`.
  TuningOptions tuning;
  /// Where times are looked up and put; null: within this build only.
  std::shared_ptr<TimingCache> times;
  /// Of plans for other sizes of the same constants, or null.
  std::shared_ptr<backend::PackedStore> packed;
  /// Called as work proceeds: done of total nodes.
  std::function<void(size_t done, size_t total)> progress;
};

struct Result {
  std::shared_ptr<const engine::Engine> engine;
  BuildReport report;
};

/// `graph` is consumed: pass a clone() to keep it. Throws Error naming the node when no tactic runs it or a
/// shape is not fixed.
Result build(Graph graph, const backend::Backend& backend, const Options& options);

}  // namespace twofour::builder
