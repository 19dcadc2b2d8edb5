// TreeEnsemble: decision trees whose leaves vote for targets (ai.onnx.ml opset 5, as tables). A child of a
// node is another node, counted from 0, or -1 - i for leaf i; the votes of leaf i are leaf_votes[i] to
// leaf_votes[i + 1].
#include <cmath>
#include <limits>

#include "ops/infer.h"

namespace twofour::ops {
namespace {

constexpr size_t kSrc = 0, kRoots = 1, kNodes = 2, kSplits = 3, kLeafVotes = 4, kVoteTargets = 5,
                 kVoteWeights = 6, kBase = 7;
constexpr int64_t kColumns = 5;  // of nodes: feature, mode, true child, false child, where NaN goes
enum Mode : int64_t { kLeq, kLt, kGte, kGt, kEq, kNeq };
enum class Aggregate : uint8_t { kAverage, kSum, kMin, kMax };

Aggregate aggregate_of(const Attrs& attrs) {
  const std::string name = attrs.s("aggregate", "SUM");
  if (name == "AVERAGE") return Aggregate::kAverage;
  if (name == "SUM") return Aggregate::kSum;
  if (name == "MIN") return Aggregate::kMin;
  TWOFOUR_CHECK(name == "MAX", kInvalidArgument, "aggregate is \"{}\"; AVERAGE, SUM, MIN and MAX are known",
                name);
  return Aggregate::kMax;
}

int64_t targets_of(const Attrs& attrs) {
  const int64_t targets = attrs.i("targets", 0);
  TWOFOUR_CHECK(targets >= 1, kInvalidArgument, "targets is {}; it must be positive", targets);
  return targets;
}

void infer(const Node& node, std::span<ValueType> outputs) {
  const ValueType& src = node.input(kSrc)->type();
  check_real(src, "src");
  TWOFOUR_CHECK(src.dims.size() == 2, kInvalidArgument, "src is {}; two dimensions are expected",
                src.to_string());
  aggregate_of(node.attrs());
  const auto check = [&](size_t i, DType dtype, const Dims& dims) {
    check_dtype(node.input(i)->type(), dtype, get_op(node.op()).inputs[i].name);
    check_dims(node.input(i)->type(), dims, get_op(node.op()).inputs[i].name);
  };
  const DType weights = node.input(kVoteWeights)->dtype();
  check_real(node.input(kVoteWeights)->type(), "vote_weights");
  check(kRoots, DType::kI64, {Dim()});
  check(kNodes, DType::kI64, {Dim(), kColumns});
  check_real(node.input(kSplits)->type(), "splits");
  check_dims(node.input(kSplits)->type(), {node.input(kNodes)->dims()[0]}, "splits");
  check(kLeafVotes, DType::kI64, {Dim()});
  check(kVoteTargets, DType::kI64, {Dim()});
  check_dims(node.input(kVoteWeights)->type(), {node.input(kVoteTargets)->dims()[0]}, "vote_weights");
  if (node.input(kBase)) check(kBase, weights, {targets_of(node.attrs())});
  outputs[0] = {weights, {src.dims[0], targets_of(node.attrs())}};
}

bool takes(int64_t mode, double value, double split) {
  switch (mode) {
    case kLeq: return value <= split;
    case kLt: return value < split;
    case kGte: return value >= split;
    case kGt: return value > split;
    case kEq: return value == split;
    default: return value != split;
  }
}

class Forest {
 public:
  explicit Forest(const ReferenceArgs& args)
      : targets_(targets_of(args.attrs)),
        aggregate_(aggregate_of(args.attrs)),
        roots_(args.inputs[kRoots].span<int64_t>()),
        nodes_(args.inputs[kNodes].span<int64_t>()),
        leaf_votes_(args.inputs[kLeafVotes].span<int64_t>()),
        vote_targets_(args.inputs[kVoteTargets].span<int64_t>()),
        splits_(args.inputs[kSplits].to(DType::kF64)),
        weights_(args.inputs[kVoteWeights].to(DType::kF64)),
        features_(args.inputs[kSrc].shape()[1]) {
    const Tensor base = input_or_none(args, kBase);
    base_ = base.defined() ? base.to(DType::kF64) : Tensor(DType::kF64, {targets_});
    check();
  }

  void run(std::span<const double> features, std::span<double> dst) const {
    std::vector<bool> voted(dst.size(), false);
    std::ranges::fill(dst, 0.0);
    for (const int64_t root : roots_) vote(leaf_of(root, features), voted, dst);
    for (size_t t = 0; t < dst.size(); ++t) {
      if (aggregate_ == Aggregate::kAverage) dst[t] /= static_cast<double>(roots_.size());
      dst[t] += base_.span<double>()[t];
    }
  }

 private:
  /// Children come after their parents, so that every walk ends.
  void check() const {
    const auto nodes = static_cast<int64_t>(nodes_.size()) / kColumns;
    const auto leaves = static_cast<int64_t>(leaf_votes_.size()) - 1;
    const auto check_child = [&](int64_t child, int64_t after) {
      TWOFOUR_CHECK(child < 0 ? -1 - child < leaves : child > after && child < nodes, kInvalidArgument,
                    "a child is {}; there are {} nodes, children follow their parents, and {} leaves", child,
                    nodes, leaves);
    };
    for (const int64_t root : roots_) check_child(root, -1);
    for (int64_t i = 0; i < nodes; ++i) {
      const auto row = nodes_.subspan(static_cast<size_t>(i * kColumns), static_cast<size_t>(kColumns));
      TWOFOUR_CHECK(row[0] >= 0 && row[0] < features_, kInvalidArgument, "a node tests feature {} of {}",
                    row[0], features_);
      for (const size_t child : {2, 3}) check_child(row[child], i);
    }
    const auto votes = static_cast<int64_t>(vote_targets_.size());
    for (size_t i = 0; i < leaf_votes_.size(); ++i)
      TWOFOUR_CHECK(leaf_votes_[i] >= (i ? leaf_votes_[i - 1] : 0) && leaf_votes_[i] <= votes,
                    kInvalidArgument, "leaf_votes must rise from 0 to {}", votes);
    for (const int64_t target : vote_targets_)
      TWOFOUR_CHECK(target >= 0 && target < targets_, kInvalidArgument, "a vote is for target {} of {}",
                    target, targets_);
  }

  size_t leaf_of(int64_t at, std::span<const double> features) const {
    while (at >= 0) {
      const auto row = nodes_.subspan(static_cast<size_t>(at * kColumns), static_cast<size_t>(kColumns));
      const double value = features[static_cast<size_t>(row[0])];
      const bool taken = takes(row[1], value, splits_.span<double>()[static_cast<size_t>(at)]) ||
                         (row[4] != 0 && std::isnan(value));
      at = row[taken ? 2 : 3];
    }
    return static_cast<size_t>(-1 - at);
  }

  void vote(size_t leaf, std::vector<bool>& voted, std::span<double> dst) const {
    for (auto i = static_cast<size_t>(leaf_votes_[leaf]); i < static_cast<size_t>(leaf_votes_[leaf + 1]);
         ++i) {
      const auto target = static_cast<size_t>(vote_targets_[i]);
      const double weight = weights_.span<double>()[i];
      double& sum = dst[target];
      if (!voted[target]) sum = weight;
      else if (aggregate_ == Aggregate::kMin) sum = std::min(sum, weight);
      else if (aggregate_ == Aggregate::kMax) sum = std::max(sum, weight);
      else sum += weight;
      voted[target] = true;
    }
  }

  int64_t targets_;
  Aggregate aggregate_;
  std::span<const int64_t> roots_, nodes_, leaf_votes_, vote_targets_;
  Tensor splits_, weights_, base_;
  int64_t features_;
};

void reference(const ReferenceArgs& args) {
  const Forest forest(args);
  const Tensor src = args.inputs[kSrc].to(DType::kF64);
  Tensor dst(DType::kF64, args.outputs[0].shape());
  const auto features = static_cast<size_t>(src.shape()[1]);
  const auto targets = static_cast<size_t>(dst.shape()[1]);
  for (size_t row = 0; row < static_cast<size_t>(src.shape()[0]); ++row)
    forest.run(src.span<double>().subspan(row * features, features),
               dst.span<double>().subspan(row * targets, targets));
  store(dst, args.outputs[0]);
}

ExampleInput table(Shape shape, std::vector<float> values) {
  return {.dtype = DType::kI64, .shape = std::move(shape), .values = std::move(values), .constant = true};
}
ExampleInput numbers(Shape shape, std::vector<float> values) {
  return {.shape = std::move(shape), .values = std::move(values), .constant = true};
}

// Two trees: feature 0 <= 0.2 ? leaf 0 : (feature 1 > -0.5 ? leaf 1 : leaf 2), and leaf 2 alone.
std::vector<ExampleInput> two_trees() {
  return {{.shape = {6, 2}},
          table({2}, {0, -3}),
          table({2, 5}, {0, 0, -1, 1, 0, 1, 3, -2, -3, 1}),
          numbers({2}, {0.2F, -0.5F}),
          table({4}, {0, 1, 3, 4}),
          table({4}, {0, 0, 1, 1}),
          numbers({4}, {1, 2, -1, 0.5F})};
}

std::vector<Example> examples() {
  std::vector<Example> all;
  for (const char* aggregate : {"SUM", "AVERAGE", "MIN", "MAX"})
    all.push_back(
        {.inputs = two_trees(), .attrs = {{"targets", int64_t{2}}, {"aggregate", std::string(aggregate)}}});
  all[0].inputs.push_back(numbers({2}, {0.25F, -0.25F}));
  return all;
}

}  // namespace

extern const OpDef kTreeEnsemble;
const OpDef kTreeEnsemble = {
    .name = "TreeEnsemble",
    .doc = "dst[n,t] = base[t] + the votes for target t of the leaves that row n of src reaches, aggregated.",
    .standard = false,
    .inputs = {{"src"},
               {.name = "roots", .state = true},
               {.name = "nodes", .state = true},
               {.name = "splits", .state = true},
               {.name = "leaf_votes", .state = true},
               {.name = "vote_targets", .state = true},
               {.name = "vote_weights", .state = true},
               {.name = "base", .optional = true, .state = true}},
    .outputs = {{"dst"}},
    .attrs = {"aggregate", "targets"},
    .infer = infer,
    .reference = reference,
    .grad = not_differentiable("steps have no slope"),
    .amp = Amp::kFixed,
    .quant = quant_float("comparisons need the values"),
    .sparsity = no_sparsity(),
    .examples = examples(),
};

}  // namespace twofour::ops
