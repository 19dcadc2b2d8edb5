#include <algorithm>

#include "ops/builder.h"
#include "ops/linear/einsum.h"
#include "passes/match.h"
#include "passes/rewrites.h"

namespace twofour::passes {
namespace {

using ops::EinsumTerm;

bool contains(const EinsumTerm& term, int label) { return std::ranges::find(term, label) != term.end(); }

bool has_repeats(EinsumTerm term) {
  std::ranges::sort(term);
  return std::ranges::adjacent_find(term) != term.end();
}

/// The labels of a product of two tensors, by where they stand.
struct Product {
  EinsumTerm a, b, output;
  EinsumTerm batch, rows, columns, summed;

  /// Whether every label has a place: none stands in one input alone and not in the output, none twice in a
  /// term.
  bool sort() {
    for (const int label : a) {
      const bool in_b = contains(b, label);
      const bool kept = contains(output, label);
      if (!in_b && !kept) return false;
      (in_b ? (kept ? batch : summed) : rows).push_back(label);
    }
    for (const int label : b)
      if (!contains(a, label)) columns.push_back(label);
    return !has_repeats(a) && !has_repeats(b) &&
           std::ranges::all_of(columns, [&](int label) { return contains(output, label); });
  }
};

int64_t size_of(int label, const EinsumTerm& term, const Shape& shape) {
  return shape[static_cast<size_t>(std::ranges::find(term, label) - term.begin())];
}

bool sizes_agree(const Product& p, const Shape& a, const Shape& b) {
  for (const EinsumTerm* labels : {&p.batch, &p.summed})
    for (const int label : *labels)
      if (size_of(label, p.a, a) != size_of(label, p.b, b)) return false;
  return true;
}

/// `v` with its axes in the order of `labels`.
Value* ordered(ops::Builder& b, Value* v, const EinsumTerm& term, const EinsumTerm& labels) {
  std::vector<int64_t> perm;
  for (const int label : labels) perm.push_back(std::ranges::find(term, label) - term.begin());
  return std::ranges::is_sorted(perm) ? v : b.transpose(v, perm);
}

EinsumTerm joined(std::initializer_list<EinsumTerm> parts) {
  EinsumTerm all;
  for (const EinsumTerm& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

/// The batch axes of `v` (its first ones), then `first` axes as one and the rest as one.
Value* as_matrices(ops::Builder& b, Value* v, size_t batch, size_t first) {
  const Shape& shape = v->shape();
  Shape matrices;
  for (size_t i = 0; i < batch; ++i) matrices.push_back(shape[i]);
  matrices.push_back(shape.numel(batch, batch + first));
  matrices.push_back(shape.numel(batch + first, shape.rank()));
  return matrices == shape ? v : b.reshape(v, matrices);
}

Value* as_matmul(ops::Builder& b, const Product& p, Value* left, Value* right) {
  Shape sizes;
  for (const int label : joined({p.batch, p.rows})) sizes.push_back(size_of(label, p.a, left->shape()));
  for (const int label : p.columns) sizes.push_back(size_of(label, p.b, right->shape()));
  Value* x = ordered(b, left, p.a, joined({p.batch, p.rows, p.summed}));
  Value* y = ordered(b, right, p.b, joined({p.batch, p.summed, p.columns}));
  Value* product = b.op("MatMul", {as_matrices(b, x, p.batch.size(), p.rows.size()),
                                   as_matrices(b, y, p.batch.size(), p.summed.size())});
  if (product->shape() != sizes) product = b.reshape(product, sizes);
  return ordered(b, product, joined({p.batch, p.rows, p.columns}), p.output);
}

}  // namespace

size_t lower_einsum(Graph& graph) {
  size_t changed = 0;
  for (Node* node : graph.node_list()) {
    if (node->op() != "Einsum" || node->inputs().size() != 2 || !is_float(node->output()->dtype())) continue;
    Value* left = node->input(0);
    Value* right = node->input(1);
    if (!left->type().is_static() || !right->type().is_static()) continue;
    const auto equation = ops::einsum_equation(node->attrs(), {left->rank(), right->rank()});
    Product product{.a = equation.inputs[0], .b = equation.inputs[1], .output = equation.output};
    if (!product.sort() || !sizes_agree(product, left->shape(), right->shape())) continue;
    ops::Builder builder(graph, node->name() + "/", node);
    replace(graph, node->output(), as_matmul(builder, product, left, right));
    ++changed;
  }
  return changed;
}

}  // namespace twofour::passes
