#include <algorithm>
#include <map>

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

struct Operand {
  Value* value;
  EinsumTerm term;
};

/// The labels of a product of two tensors, by where they stand.
struct Product {
  EinsumTerm batch, rows, columns, summed;

  /// `kept`: whether a label is needed after the product. One that stands in `a` or `b` alone must be.
  template <typename Kept>
  Product(const EinsumTerm& a, const EinsumTerm& b, const Kept& kept) {
    for (const int label : a) (!contains(b, label) ? rows : kept(label) ? batch : summed).push_back(label);
    for (const int label : b)
      if (!contains(a, label)) columns.push_back(label);
  }
};

int64_t size_of(int label, const EinsumTerm& term, const Shape& shape) {
  return shape[static_cast<size_t>(std::ranges::find(term, label) - term.begin())];
}
int64_t size_of(int label, const Operand& operand) {
  return size_of(label, operand.term, operand.value->shape());
}

/// `v` with its axes in the order of `labels`.
Value* ordered(ops::Builder& b, const Operand& v, const EinsumTerm& labels) {
  std::vector<int64_t> perm;
  for (const int label : labels) perm.push_back(std::ranges::find(v.term, label) - v.term.begin());
  return std::ranges::is_sorted(perm) ? v.value : b.transpose(v.value, perm);
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

Operand multiplied(ops::Builder& b, const Product& p, const Operand& left, const Operand& right) {
  Shape sizes;
  for (const int label : joined({p.batch, p.rows})) sizes.push_back(size_of(label, left));
  for (const int label : p.columns) sizes.push_back(size_of(label, right));
  Value* x = ordered(b, left, joined({p.batch, p.rows, p.summed}));
  Value* y = ordered(b, right, joined({p.batch, p.summed, p.columns}));
  Value* product = b.op(
      p.summed.empty() ? "Mul" : "MatMul",
      {as_matrices(b, x, p.batch.size(), p.rows.size()), as_matrices(b, y, p.batch.size(), p.summed.size())});
  if (product->shape() != sizes) product = b.reshape(product, sizes);
  return {product, joined({p.batch, p.rows, p.columns})};
}

/// A sum of products of tensors that are multiplied two by two. Labels that only one tensor still has, and
/// the output has not, are summed at once.
class Contraction {
 public:
  Contraction(ops::Builder& b, std::vector<Operand> operands, EinsumTerm output)
      : b_(b), operands_(std::move(operands)), output_(std::move(output)) {}

  Value* result() {
    if (operands_.size() > 1) drop_broadcast_axes();
    for (size_t i = 0; i < operands_.size(); ++i) sum_lonely(i);
    while (operands_.size() > 1) multiply_cheapest();
    return ordered(b_, operands_[0], output_);
  }

 private:
  /// Whether something besides operands i and j has the label.
  bool needed(int label, size_t i, size_t j) const {
    for (size_t k = 0; k < operands_.size(); ++k)
      if (k != i && k != j && contains(operands_[k].term, label)) return true;
    return contains(output_, label);
  }

  /// A size 1 that meets another under its label.
  void drop_broadcast_axes() {
    std::map<int, int64_t> sizes;
    for (const Operand& operand : operands_)
      for (const int label : operand.term)
        if (const int64_t size = size_of(label, operand); size != 1) sizes[label] = size;
    for (Operand& operand : operands_) {
      Shape shape;
      EinsumTerm term;
      for (const int label : operand.term) {
        const int64_t size = size_of(label, operand);
        if (size == 1 && sizes.contains(label)) continue;
        shape.push_back(size);
        term.push_back(label);
      }
      operand = {b_.reshape(operand.value, shape), term};
    }
  }

  void sum_lonely(size_t i) {
    Operand& operand = operands_[i];
    std::vector<int64_t> axes;
    EinsumTerm kept;
    for (size_t axis = 0; axis < operand.term.size(); ++axis)
      if (needed(operand.term[axis], i, i)) kept.push_back(operand.term[axis]);
      else axes.push_back(static_cast<int64_t>(axis));
    if (!axes.empty()) operand = {b_.reduce_sum(operand.value, axes, false), kept};
  }

  Product product_of(size_t i, size_t j) const {
    return {operands_[i].term, operands_[j].term, [&](int label) { return needed(label, i, j); }};
  }

  /// By how many elements there are more afterwards.
  double growth(size_t i, size_t j) const {
    const auto count = [&](const EinsumTerm& labels, const Operand& operand) {
      double product = 1;
      for (const int label : labels) product *= static_cast<double>(size_of(label, operand));
      return product;
    };
    const Operand &a = operands_[i], &b = operands_[j];
    const Product p = product_of(i, j);
    return count(joined({p.batch, p.rows}), a) * count(p.columns, b) - count(a.term, a) - count(b.term, b);
  }

  /// The pair whose product grows least; of equal ones the first.
  void multiply_cheapest() {
    std::pair<size_t, size_t> best = {0, 1};
    for (size_t i = 0; i < operands_.size(); ++i)
      for (size_t j = i + 1; j < operands_.size(); ++j)
        if (growth(i, j) < growth(best.first, best.second)) best = {i, j};
    const auto [left, right] = best;
    operands_[left] = multiplied(b_, product_of(left, right), operands_[left], operands_[right]);
    operands_.erase(operands_.begin() + static_cast<std::ptrdiff_t>(right));
  }

  ops::Builder& b_;
  std::vector<Operand> operands_;
  EinsumTerm output_;
};

bool lower(Graph& graph, Node* node) {
  std::vector<size_t> ranks;
  for (const Value* input : node->inputs()) {
    if (!input->type().known || (node->inputs().size() > 1 && !input->type().is_static())) return false;
    ranks.push_back(input->rank());
  }
  const auto equation = ops::einsum_equation(node->attrs(), ranks);
  if (std::ranges::any_of(equation.inputs, has_repeats)) return false;
  std::vector<Operand> operands;
  for (size_t i = 0; i < ranks.size(); ++i) operands.push_back({node->input(i), equation.inputs[i]});
  ops::Builder builder(graph, node->name() + "/", node);
  Value* result = Contraction(builder, std::move(operands), equation.output).result();
  if (result == node->input(0)) result = builder.op("Identity", {result});
  replace(graph, node->output(), result);
  return true;
}

}  // namespace

size_t lower_einsum(Graph& graph) {
  std::vector<Node*> nodes = graph.node_list();
  std::erase_if(
      nodes, [](const Node* node) { return node->op() != "Einsum" || !is_float(node->output()->dtype()); });
  return static_cast<size_t>(std::ranges::count_if(nodes, [&](Node* node) { return lower(graph, node); }));
}

}  // namespace twofour::passes
