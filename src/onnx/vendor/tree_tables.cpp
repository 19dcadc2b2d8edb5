#include "onnx/vendor/tree_tables.h"

#include <span>

namespace twofour::onnx_io {
namespace {

constexpr size_t kTrueColumn = 2, kFalseColumn = 3, kColumns = 5;

/// Numbers nodes and leaves in the order of a walk, so that children follow their parents.
class Tables {
 public:
  explicit Tables(const Trees& trees) : trees_(trees), seen_(trees.nodes.size(), false) {
    for (const size_t root : trees.roots) {
      roots.push_back(0);
      add_tree(root);
    }
  }

  std::vector<int64_t> roots, nodes, leaf_votes = {0}, vote_targets;
  std::vector<double> splits, vote_weights;

 private:
  struct Pending {
    size_t node;
    std::vector<int64_t>* list;  // and the places in it that refer to the node, one in each row
    size_t place, count;
  };

  void add_tree(size_t root) {
    std::vector<Pending> stack = {{root, &roots, roots.size() - 1, 1}};
    while (!stack.empty()) {
      const Pending next = stack.back();
      stack.pop_back();
      TWOFOUR_CHECK(next.node < seen_.size(), kInvalidArgument, "a tree refers to node {} of {}", next.node,
                    seen_.size());
      const TreeNode& node = trees_.nodes[next.node];
      const int64_t number = node.leaf ? add_leaf(node) : static_cast<int64_t>(splits.size());
      for (size_t i = 0; i < next.count; ++i) (*next.list)[next.place + i * kColumns] = number;
      if (node.leaf) continue;
      TWOFOUR_CHECK(!seen_[next.node], kInvalidArgument, "node {} of the trees is reached twice", next.node);
      seen_[next.node] = true;
      const size_t first = nodes.size();
      add_rows(node);
      const size_t last = nodes.size() - kColumns;
      stack.push_back({node.on_false, &nodes, last + kFalseColumn, 1});
      stack.push_back({node.on_true, &nodes, first + kTrueColumn, (nodes.size() - first) / kColumns});
    }
  }

  /// Of several members each has a row, whose false child is the row of the next.
  void add_rows(const TreeNode& node) {
    const std::span<const double> values =
        node.members.empty() ? std::span(&node.split, 1) : std::span(node.members);
    for (const double value : values) {
      splits.push_back(value);
      const auto next_row = static_cast<int64_t>(splits.size());
      nodes.insert(nodes.end(), {node.feature, node.mode, 0, next_row, int64_t{node.nan_is_true}});
    }
  }

  int64_t add_leaf(const TreeNode& leaf) {
    for (const auto& [target, weight] : leaf.votes) {
      vote_targets.push_back(target);
      vote_weights.push_back(weight);
    }
    leaf_votes.push_back(static_cast<int64_t>(vote_targets.size()));
    return -static_cast<int64_t>(leaf_votes.size()) + 1;
  }

  const Trees& trees_;
  std::vector<bool> seen_;
};

}  // namespace

Value* tree_scores(const Emit& emit, Value* src, const Trees& trees) {
  const Tables tables(trees);
  const auto numbers = [&](const std::vector<double>& values) {
    return emit.constant(Tensor::of<double>({static_cast<int64_t>(values.size())}, values).to(trees.dtype));
  };
  const auto rows = static_cast<int64_t>(tables.splits.size());
  return emit.op("TreeEnsemble",
                 {is_float(src->dtype()) ? src : emit.cast(src, DType::kF32), emit.i64(tables.roots),
                  emit.constant(Tensor::of<int64_t>({rows, static_cast<int64_t>(kColumns)}, tables.nodes)),
                  numbers(tables.splits), emit.i64(tables.leaf_votes), emit.i64(tables.vote_targets),
                  numbers(tables.vote_weights), trees.base.empty() ? nullptr : numbers(trees.base)},
                 {{"targets", trees.targets}, {"aggregate", trees.aggregate}});
}

}  // namespace twofour::onnx_io
