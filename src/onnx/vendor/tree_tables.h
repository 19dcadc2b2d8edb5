// Decision trees on their way from a file's attributes to the tables of TreeEnsemble
// (ops/ml/tree_ensemble.cpp).
#pragma once

#include <utility>
#include <vector>

#include "onnx/vendor/emit.h"

namespace twofour::onnx_io {

/// A node of a tree or a leaf; children by their place in the list.
struct TreeNode {
  bool leaf = false;
  int64_t feature = 0, mode = 0;  // modes as TreeEnsemble numbers them
  double split = 0;
  std::vector<double> members;  // in place of `split`: equal to any of them
  size_t on_true = 0, on_false = 0;
  bool nan_is_true = false;
  std::vector<std::pair<int64_t, double>> votes;  // target and weight
};

struct Trees {
  std::vector<TreeNode> nodes;
  std::vector<size_t> roots;
  DType dtype = DType::kF32;  // of splits and weights
  std::vector<double> base;   // one for each target, or none
  int64_t targets = 1;
  std::string aggregate = "SUM";
};

/// The scores [rows, targets], of trees.dtype. Throws Error{kInvalidArgument} when a node is reached twice or
/// does not exist.
Value* tree_scores(const Emit& emit, Value* src, const Trees& trees);

}  // namespace twofour::onnx_io
