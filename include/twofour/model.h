// Model: a trained network, from ONNX or from the zoo, to train, prune, inspect, export or build an engine
// from.
//
//   auto model = twofour::Model::load("resnet20.onnx");
//   model.prune();                                  // 2:4 by magnitude
//   model.save("resnet20-24.onnx");
//
// Copies share the network; clone() is a network of its own. Methods throw twofour::Error.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "twofour/shape.h"
#include "twofour/tensor_info.h"

namespace twofour {

class Graph;  // internal

/// One layer with a weight that 2:4 sparsity knows (Conv, Gemm, MatMul).
struct SparsityRow {
  std::string layer;
  std::string op;
  std::string weight_shape;  // "64x64x3x3"
  int axis = 0;              // of the weight; the blocks of four run along it
  bool eligible = false;
  std::string reason;   // why it is not eligible
  bool sparse = false;  // every block has at most two non-zeros
  int64_t blocks = 0;
  int64_t violations = 0;  // blocks with more
  double zeros = 0;        // fraction of the weight
};

struct PruneOptions {
  std::vector<std::string> include;  // layer name globs; empty: every layer
  std::vector<std::string> exclude;
  int64_t min_elements = 0;  // smaller weights stay dense
};

/// What became of one layer: the row after pruning, and how much of the weight's magnitude is left.
struct PruneRow {
  SparsityRow row;
  double magnitude_kept = 1;
};

struct ZooOptions {
  int64_t num_classes = 0;  // 0: the network's own
  Shape image_shape;        // C,H,W; rank 0: the network's own
  uint64_t seed = 1;        // of the initial weights
};

struct LoadOptions {
  /// Sizes of inputs, by name; -1 stays open. Give them where they decide how many dimensions a tensor has,
  /// which branch runs, or how long a sequence is: such a model cannot be read without.
  std::map<std::string, Shape> shapes;
  /// Initializers that the file lists as inputs, too, and that are to be inputs. The others are constants.
  std::set<std::string> kept_inputs;
};

class Model {
 public:
  /// Reads an ONNX file (opsets 6 to 27). The error names what is wrong and where. Weights that are stored in
  /// another shape than they are read in take that one; marks of 2:4 weights that do not hold are dropped,
  /// with a warning.
  static Model load(const std::filesystem::path& onnx, const LoadOptions& options = {});
  /// input_infos() of a file, read without understanding its operators; tensors only.
  static std::vector<TensorInfo> input_infos(const std::filesystem::path& onnx);
  /// Networks that twofour can build itself, with fresh weights: see zoo_names().
  static Model zoo(std::string_view name, const ZooOptions& options = {});
  static std::vector<std::string> zoo_names();
  /// Takes over an internal graph.
  explicit Model(Graph graph);

  /// Writes ONNX (opset 17), atomically. Throws Error{kFailedPrecondition}, and writes nothing, when a weight
  /// that the metadata calls 2:4 is not.
  void save(const std::filesystem::path& onnx) const;
  Model clone() const;

  /// Step 2 of the workflow: writes zeros so that every eligible weight is 2:4, and records it in the
  /// metadata.
  std::vector<PruneRow> prune(const PruneOptions& options = {});
  std::vector<SparsityRow> sparsity() const;

  const std::string& name() const;
  /// `input: f32[N,3,32,32]`, one line each.
  std::vector<std::string> inputs() const;
  std::vector<std::string> outputs() const;
  /// The same as values; a size that is open may be anything from 0 on.
  std::vector<TensorInfo> input_infos() const;
  std::vector<TensorInfo> output_infos() const;
  /// For every input with open dimensions, its shape with 1 in their place.
  std::map<std::string, Shape> default_shapes() const;
  /// C,H,W of the one image input, [N,C,H,W] or [N,H,W,C] with C of 1 or 3; open sizes are those of `open`
  /// (C,H,W or H,W), when that is given. Throws Error{kInvalidArgument} when there is no such input, when
  /// sizes are open and none are given, or when those given do not fit.
  Shape image_shape(const Shape& open = {}) const;
  /// Columns of the one output [N, classes]. Throws Error{kInvalidArgument} when there is no such output.
  int64_t num_classes() const;
  /// By label, of the data it was trained on; empty when it does not say.
  std::vector<std::string> class_names() const;
  void set_class_names(const std::vector<std::string>& names);
  /// Which constants training changes: by default weights, biases and the like (ops/parameters.h), not
  /// running statistics, sizes, literals or what scales the input. Globs match names of constants, or of
  /// layers that read them. Throws Error{kNotFound} on one that matches none, kInvalidArgument on one that
  /// matches only what cannot be trained.
  void freeze(const std::vector<std::string>& globs);
  void unfreeze(const std::vector<std::string>& globs);
  /// Throws what save() would throw about the model.
  void check_save() const;
  int64_t num_parameters() const;
  int64_t num_nodes() const;
  /// The network as text.
  std::string text() const;

  Graph& graph() { return *graph_; }
  const Graph& graph() const { return *graph_; }

 private:
  std::shared_ptr<Graph> graph_;
};

}  // namespace twofour
