// LinearAttention: attention whose memory is one matrix per head, updated at every step (ONNX opset 27; delta
// rule: https://arxiv.org/abs/2406.06484, gated: https://arxiv.org/abs/2412.06464).
#include <cmath>

#include "ops/infer.h"

namespace twofour::ops {
namespace {

constexpr size_t kQ = 0, kK = 1, kV = 2, kPast = 3, kDecay = 4, kBeta = 5;

struct Rule {
  bool gated, delta;
};

Rule rule_of(const Attrs& attrs) {
  const std::string name = attrs.s("update_rule", "gated_delta");
  TWOFOUR_CHECK(name == "linear" || name == "gated" || name == "delta" || name == "gated_delta",
                kInvalidArgument, "update_rule \"{}\" is not known; linear, gated, delta and gated_delta are",
                name);
  return {name.starts_with("gated"), name.ends_with("delta")};
}

struct HeadCounts {
  int64_t q, kv;
};

HeadCounts head_counts(const Attrs& attrs) {
  const HeadCounts heads = {attrs.i("q_num_heads", 0), attrs.i("kv_num_heads", 0)};
  TWOFOUR_CHECK(heads.kv >= 1 && heads.q >= 1 && heads.q % heads.kv == 0, kInvalidArgument,
                "q_num_heads {} must be a multiple of kv_num_heads {}", heads.q, heads.kv);
  return heads;
}

/// The size of one of `heads` heads that are packed into the last axis.
Dim head_size(const ValueType& type, int64_t heads, std::string_view what) {
  TWOFOUR_CHECK(type.dims.size() == 3, kInvalidArgument, "{} is {}; batch,length,heads*size is expected",
                what, type.to_string());
  const Dim& packed = type.dims[2];
  TWOFOUR_CHECK(!packed.known() || packed.value % heads == 0, kInvalidArgument,
                "{} is {}, which does not divide into {} heads", what, type.to_string(), heads);
  return packed.known() ? Dim(packed.value / heads) : Dim();
}

/// decay or beta: batch and length of the query, one of two sizes for the rest.
void check_gate(const Node& node, size_t input, bool wanted, const Dim& many, const Dim& few) {
  const std::string_view what = get_op(node.op()).inputs[input].name;
  const Value* gate = node.input(input);
  TWOFOUR_CHECK(wanted == (gate != nullptr), kInvalidArgument, "update_rule {} {} {}",
                node.attrs().s("update_rule", "gated_delta"), wanted ? "needs" : "does not use", what);
  if (!gate) return;
  check_dtype(gate->type(), node.input(kQ)->dtype(), what);
  const Dims& q = node.input(kQ)->dims();
  const bool is_few = gate->rank() == 3 && gate->dims()[2] == few;
  check_dims(gate->type(), {q[0], q[1], is_few ? few : many}, what);
}

void infer(const Node& node, std::span<ValueType> outputs) {
  const ValueType& q = node.input(kQ)->type();
  check_real(q, "query");
  const Rule rule = rule_of(node.attrs());
  const HeadCounts heads = head_counts(node.attrs());
  const Dim key_size = head_size(q, heads.q, "query");
  for (const size_t i : {kK, kV})
    check_dtype(node.input(i)->type(), q.dtype, get_op(node.op()).inputs[i].name);
  const Dim value_size = head_size(node.input(kV)->type(), heads.kv, "value");
  const Dim keys[] = {heads.kv, key_size};
  const Dim values[] = {heads.q, value_size};
  check_dims(node.input(kK)->type(), {q.dims[0], q.dims[1], product(keys)}, "key");
  check_dims(node.input(kV)->type(), {q.dims[0], q.dims[1], Dim()}, "value");
  check_gate(node, kDecay, rule.gated, product(keys), heads.kv);
  check_gate(node, kBeta, rule.delta, heads.kv, 1);
  ValueType state = {q.dtype, {q.dims[0], heads.kv, key_size, value_size}};
  if (const Value* past = node.input(kPast)) {
    check_real(past->type(), "past_state");
    check_dims(past->type(), state.dims, "past_state");
    state.dtype = past->dtype();
  }
  outputs[0] = {q.dtype, {q.dims[0], q.dims[1], product(values)}};
  if (outputs.size() > 1) outputs[1] = state;
}

/// All inputs in f64, and the steps over them.
class Memory {
 public:
  explicit Memory(const ReferenceArgs& args)
      : rule_(rule_of(args.attrs)), heads_(head_counts(args.attrs)), length_(args.inputs[kQ].shape()[1]) {
    for (size_t i = 0; i < 6; ++i) {
      const Tensor given = input_or_none(args, i);
      inputs_.push_back(given.defined() ? given.to(DType::kF64) : Tensor());
    }
    key_size_ = inputs_[kQ].shape()[2] / heads_.q;
    value_size_ = inputs_[kV].shape()[2] / heads_.kv;
    const float scale = args.attrs.f("scale", 0);
    scale_ = scale != 0 ? double{scale} : 1 / std::sqrt(static_cast<double>(key_size_));
    const Shape shape = {inputs_[kQ].shape()[0], heads_.kv, key_size_, value_size_};
    state_ = inputs_[kPast].defined() ? inputs_[kPast].clone() : Tensor(DType::kF64, shape);
    dst_ = Tensor(DType::kF64, args.outputs[0].shape());
  }

  const Tensor& dst() const { return dst_; }
  const Tensor& state() const { return state_; }

  void run() {
    for (int64_t n = 0; n < dst_.shape()[0]; ++n)
      for (int64_t h = 0; h < heads_.kv; ++h)
        for (int64_t t = 0; t < length_; ++t) {
          double* state = state_.span<double>().data() + (n * heads_.kv + h) * key_size_ * value_size_;
          update(state, n * length_ + t, h);
          for (int64_t q = h * heads_.q / heads_.kv; q < (h + 1) * heads_.q / heads_.kv; ++q)
            read(state, n * length_ + t, q);
        }
  }

 private:
  /// Element `d` of head `h` of a token in a tensor with heads of `size`.
  double at(size_t input, int64_t token, int64_t h, int64_t size, int64_t d) const {
    const Tensor& tensor = inputs_[input];
    return tensor.span<double>()[static_cast<size_t>(token * tensor.shape()[2] + h * size + d)];
  }

  void update(double* state, int64_t token, int64_t h) const {
    if (rule_.gated) {
      const bool per_head = inputs_[kDecay].shape()[2] == heads_.kv;
      for (int64_t d = 0; d < key_size_; ++d) {
        const double factor =
            std::exp(per_head ? at(kDecay, token, h, 1, 0) : at(kDecay, token, h, key_size_, d));
        for (int64_t m = 0; m < value_size_; ++m) state[d * value_size_ + m] *= factor;
      }
    }
    for (int64_t m = 0; m < value_size_; ++m) {
      double value = at(kV, token, h, value_size_, m);
      if (rule_.delta) {
        double known = 0;
        for (int64_t d = 0; d < key_size_; ++d)
          known += state[d * value_size_ + m] * at(kK, token, h, key_size_, d);
        value = at(kBeta, token, inputs_[kBeta].shape()[2] == 1 ? 0 : h, 1, 0) * (value - known);
      }
      for (int64_t d = 0; d < key_size_; ++d)
        state[d * value_size_ + m] += at(kK, token, h, key_size_, d) * value;
    }
  }

  void read(const double* state, int64_t token, int64_t q) const {
    double* out = dst_.span<double>().data() + (token * heads_.q + q) * value_size_;
    for (int64_t m = 0; m < value_size_; ++m) {
      double sum = 0;
      for (int64_t d = 0; d < key_size_; ++d)
        sum += at(kQ, token, q, key_size_, d) * state[d * value_size_ + m];
      out[m] = scale_ * sum;
    }
  }

  Rule rule_;
  HeadCounts heads_;
  int64_t length_, key_size_ = 0, value_size_ = 0;
  double scale_ = 1;
  std::vector<Tensor> inputs_;
  Tensor state_, dst_;
};

void reference(const ReferenceArgs& args) {
  Memory memory(args);
  memory.run();
  store(memory.dst(), args.outputs[0]);
  if (args.outputs.size() > 1) store(memory.state(), args.outputs[1]);
}

Attrs settings(const char* rule, int64_t q_heads, int64_t kv_heads) {
  return {{"update_rule", std::string(rule)}, {"q_num_heads", q_heads}, {"kv_num_heads", kv_heads}};
}

}  // namespace

extern const OpDef kLinearAttention;
const OpDef kLinearAttention = {
    .name = "LinearAttention",
    .doc =
        "S = exp(decay) S + k (x) beta (v - S^T k), dst = scale * q^T S at every step; linear and gated "
        "rules leave out the delta, linear and delta the decay.",
    .inputs = {{"query"},
               {"key"},
               {"value"},
               {.name = "past_state", .optional = true, .state = true},
               {.name = "decay", .optional = true},
               {.name = "beta", .optional = true}},
    .outputs = {{"dst"}, {.name = "present_state", .optional = true}},
    .attrs = {"chunk_size", "kv_num_heads", "q_num_heads", "scale", "update_rule"},
    .infer = infer,
    .reference = reference,
    .grad = not_differentiable("the form with a state is for inference: no operator computes its gradient"),
    .amp = Amp::kDeny,
    .quant = quant_float("errors add up over the steps"),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {{.shape = {2, 3, 4}}, {.shape = {2, 3, 4}}, {.shape = {2, 3, 6}}},
                  .attrs = settings("linear", 2, 2),
                  .num_outputs = 2},
                 {.inputs = {{.shape = {1, 3, 8}},
                             {.shape = {1, 3, 4}},
                             {.shape = {1, 3, 6}},
                             {.shape = {1, 2, 2, 3}},
                             {.shape = {1, 3, 4}},
                             {.shape = {1, 3, 1}}},
                  .attrs = settings("gated_delta", 4, 2),
                  .num_outputs = 2}},
};

}  // namespace twofour::ops
