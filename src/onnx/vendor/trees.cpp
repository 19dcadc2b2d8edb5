// TreeEnsembleRegressor, TreeEnsembleClassifier and TreeEnsemble of ai.onnx.ml.
#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>

#include "onnx/vendor/adapters.h"
#include "onnx/vendor/scores.h"
#include "onnx/vendor/tree_tables.h"

namespace twofour::onnx_io {
namespace {

constexpr std::array<std::string_view, 6> kModes = {"BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE",
                                                    "BRANCH_GT",  "BRANCH_EQ", "BRANCH_NEQ"};
constexpr int64_t kEqual = 4, kMember = 6;

std::vector<double> elements(const Tensor& tensor) {
  if (!tensor.defined()) return {};
  const Tensor wide = tensor.to(DType::kF64);
  return {wide.span<double>().begin(), wide.span<double>().end()};
}

/// Attribute `name`, or `name`_as_tensor for doubles.
std::vector<double> numbers(const Draft& draft, const std::string& name, DType* dtype) {
  const Tensor tensor = draft.attrs.tensor(name + "_as_tensor");
  if (tensor.defined() && tensor.dtype() == DType::kF64 && dtype) *dtype = DType::kF64;
  if (tensor.defined()) return elements(tensor);
  const std::vector<float> floats = draft.attrs.floats(name);
  return {floats.begin(), floats.end()};
}

/// `values`, which attribute `name` holds: one for each node (or vote).
template <typename T>
std::vector<T> sized(std::vector<T> values, const std::string& name, size_t size) {
  TWOFOUR_CHECK(values.size() == size, kInvalidArgument, "{} has {} entries; {} are expected", name,
                values.size(), size);
  return values;
}

std::vector<int64_t> column(const Draft& draft, const std::string& name, size_t size) {
  return sized(draft.attrs.ints(name), name, size);
}

/// Whether NaN counts as true; without the attribute nowhere.
std::vector<int64_t> nan_column(const Draft& draft, size_t size) {
  constexpr const char* kName = "nodes_missing_value_tracks_true";
  return draft.attrs.has(kName) ? column(draft, kName, size) : std::vector<int64_t>(size, 0);
}

using NodeKey = std::pair<int64_t, int64_t>;  // numbers of tree and node
using Index = std::map<NodeKey, size_t>;

size_t at(const Index& index, int64_t tree, int64_t node) {
  const auto it = index.find({tree, node});
  TWOFOUR_CHECK(it != index.end(), kInvalidArgument, "tree {} has no node {}", tree, node);
  return it->second;
}

int64_t mode_of(const std::string& name) {
  const auto* it = std::ranges::find(kModes, name);
  TWOFOUR_CHECK(it != kModes.end(), kUnsupported, "node mode \"{}\" is not known", name);
  return it - kModes.begin();
}

/// Nodes of the form that all opsets before 5 have. A tree's root is the node that is nobody's child.
Index read_nodes(const Draft& draft, Trees& trees) {
  const std::vector<std::string> modes = draft.attrs.strings("nodes_modes");
  const size_t count = modes.size();
  const std::vector<int64_t> tree = column(draft, "nodes_treeids", count),
                             id = column(draft, "nodes_nodeids", count),
                             feature = column(draft, "nodes_featureids", count),
                             yes = column(draft, "nodes_truenodeids", count),
                             no = column(draft, "nodes_falsenodeids", count), nan = nan_column(draft, count);
  const std::vector<double> splits =
      sized(numbers(draft, "nodes_values", &trees.dtype), "nodes_values", count);
  Index index;
  for (size_t i = 0; i < count; ++i)
    TWOFOUR_CHECK(index.emplace(NodeKey(tree[i], id[i]), i).second, kInvalidArgument,
                  "tree {} has node {} twice", tree[i], id[i]);
  std::vector<bool> is_child(count, false);
  for (size_t i = 0; i < count; ++i) {
    TreeNode node;
    node.leaf = modes[i] == "LEAF";
    if (!node.leaf) {
      node.feature = feature[i];
      node.mode = mode_of(modes[i]);
      node.split = splits[i];
      node.on_true = at(index, tree[i], yes[i]);
      node.on_false = at(index, tree[i], no[i]);
      node.nan_is_true = nan[i] != 0;
      is_child[node.on_true] = is_child[node.on_false] = true;
    }
    trees.nodes.push_back(std::move(node));
  }
  for (size_t i = 0; i < count; ++i)
    if (!is_child[i]) trees.roots.push_back(i);
  return index;
}

/// The votes: attributes `prefix`_treeids, _nodeids, _ids, _weights. Returns the ids that occur.
std::set<int64_t> read_votes(const Draft& draft, const std::string& prefix, const Index& index,
                             Trees& trees) {
  const std::vector<double> weights = numbers(draft, prefix + "_weights", &trees.dtype);
  const std::vector<int64_t> tree = column(draft, prefix + "_treeids", weights.size()),
                             node = column(draft, prefix + "_nodeids", weights.size()),
                             id = column(draft, prefix + "_ids", weights.size());
  for (size_t i = 0; i < weights.size(); ++i)
    trees.nodes[at(index, tree[i], node[i])].votes.emplace_back(id[i], weights[i]);
  return {id.begin(), id.end()};
}

void read_base(const Draft& draft, int64_t targets, Trees& trees) {
  trees.targets = targets;
  trees.base = numbers(draft, "base_values", nullptr);
  TWOFOUR_CHECK(trees.base.empty() || static_cast<int64_t>(trees.base.size()) == targets, kInvalidArgument,
                "there are {} base_values for {} targets", trees.base.size(), targets);
}

/// Whether the votes can be probabilities.
bool all_positive(const Trees& trees) {
  return std::ranges::all_of(trees.nodes, [](const TreeNode& node) {
    return std::ranges::all_of(node.votes, [](const auto& vote) { return vote.second >= 0; });
  });
}

Value* float_scores(const Emit& emit, const Draft& draft, const Trees& trees) {
  return emit.cast(tree_scores(emit, draft.input(0), trees), DType::kF32);
}

/// Two classes of which only one is voted for: more than 1/2 (or 0 where votes are negative, too) means the
/// second.
void classify_by_one(const Emit& emit, Draft& draft, const Labels& labels, Trees trees, int64_t voted,
                     const std::string& transform) {
  check_one_score(transform);
  const bool probability = all_positive(trees);
  const auto class_score = [&](Value* scores, int64_t i) {
    return emit.slice(scores, 1, emit.i64({i}), emit.i64({i + 1}));
  };
  if (trees.base.size() == 1) trees.base.insert(trees.base.begin() + (voted == 0 ? 1 : 0), 0.0);
  Value* scores = float_scores(emit, draft, trees);
  Value* score = class_score(scores, voted);
  Value* second = emit.op("Greater", {score, emit.scalar(probability ? 0.5F : 0.0F, DType::kF32)});
  Value* number = emit.cast(emit.squeeze(second, {1}), DType::kI64);
  draft.results.emplace(
      {label(emit, labels, number), voted == 0 ? pair_of_scores(emit, score, probability, transform)
                                               : transformed(emit, scores, transform)});
}

void give_targets(const Emit& emit, const Trees& trees, Value* scores, const std::string& transform,
                  Draft& draft) {
  draft.results.emplace(1, transformed_targets(emit, scores, trees.targets, transform));
}

std::string transform_of(const Draft& draft) { return draft.attrs.s("post_transform", "NONE"); }

}  // namespace

void ml_tree_ensemble_regressor(Draft& draft) {
  const Emit emit(draft);
  Trees trees;
  const Index index = read_nodes(draft, trees);
  read_votes(draft, "target", index, trees);
  read_base(draft, draft.attrs.i("n_targets", 1), trees);
  trees.aggregate = draft.attrs.s("aggregate_function", "SUM");
  give_targets(emit, trees, float_scores(emit, draft, trees), transform_of(draft), draft);
}

void ml_tree_ensemble_classifier(Draft& draft) {
  const Emit emit(draft);
  const Labels labels = labels_of(draft, "classlabels_int64s", "classlabels_strings");
  Trees trees;
  const Index index = read_nodes(draft, trees);
  const std::set<int64_t> voted = read_votes(draft, "class", index, trees);
  trees.targets = labels.count;
  trees.base = numbers(draft, "base_values", nullptr);
  if (labels.count == 2 && voted.size() == 1)
    return classify_by_one(emit, draft, labels, std::move(trees), *voted.begin(), transform_of(draft));
  read_base(draft, labels.count, trees);
  Value* scores = float_scores(emit, draft, trees);
  draft.results.emplace(
      {label_of_most(emit, labels, scores), transformed(emit, scores, transform_of(draft))});
}

namespace {

int64_t mode_of(double number) {
  TWOFOUR_CHECK(number >= 0 && number <= kMember && number == std::trunc(number), kInvalidArgument,
                "node mode {} is not known", number);
  return static_cast<int64_t>(number);
}

/// Sets of members, which NaN separates.
std::vector<std::vector<double>> member_sets(const Draft& draft) {
  std::vector<std::vector<double>> sets(1);
  for (const double value : elements(draft.attrs.tensor("membership_values"))) {
    if (std::isnan(value)) sets.emplace_back();
    else sets.back().push_back(value);
  }
  return sets;
}

/// Each node that tests membership takes the next set.
void give_members(std::vector<std::vector<double>> sets, std::vector<TreeNode>& nodes) {
  size_t next = 0;
  for (TreeNode& node : nodes) {
    if (node.mode != kMember) continue;
    TWOFOUR_CHECK(next < sets.size(), kInvalidArgument, "membership_values has {} sets; more are needed",
                  sets.size());
    TWOFOUR_CHECK(!sets[next].empty(), kInvalidArgument, "a set of members is empty");
    node.mode = kEqual;
    node.members = std::move(sets[next++]);
  }
}

std::vector<double> tensor_column(const Draft& draft, const std::string& name, size_t size) {
  return sized(elements(draft.attrs.tensor(name)), name, size);
}

/// Nodes of opset 5: nodes first in the list, then the leaves.
Trees read_trees(const Draft& draft) {
  Trees trees;
  const std::vector<int64_t> feature = draft.attrs.ints("nodes_featureids");
  const size_t count = feature.size();
  const std::vector<double> splits = tensor_column(draft, "nodes_splits", count),
                            modes = tensor_column(draft, "nodes_modes", count);
  const std::vector<int64_t> yes = column(draft, "nodes_truenodeids", count),
                             no = column(draft, "nodes_falsenodeids", count),
                             yes_leaf = column(draft, "nodes_trueleafs", count),
                             no_leaf = column(draft, "nodes_falseleafs", count),
                             nan = nan_column(draft, count);
  const std::vector<int64_t> targets = draft.attrs.ints("leaf_targetids");
  const std::vector<double> weights = tensor_column(draft, "leaf_weights", targets.size());
  const auto child = [&](int64_t id, bool leaf) {
    const size_t size = leaf ? targets.size() : count;
    TWOFOUR_CHECK(id >= 0 && static_cast<size_t>(id) < size, kInvalidArgument, "a node refers to {} {} of {}",
                  leaf ? "leaf" : "node", id, size);
    return static_cast<size_t>(id) + (leaf ? count : 0);
  };
  for (size_t i = 0; i < count; ++i)
    trees.nodes.push_back({.feature = feature[i],
                           .mode = mode_of(modes[i]),
                           .split = splits[i],
                           .on_true = child(yes[i], yes_leaf[i] != 0),
                           .on_false = child(no[i], no_leaf[i] != 0),
                           .nan_is_true = nan[i] != 0});
  give_members(member_sets(draft), trees.nodes);
  for (size_t i = 0; i < targets.size(); ++i)
    trees.nodes.push_back({.leaf = true, .votes = {{targets[i], weights[i]}}});
  for (const int64_t root : draft.attrs.ints("tree_roots")) trees.roots.push_back(child(root, false));
  return trees;
}

}  // namespace

void ml_tree_ensemble(Draft& draft) {
  const Emit emit(draft);
  constexpr std::array kAggregates = {"AVERAGE", "SUM", "MIN", "MAX"};
  constexpr std::array kTransforms = {"NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT"};
  const int64_t aggregate = draft.attrs.i("aggregate_function", 1);
  const int64_t transform = draft.attrs.i("post_transform", 0);
  TWOFOUR_CHECK(aggregate >= 0 && aggregate < 4 && transform >= 0 && transform < 5, kInvalidArgument,
                "aggregate_function is {} and post_transform {}; 0 to 3 and 0 to 4 are known", aggregate,
                transform);
  Trees trees = read_trees(draft);
  trees.targets = draft.attrs.i("n_targets", 1);
  trees.aggregate = kAggregates[static_cast<size_t>(aggregate)];
  const DType dtype = draft.input(0)->dtype();
  trees.dtype = dtype == DType::kF64 ? DType::kF64 : DType::kF32;
  Value* scores = emit.cast(tree_scores(emit, emit.cast(draft.input(0), trees.dtype), trees), dtype);
  give_targets(emit, trees, scores, kTransforms[static_cast<size_t>(transform)], draft);
}

}  // namespace twofour::onnx_io
