// Attention: softmax(Q K^T * scale + bias) V per head, with grouped heads, masks and a key/value cache (ONNX
// opsets 23 and 24, with the sliding windows of later ones).
#include <algorithm>
#include <cmath>
#include <limits>

#include "ops/domain.h"
#include "ops/infer.h"
#include "ops/strided.h"

namespace twofour::ops {
namespace {

constexpr size_t kQ = 0, kK = 1, kV = 2, kMask = 3, kPastKey = 4, kPastValue = 5, kLengths = 6;
constexpr double kMinusInf = -std::numeric_limits<double>::infinity();

/// [batch, heads, sequence, size] or, with the number of heads as an attribute, [batch, sequence, heads *
/// size].
struct HeadDims {
  Dim batch, heads, seq, size;
};

HeadDims heads_of(const ValueType& type, const Attrs& attrs, const char* num_heads, std::string_view what) {
  TWOFOUR_CHECK(type.dims.size() == 3 || type.dims.size() == 4, kInvalidArgument,
                "{} is {}; three or four dimensions are expected", what, type.to_string());
  const int64_t heads = attrs.i(num_heads, 0);
  if (type.dims.size() == 4) {
    TWOFOUR_CHECK(heads == 0 || dims_fit(type.dims[1], heads), kInvalidArgument, "{} is {}, but {} is {}",
                  what, type.to_string(), num_heads, heads);
    return {type.dims[0], type.dims[1], type.dims[2], type.dims[3]};
  }
  const Dim& hidden = type.dims[2];
  TWOFOUR_CHECK(heads >= 1 && (!hidden.known() || hidden.value % heads == 0), kInvalidArgument,
                "{} is {}; {} is {}, which must divide its last size", what, type.to_string(), num_heads,
                heads);
  return {type.dims[0], heads, type.dims[1], hidden.known() ? Dim(hidden.value / heads) : Dim()};
}

struct AllHeads {
  HeadDims q, k, v;
  Dim past, total;  // cached and all keys
};

AllHeads all_heads(const Node& node) {
  const auto type = [&](size_t i) { return node.input(i)->type(); };
  AllHeads all = {heads_of(type(kQ), node.attrs(), "q_num_heads", "Q"),
                  heads_of(type(kK), node.attrs(), "kv_num_heads", "K"),
                  heads_of(type(kV), node.attrs(), "kv_num_heads", "V"),
                  0,
                  {}};
  if (node.input(kPastKey)) {
    TWOFOUR_CHECK(type(kPastKey).dims.size() == 4, kInvalidArgument,
                  "past_key is {}; four dimensions are expected", type(kPastKey).to_string());
    all.past = type(kPastKey).dims[2];
  }
  all.total = add(all.past, all.k.seq);
  return all;
}

void check_same(const Dim& a, const Dim& b, std::string_view what) {
  TWOFOUR_CHECK(dims_fit(a, b), kInvalidArgument, "Q, K and V differ in {}: {} and {}", what, a.to_string(),
                b.to_string());
}

void check_mask(const ValueType& mask, const AllHeads& all) {
  if (mask.dtype != DType::kBool) check_real(mask, "attn_mask");
  const Dims full = {all.q.batch, all.q.heads, all.q.seq, all.total};
  TWOFOUR_CHECK(mask.dims.size() >= 1 && mask.dims.size() <= 4, kInvalidArgument,
                "attn_mask is {}; one to four dimensions are expected", mask.to_string());
  for (size_t i = 0; i < mask.dims.size(); ++i) {
    const Dim& want = full[i + 4 - mask.dims.size()];
    const bool last = i + 1 == mask.dims.size();  // may be shorter
    const bool fits = !mask.dims[i].known() || !want.known() || mask.dims[i] == want ||
                      (last ? mask.dims[i].value < want.value : mask.dims[i].value == 1);
    TWOFOUR_CHECK(fits, kInvalidArgument, "attn_mask {} does not broadcast to {}", mask.to_string(),
                  ValueType{mask.dtype, full}.to_string());
  }
}

void check_cache(const Node& node, const AllHeads& all) {
  const bool past = node.input(kPastKey) != nullptr;
  TWOFOUR_CHECK(past == (node.input(kPastValue) != nullptr), kInvalidArgument,
                "past_key and past_value go together");
  TWOFOUR_CHECK(!past || !node.input(kLengths), kInvalidArgument,
                "nonpad_kv_seqlen does not go with past_key and past_value");
  if (past) {
    check_dims(node.input(kPastKey)->type(), {all.q.batch, all.k.heads, all.past, all.k.size}, "past_key");
    check_dims(node.input(kPastValue)->type(), {all.q.batch, all.k.heads, all.past, all.v.size},
               "past_value");
  }
  if (!node.input(kLengths)) return;
  check_index(node.input(kLengths)->type(), "nonpad_kv_seqlen");
  check_dims(node.input(kLengths)->type(), {all.q.batch}, "nonpad_kv_seqlen");
}

void check_options(const Attrs& attrs) {
  const int64_t mode = attrs.i("qk_matmul_output_mode", 0);
  TWOFOUR_CHECK(mode >= 0 && mode <= 3, kInvalidArgument,
                "qk_matmul_output_mode is {}; it must be from 0 to 3", mode);
  for (const char* side : {"left_window_size", "right_window_size"})
    TWOFOUR_CHECK(attrs.i(side, -1) >= -1, kInvalidArgument, "{} is {}; it must be at least -1", side,
                  attrs.i(side, -1));
}

void infer(const Node& node, std::span<ValueType> outputs) {
  const ValueType& q = node.input(kQ)->type();
  check_real(q, "Q");
  for (const size_t i : {kK, kV, kPastKey, kPastValue})
    if (node.input(i)) check_dtype(node.input(i)->type(), q.dtype, get_op(node.op()).inputs[i].name);
  TWOFOUR_CHECK(node.input(kK)->rank() == q.dims.size() && node.input(kV)->rank() == q.dims.size(),
                kInvalidArgument, "Q, K and V differ in rank");
  check_options(node.attrs());
  const AllHeads all = all_heads(node);
  check_same(all.q.batch, all.k.batch, "batch");
  check_same(all.q.batch, all.v.batch, "batch");
  check_same(all.k.heads, all.v.heads, "heads of K and V");
  check_same(all.k.seq, all.v.seq, "length of K and V");
  check_same(all.q.size, all.k.size, "head size");
  TWOFOUR_CHECK(!all.q.heads.known() || !all.k.heads.known() ||
                    (all.k.heads.value > 0 && all.q.heads.value % all.k.heads.value == 0),
                kInvalidArgument, "{} heads of Q cannot share {} heads of K", all.q.heads.to_string(),
                all.k.heads.to_string());
  if (node.input(kMask)) check_mask(node.input(kMask)->type(), all);
  check_cache(node, all);
  const Dim hidden[] = {all.q.heads, all.v.size};
  outputs[0] = {q.dtype, q.dims.size() == 4 ? Dims{all.q.batch, all.q.heads, all.q.seq, all.v.size}
                                            : Dims{all.q.batch, all.q.seq, product(hidden)}};
  const Dims others[] = {{all.q.batch, all.k.heads, all.total, all.k.size},
                         {all.q.batch, all.k.heads, all.total, all.v.size},
                         {all.q.batch, all.q.heads, all.q.seq, all.total}};
  for (size_t i = 1; i < outputs.size(); ++i) outputs[i] = {q.dtype, others[i - 1]};
}

/// A tensor in f64 as [batch, heads, sequence, size].
Tensor by_head(const Tensor& tensor, int64_t heads) {
  const Tensor wide = tensor.to(DType::kF64);
  const Shape& s = wide.shape();
  if (s.rank() == 4) return wide;
  const int64_t size = s[2] / heads;
  const Shape shape = {s[0], heads, s[1], size};
  Tensor split(DType::kF64, shape);
  copy_strided(wide, {0, {s[1] * s[2], size, s[2], 1}}, split, {0, shape.strides()}, shape);
  return split;
}

/// past, then present, along the sequence.
Tensor appended(const Tensor& past, const Tensor& present) {
  if (!past.defined()) return present;
  const Tensor wide = past.to(DType::kF64);
  Shape shape = present.shape();
  shape[2] += wide.shape()[2];
  Tensor all(DType::kF64, shape);
  const std::vector<int64_t> strides = shape.strides();
  copy_strided(wide, {0, wide.shape().strides()}, all, {0, strides}, wide.shape());
  copy_strided(present, {0, present.shape().strides()}, all, {wide.shape()[2] * strides[2], strides},
               present.shape());
  return all;
}

/// What is added to the scores: the mask, the causal limit, the window and the padding of the cache.
class Bias {
 public:
  Bias(const ReferenceArgs& args, int64_t queries)
      : queries_(queries),
        causal_(args.attrs.i("is_causal", 0) != 0),
        left_(args.attrs.i("left_window_size", -1)),
        right_(args.attrs.i("right_window_size", -1)) {
    if (const Tensor past = input_or_none(args, kPastKey); past.defined()) past_ = past.shape()[2];
    if (const Tensor lengths = input_or_none(args, kLengths); lengths.defined()) lengths_ = to_ints(lengths);
    const Tensor mask = input_or_none(args, kMask);
    if (!mask.defined()) return;
    mask_ = mask.to(DType::kF64);
    is_bool_ = mask.dtype() == DType::kBool;
    mask_keys_ = mask.shape()[mask.shape().rank() - 1];
    Shape full = {1, 1, 1, 1};
    for (size_t i = 0; i < mask.shape().rank(); ++i) full[4 - mask.shape().rank() + i] = mask.shape()[i];
    strides_ = full.strides();
    for (size_t i = 0; i < 3; ++i)
      if (full[i] == 1) strides_[i] = 0;
  }

  double at(int64_t n, int64_t h, int64_t i, int64_t j) const {
    int64_t offset = past_;  // of the queries among the keys
    if (!lengths_.empty()) {
      const int64_t length = lengths_[static_cast<size_t>(n)];
      if (j >= length) return kMinusInf;
      offset = length - queries_;
    }
    const int64_t distance = i + offset - j;
    if ((causal_ && distance < 0) || (left_ >= 0 && distance > left_) || (right_ >= 0 && -distance > right_))
      return kMinusInf;
    if (!mask_.defined()) return 0;
    if (j >= mask_keys_) return kMinusInf;
    const double v =
        mask_.span<double>()[static_cast<size_t>(n * strides_[0] + h * strides_[1] + i * strides_[2] + j)];
    return is_bool_ ? (v != 0 ? 0 : kMinusInf) : v;
  }

 private:
  int64_t queries_;
  bool causal_;
  int64_t left_, right_;
  int64_t past_ = 0;
  std::vector<int64_t> lengths_;
  Tensor mask_;
  bool is_bool_ = false;
  int64_t mask_keys_ = 0;
  std::vector<int64_t> strides_;
};

/// scores -> probabilities; all zero when `bias` forbids every key.
void softmax(std::vector<double>& scores, const std::vector<double>& bias) {
  const bool masked = std::ranges::all_of(bias, [](double v) { return v == kMinusInf; });
  const double most = masked ? 0 : *std::ranges::max_element(scores);
  double sum = 0;
  for (double& v : scores) sum += v = masked ? 0 : std::exp(v - most);
  if (!masked)
    for (double& v : scores) v /= sum;
}

struct Scoring {
  double scale, softcap;
  int64_t mode;
};

/// One row of scores on its way to probabilities; `seen` gets the stage that qk_matmul_output shows.
void weigh(const Scoring& scoring, std::vector<double>& scores, const std::vector<double>& bias,
           std::span<double> seen) {
  const auto show = [&](int64_t mode) {
    if (mode == scoring.mode) std::ranges::copy(scores, seen.begin());
  };
  show(0);
  if (scoring.softcap > 0)
    for (double& v : scores) v = scoring.softcap * std::tanh(v / scoring.softcap);
  show(1);
  for (size_t j = 0; j < scores.size(); ++j) scores[j] += bias[j];
  show(2);
  softmax(scores, bias);
  show(3);
}

void reference(const ReferenceArgs& args) {
  const Tensor q = by_head(args.inputs[kQ], args.attrs.i("q_num_heads", 0));
  const Tensor k =
      appended(input_or_none(args, kPastKey), by_head(args.inputs[kK], args.attrs.i("kv_num_heads", 0)));
  const Tensor v =
      appended(input_or_none(args, kPastValue), by_head(args.inputs[kV], args.attrs.i("kv_num_heads", 0)));
  const int64_t heads = q.shape()[1];
  const int64_t queries = q.shape()[2];
  const int64_t keys = k.shape()[2];
  const int64_t size = q.shape()[3];
  const int64_t value_size = v.shape()[3];
  const Scoring scoring = {
      args.attrs.f("scale", static_cast<float>(1 / std::sqrt(static_cast<double>(size)))),
      args.attrs.f("softcap", 0), args.attrs.i("qk_matmul_output_mode", 0)};
  const Bias bias(args, queries);
  Tensor seen(DType::kF64, {q.shape()[0], heads, queries, keys});
  Tensor y(DType::kF64, args.outputs[0].shape());
  const bool split = args.outputs[0].shape().rank() == 4;
  std::vector<double> scores(static_cast<size_t>(keys));
  std::vector<double> biases(scores.size());
  for (int64_t n = 0; n < q.shape()[0]; ++n)
    for (int64_t h = 0; h < heads; ++h)
      for (int64_t i = 0; i < queries; ++i) {
        const int64_t head = n * k.shape()[1] + h / (heads / k.shape()[1]);
        const int64_t row = (n * heads + h) * queries + i;
        const double* query = q.span<double>().data() + row * size;
        for (int64_t j = 0; j < keys; ++j) {
          const double* key = k.span<double>().data() + (head * keys + j) * size;
          double dot = 0;
          for (int64_t d = 0; d < size; ++d) dot += query[d] * key[d];
          scores[static_cast<size_t>(j)] = dot * scoring.scale;
          biases[static_cast<size_t>(j)] = bias.at(n, h, i, j);
        }
        weigh(scoring, scores, biases,
              seen.span<double>().subspan(static_cast<size_t>(row * keys), scores.size()));
        double* out = y.span<double>().data() + (split ? row : (n * queries + i) * heads + h) * value_size;
        for (int64_t j = 0; j < keys; ++j)
          for (int64_t d = 0; d < value_size; ++d)
            out[d] += scores[static_cast<size_t>(j)] *
                      v.span<double>()[static_cast<size_t>((head * keys + j) * value_size + d)];
      }
  const Tensor* const results[] = {&y, &k, &v, &seen};
  for (size_t i = 0; i < args.outputs.size(); ++i) store(*results[i], args.outputs[i]);
}

Domain key_counts(const Node& node, size_t) {
  const Dims& keys = node.input(kK)->dims();
  return count_up_to(keys[keys.size() - 2]);
}

}  // namespace

extern const OpDef kAttention;
const OpDef kAttention = {
    .name = "Attention",
    .doc = "Y = softmax(Q K^T * scale + mask) V per head; K and V go on from the cache past_key, past_value.",
    .inputs = {{"Q"},
               {"K"},
               {"V"},
               {.name = "attn_mask", .optional = true, .state = true},
               {.name = "past_key", .optional = true, .state = true},
               {.name = "past_value", .optional = true, .state = true},
               {.name = "nonpad_kv_seqlen", .optional = true, .state = true, .domain = key_counts}},
    .outputs = {{"Y"},
                {.name = "present_key", .optional = true},
                {.name = "present_value", .optional = true},
                {.name = "qk_matmul_output", .optional = true}},
    .attrs = {"is_causal", "kv_num_heads", "left_window_size", "q_num_heads", "qk_matmul_output_mode",
              "right_window_size", "scale", "softcap", "softmax_precision"},
    .infer = infer,
    .reference = reference,
    .grad = not_differentiable("the fused form is for inference; MatMul and Softmax have gradients"),
    .amp = Amp::kAllow,
    .quant = quant_float("the range of exponentials is too wide for 8 bits"),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {{.shape = {2, 2, 3, 4}}, {.shape = {2, 2, 5, 4}}, {.shape = {2, 2, 5, 3}}}},
                 {.inputs = {{.shape = {1, 3, 8}},
                             {.shape = {1, 2, 4}},
                             {.shape = {1, 2, 6}},
                             {.shape = {3, 4}},
                             {.shape = {1, 2, 3, 2}},
                             {.shape = {1, 2, 3, 3}}},
                  .attrs = {{"q_num_heads", int64_t{4}},
                            {"kv_num_heads", int64_t{2}},
                            {"is_causal", int64_t{1}},
                            {"softcap", 2.0F},
                            {"qk_matmul_output_mode", int64_t{3}}},
                  .num_outputs = 4},
                 {.inputs = {{.shape = {2, 2, 3, 2}},
                             {.shape = {2, 1, 4, 2}},
                             {.shape = {2, 1, 4, 2}},
                             {.dtype = DType::kBool, .shape = {2, 1, 3, 4}, .high = 2},
                             {.absent = true},
                             {.absent = true},
                             {.dtype = DType::kI64, .shape = {2}, .values = {4, 2}}},
                  .attrs = {{"scale", 0.5F}}}},
};

}  // namespace twofour::ops
