#include "ops/shape_value.h"

#include <algorithm>

#include "ops/evaluate.h"
#include "ops/infer.h"
#include "ops/movement/slice_range.h"

namespace twofour::ops {
namespace {

using Entries = std::vector<ShapeEntry>;
using MaybeEntries = std::optional<Entries>;

constexpr size_t kMaxEntries = 256;  // longer vectors are not shapes

ShapeEntry entry(const Dim& dim) {
  if (dim.known()) return {dim.value, {}};
  return {std::nullopt, dim.symbol};
}

/// Walks producers; `budget` bounds the work on graphs that share or repeat sub-expressions.
class Evaluator {
 public:
  MaybeEntries value(const Value* v) {
    if (!v || !v->type().known || v->rank() > 1 || budget_-- <= 0) return std::nullopt;
    if (v->dtype() != DType::kI64 && v->dtype() != DType::kI32) return std::nullopt;
    MaybeEntries result;
    if (v->is_constant()) result = constant(v->data());
    else if (v->producer()) result = computed(*v->producer());
    if (!result && v->producer()) result = constant(folded(v));
    if (result || v->rank() == 0) return result ? result : Entries(1);
    const Dim& size = v->dims()[0];
    if (!size.known() || size.value > static_cast<int64_t>(kMaxEntries)) return std::nullopt;
    return Entries(static_cast<size_t>(size.value));
  }

 private:
  static bool is_small(const Shape& shape) { return shape.numel() <= static_cast<int64_t>(kMaxEntries); }

  static MaybeEntries constant(const Tensor& data) {
    if (!data.defined() || !is_small(data.shape())) return std::nullopt;
    Entries entries;
    for (const int64_t number : to_ints(data)) entries.push_back({number, {}});
    return entries;
  }

  /// The data of a small value that depends on nothing unknown; undefined otherwise.
  Tensor tensor(const Value* v) {
    if (v->is_constant()) return is_small(v->data().shape()) ? v->data() : Tensor();
    if (v->rank() <= 1)
      if (const auto known = numbers(v)) {
        const Tensor list = Tensor::i64(*known);
        return (v->rank() == 0 ? list.reshaped({}) : list).to(v->dtype());
      }
    return folded(v);
  }

  /// What the producer's reference kernel makes of such inputs.
  Tensor folded(const Value* v) {
    const Node* node = v->producer();
    const OpDef* op = node ? find_op(node->op()) : nullptr;
    if (!op || op->control || budget_-- <= 0 || is_random(*op)) return {};
    for (const Value* output : node->outputs())
      if (!output->type().is_static() || !is_small(output->shape())) return {};
    std::vector<Tensor> inputs;
    for (const Value* input : node->inputs()) {
      inputs.push_back(input ? tensor(input) : Tensor());
      if (input && !inputs.back().defined()) return {};
    }
    try {
      return run_reference(
          *node,
          inputs)[static_cast<size_t>(std::ranges::find(node->outputs(), v) - node->outputs().begin())];
    } catch (const Error&) {
      return {};  // evaluation will say what is wrong
    }
  }

  MaybeEntries computed(const Node& node) {
    const std::string& op = node.op();
    if (op == "Shape" || op == "Size") {
      if (!node.input(0)->type().known) return std::nullopt;
      return op == "Shape" ? shape(node) : Entries{entry(product(node.input(0)->dims()))};
    }
    if (op == "Concat") return concat(node);
    if (op == "Gather") return gather(node);
    if (op == "Slice") return slice(node);
    if (op == "Add" || op == "Sub" || op == "Mul") return arithmetic(node);
    if (op == "Identity" || op == "Cast" || op == "Squeeze" || op == "Unsqueeze" || op == "Reshape")
      return value(node.input(0));
    return std::nullopt;
  }

  static MaybeEntries shape(const Node& node) {
    Entries entries;
    for (const Dim& dim : node.input(0)->dims()) entries.push_back(entry(dim));
    const SliceRange range = shape_range(node.attrs(), entries.size());
    const auto begin = entries.begin() + range.start;
    return Entries(begin, begin + range.count);
  }

  MaybeEntries concat(const Node& node) {
    Entries all;
    for (const Value* input : node.inputs()) {
      const MaybeEntries part = value(input);
      if (!part || all.size() + part->size() > kMaxEntries) return std::nullopt;
      all.insert(all.end(), part->begin(), part->end());
    }
    return all;
  }

  MaybeEntries gather(const Node& node) {
    const MaybeEntries data = value(node.input(0));
    const MaybeEntries indices = value(node.input(1));
    if (!data || !indices) return std::nullopt;
    const auto size = static_cast<int64_t>(data->size());
    Entries picked;
    for (const ShapeEntry& index : *indices) {
      if (!index.number || *index.number < -size || *index.number >= size) return std::nullopt;
      picked.push_back((*data)[static_cast<size_t>(*index.number + (*index.number < 0 ? size : 0))]);
    }
    return picked;
  }

  MaybeEntries slice(const Node& node) {
    const MaybeEntries data = value(node.input(0));
    const auto starts = numbers(node.input(1));
    const auto ends = numbers(node.input(2));
    const auto steps = node.input(4) ? numbers(node.input(4)) : std::vector<int64_t>{1};
    if (!data || !starts || !ends || !steps || starts->size() != 1 || ends->size() != 1 || steps->size() != 1)
      return std::nullopt;
    if ((*steps)[0] == 0) return std::nullopt;
    const SliceRange range =
        slice_range(static_cast<int64_t>(data->size()), (*starts)[0], (*ends)[0], (*steps)[0]);
    Entries picked;
    for (int64_t i = 0; i < range.count; ++i)
      picked.push_back((*data)[static_cast<size_t>(range.start + i * range.step)]);
    return picked;
  }

  MaybeEntries arithmetic(const Node& node) {
    const MaybeEntries a = value(node.input(0));
    const MaybeEntries b = value(node.input(1));
    if (!a || !b || (a->size() != b->size() && a->size() != 1 && b->size() != 1)) return std::nullopt;
    Entries result(a->size() == 1 ? b->size() : a->size());
    for (size_t i = 0; i < result.size(); ++i) {
      const auto x = (*a)[a->size() == 1 ? 0 : i].number;
      const auto y = (*b)[b->size() == 1 ? 0 : i].number;
      int64_t r = 0;
      if (x && y &&
          !(node.op() == "Add"   ? __builtin_add_overflow(*x, *y, &r)
            : node.op() == "Sub" ? __builtin_sub_overflow(*x, *y, &r)
                                 : __builtin_mul_overflow(*x, *y, &r)))
        result[i].number = r;
    }
    return result;
  }

  std::optional<std::vector<int64_t>> numbers(const Value* v) {
    const MaybeEntries entries = value(v);
    if (!entries || !std::ranges::all_of(*entries, [](const ShapeEntry& e) { return e.number.has_value(); }))
      return std::nullopt;
    std::vector<int64_t> result;
    for (const ShapeEntry& e : *entries) result.push_back(*e.number);
    return result;
  }

  friend std::optional<std::vector<int64_t>> ops::known_ints(const Value* value);
  friend Tensor ops::known_tensor(const Value* value);
  int budget_ = 512;
};

}  // namespace

Dim ShapeEntry::dim() const {
  if (!number) return symbol.empty() ? Dim() : Dim::named(symbol);
  TWOFOUR_CHECK(*number >= 0, kInvalidArgument, "a size is {}; it must not be negative", *number);
  return *number;
}

std::optional<std::vector<ShapeEntry>> shape_value(const Value* value) { return Evaluator().value(value); }

Tensor known_tensor(const Value* value) { return value ? Evaluator().tensor(value) : Tensor(); }

std::optional<bool> known_truth(const Value* condition) {
  const Tensor truth = known_tensor(condition);
  if (!truth.defined() || truth.dtype() != DType::kBool || truth.numel() != 1) return std::nullopt;
  return truth.span<bool>()[0];
}

std::optional<std::vector<int64_t>> known_ints(const Value* value) { return Evaluator().numbers(value); }

}  // namespace twofour::ops
