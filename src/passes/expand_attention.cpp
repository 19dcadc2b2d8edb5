// Attention as MatMul, Softmax and MatMul, for which there are fast kernels.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>

#include "ops/builder.h"
#include "passes/match.h"
#include "passes/rewrites.h"

namespace twofour::passes {
namespace {

constexpr size_t kQ = 0, kK = 1, kV = 2, kMask = 3, kPastKey = 4, kPastValue = 5, kLengths = 6;
constexpr size_t kNumInputs = 7;
constexpr float kMinusInf = -std::numeric_limits<float>::infinity();

struct HeadSizes {
  int64_t heads, size;
};

/// Of [batch, heads, sequence, size], or of [batch, sequence, heads * size] with `heads` given.
std::optional<HeadSizes> head_sizes(const Value* v, int64_t heads) {
  const Dims& dims = v->dims();
  if (!dims.back().known()) return std::nullopt;
  if (dims.size() == 3) return HeadSizes{heads, dims.back().value / heads};
  return dims[1].known() ? std::optional(HeadSizes{dims[1].value, dims[3].value}) : std::nullopt;
}

/// What one node becomes. "Heads" are [batch, heads, sequence, size].
class Expansion {
 public:
  Expansion(Graph& graph, const Node& node, HeadSizes q, HeadSizes k, HeadSizes v)
      : node_(node), b_(graph, node.name() + "/", &node), q_(q), k_(k), v_(v) {}

  /// A value of its own for each output of the node.
  std::vector<Value*> outputs() {
    query_ = as_heads(node_.input(kQ), q_);
    key_ = appended(node_.input(kPastKey), as_heads(node_.input(kK), k_));
    Value* value = appended(node_.input(kPastValue), as_heads(node_.input(kV), v_));
    Value* bias = make_bias();
    Value* hidden = bias && may_hide_all_keys() ? all_hidden(bias) : nullptr;
    Value* stages[4];  // as qk_matmul_output_mode counts them
    stages[0] = scores();
    stages[1] = capped(stages[0]);
    stages[2] = bias ? b_.add(stages[1], bias) : stages[1];
    stages[3] = b_.op("Softmax", {stages[2]}, {{"axis", int64_t{-1}}});
    std::vector<Value*> results = {joined(shown(hidden, weighted(stages[3], value)))};
    const size_t count = node_.outputs().size();
    if (count > 1) results.push_back(own(key_, kK));
    if (count > 2) results.push_back(own(value, kV));
    const auto mode = static_cast<size_t>(node_.attrs().i("qk_matmul_output_mode", 0));
    if (count > 3) results.push_back(mode == 3 ? shown(hidden, stages[3]) : stages[mode]);
    return results;
  }

 private:
  Value* scalar(float value) { return b_.constant("scalar", Tensor::scalar(value).to(query_->dtype())); }

  Value* as_heads(Value* src, const HeadSizes& s) {
    if (src->rank() == 4) return src;
    return b_.transpose(b_.op("Reshape", {src, b_.i64({0, 0, s.heads, s.size})}), {0, 2, 1, 3});
  }
  Value* joined(Value* heads) {
    if (node_.output()->rank() == 4) return heads;
    return b_.op("Reshape", {b_.transpose(heads, {0, 2, 1, 3}), b_.i64({0, 0, q_.heads * v_.size})});
  }
  Value* appended(Value* past, Value* present) {
    return past ? b_.op("Concat", {past, present}, {{"axis", int64_t{2}}}) : present;
  }
  /// `v`, or a copy where it is the node's input itself, which keeps its name.
  Value* own(Value* v, size_t input) { return v == node_.input(input) ? b_.op("Identity", {v}) : v; }

  /// The size of an axis, as a vector of one.
  Value* size(Value* v, size_t axis) {
    const auto at = static_cast<int64_t>(axis);
    if (v->dims()[axis].known()) return b_.i64({v->dims()[axis].value});
    return b_.op("Shape", {v}, {{"start", at}, {"end", at + 1}});
  }
  /// 0, 1, ... along the sequence of heads.
  Value* positions(Value* heads) {
    if (const Dim& count = heads->dims()[2]; count.known()) {
      std::vector<int64_t> numbers(static_cast<size_t>(count.value));
      std::iota(numbers.begin(), numbers.end(), 0);
      return b_.i64(numbers);
    }
    const auto number = [&](int64_t v) {
      return b_.constant("i64", Tensor::of<int64_t>({}, std::span<const int64_t>(&v, 1)));
    };
    Value* count = b_.op("Squeeze", {size(heads, 2), b_.i64({0})});
    return b_.op("Range", {number(0), count, number(1)});
  }

  /// Whether several heads share one of K's: their rows are multiplied as one matrix then.
  bool shares() const { return q_.heads != k_.heads; }
  Value* reshaped(Value* v, std::vector<Value*> sizes) {
    return b_.op("Reshape", {v, b_.op("Concat", std::move(sizes), {{"axis", int64_t{0}}})});
  }

  /// Q is scaled, not the product, which might overflow 16 bits before.
  Value* scores() {
    const float scale =
        node_.attrs().f("scale", static_cast<float>(1 / std::sqrt(static_cast<double>(q_.size))));
    Value* rows = scale == 1 ? query_ : b_.mul(query_, scalar(scale));
    if (shares()) rows = b_.op("Reshape", {rows, b_.i64({0, k_.heads, -1, q_.size})});
    Value* product = b_.op("MatMul", {rows, b_.transpose(key_, {0, 1, 3, 2})});
    return shares() ? reshaped(product, {b_.i64({0, q_.heads}), size(query_, 2), size(key_, 2)}) : product;
  }
  Value* weighted(Value* weights, Value* value) {
    if (!shares()) return b_.op("MatMul", {weights, value});
    Value* rows = reshaped(weights, {b_.i64({0, k_.heads, -1}), size(key_, 2)});
    return reshaped(b_.op("MatMul", {rows, value}),
                    {b_.i64({0, q_.heads}), size(query_, 2), b_.i64({v_.size})});
  }
  Value* capped(Value* scores) {
    const float cap = node_.attrs().f("softcap", 0);
    if (cap <= 0) return scores;
    return b_.mul(b_.op("Tanh", {b_.div(scores, scalar(cap))}), scalar(cap));
  }

  /// How far each query stands behind each key, to broadcast to the scores.
  Value* distances() {
    Value* query = positions(query_);
    if (Value* lengths = lengths_of({1})) {
      query = b_.op("Unsqueeze", {b_.add(b_.sub(lengths, size(query_, 2)), query), b_.i64({1, 3})});
    } else {
      if (Value* past = node_.input(kPastKey)) query = b_.add(query, size(past, 2));
      query = b_.op("Unsqueeze", {query, b_.i64({1})});
    }
    return b_.sub(query, positions(key_));
  }
  /// Keys that are no padding, by batch, with further axes; null when that is not given.
  Value* lengths_of(const std::vector<int64_t>& axes) {
    Value* lengths = node_.input(kLengths);
    return lengths ? b_.op("Unsqueeze", {b_.cast(lengths, DType::kI64), b_.i64(axes)}) : nullptr;
  }
  /// The mask for all keys: it may be given for the first ones only, the others are hidden then.
  Value* mask() {
    Value* mask = node_.input(kMask);
    if (!mask || same_dims({mask->dims().back()}, {key_->dims()[2]})) return mask;
    Value* missing = b_.sub(size(key_, 2), size(mask, mask->rank() - 1));
    Value* pads = b_.op("Concat", {b_.i64({0}), missing}, {{"axis", int64_t{0}}});
    Value* hidden = b_.constant(
        "hidden", Tensor::scalar(mask->dtype() == DType::kBool ? 0 : kMinusInf).to(mask->dtype()));
    return b_.op("Pad", {mask, pads, hidden, b_.i64({-1})});
  }
  /// Which keys a query sees; null: all.
  Value* seen(Value* mask) {
    const Attrs& attrs = node_.attrs();
    const bool causal = attrs.i("is_causal", 0) != 0;
    const int64_t left = attrs.i("left_window_size", -1), right = attrs.i("right_window_size", -1);
    std::vector<Value*> all;
    if (causal || left >= 0 || right >= 0) {
      Value* distance = distances();
      if (causal || right >= 0)
        all.push_back(b_.op("GreaterOrEqual", {distance, b_.i64({causal ? 0 : -right})}));
      if (left >= 0) all.push_back(b_.op("LessOrEqual", {distance, b_.i64({left})}));
    }
    if (Value* lengths = lengths_of({1, 2, 3})) all.push_back(b_.op("Less", {positions(key_), lengths}));
    if (mask && mask->dtype() == DType::kBool) all.push_back(mask);
    Value* result = nullptr;
    for (Value* each : all) result = result ? b_.op("And", {result, each}) : each;
    return result;
  }
  /// What is added to the scores; null: nothing.
  Value* make_bias() {
    Value* given = mask();
    Value* number = given && given->dtype() != DType::kBool ? given : nullptr;
    Value* visible = seen(given);
    if (!visible) return number;
    return b_.op("Where", {visible, number ? number : scalar(0), scalar(kMinusInf)});
  }

  /// A causal limit alone leaves every query the first key, and so does a window to the right.
  bool may_hide_all_keys() const {
    return node_.input(kMask) || node_.input(kLengths) || node_.attrs().i("left_window_size", -1) >= 0;
  }
  Value* all_hidden(Value* bias) {
    Value* most = b_.op("ReduceMax", {bias, b_.i64({-1})}, {{"keepdims", int64_t{1}}});
    return b_.op("Equal", {most, scalar(kMinusInf)});
  }
  /// Zeros for queries that see no key, where Softmax gives NaN.
  Value* shown(Value* hidden, Value* v) { return hidden ? b_.op("Where", {hidden, scalar(0), v}) : v; }

  const Node& node_;
  ops::Builder b_;
  HeadSizes q_, k_, v_;
  Value *query_ = nullptr, *key_ = nullptr;  // heads, the key with its past
};

bool fits(const Node& node) {
  const DType dtype = node.input(kQ)->dtype();
  for (size_t i = 0; i < kNumInputs; ++i) {
    const Value* input = node.input(i);
    if (!input) continue;
    if (!input->type().known) return false;
    if (i <= kV && input->type().is_static() && input->shape().numel() == 0) return false;
    if (i == kMask && input->dtype() != DType::kBool && input->dtype() != dtype) return false;
  }
  return is_float(dtype);
}

void replace_outputs(Graph& graph, Node* node, const std::vector<Value*>& values) {
  std::vector<std::pair<Value*, std::string>> names;
  for (size_t i = 0; i < values.size(); ++i) {
    if (graph.is_output(node->output(i))) names.emplace_back(values[i], node->output(i)->name());
    graph.replace_all_uses(node->output(i), values[i]);
  }
  graph.erase(node);
  for (const auto& [value, name] : names) graph.rename(value, name);
}

bool expand(Graph& graph, Node* node) {
  if (!fits(*node)) return false;
  const int64_t q_heads = node->attrs().i("q_num_heads", 0), heads = node->attrs().i("kv_num_heads", 0);
  const auto q = head_sizes(node->input(kQ), q_heads), k = head_sizes(node->input(kK), heads),
             v = head_sizes(node->input(kV), heads);
  if (!q || !k || !v) return false;
  replace_outputs(graph, node, Expansion(graph, *node, *q, *k, *v).outputs());
  return true;
}

}  // namespace

size_t expand_attention(Graph& graph) {
  std::vector<Node*> nodes = graph.node_list();
  std::erase_if(nodes, [](const Node* node) { return node->op() != "Attention"; });
  return static_cast<size_t>(std::ranges::count_if(nodes, [&](Node* node) { return expand(graph, node); }));
}

}  // namespace twofour::passes
