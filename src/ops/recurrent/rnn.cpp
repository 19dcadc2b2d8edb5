// RNN, GRU (https://arxiv.org/abs/1406.1078) and LSTM (Hochreiter and Schmidhuber 1997, with peepholes), over
// whole sequences.
#include "ops/infer.h"
#include "ops/recurrent/recurrent.h"

namespace twofour::ops {
namespace {

void rnn_cell(const RecurrentWeights& v, const Attrs&, std::span<const double> x, std::span<double> h,
              std::span<double>) {
  const std::vector<double> before(h.begin(), h.end());
  for (int64_t i = 0; i < v.hidden; ++i)
    h[static_cast<size_t>(i)] = v.activations[0](v.clipped(v.gate(0, i, x, before)));
}

// Gates z (update), r (reset), h (candidate).
void gru_cell(const RecurrentWeights& v, const Attrs& attrs, std::span<const double> x, std::span<double> h,
              std::span<double>) {
  const bool after_product = attrs.i("linear_before_reset", 0) != 0;
  const std::vector<double> before(h.begin(), h.end());
  std::vector<double> reset(h.size());
  std::vector<double> kept(h.size());
  for (size_t i = 0; i < h.size(); ++i) {
    reset[i] = v.activations[0](v.clipped(v.gate(1, static_cast<int64_t>(i), x, before)));
    kept[i] = reset[i] * before[i];
  }
  for (size_t i = 0; i < h.size(); ++i) {
    const auto row = static_cast<int64_t>(i);
    const size_t bias = 2 * h.size() + i;
    const double update = v.activations[0](v.clipped(v.gate(0, row, x, before)));
    const double recurrent = after_product ? reset[i] * (v.from_hidden(2, row, before) + v.r_bias[bias])
                                           : v.from_hidden(2, row, kept) + v.r_bias[bias];
    const double candidate =
        v.activations[1](v.clipped(v.from_input(2, row, x) + recurrent + v.w_bias[bias]));
    h[i] = (1 - update) * candidate + update * before[i];
  }
}

void infer_gates(const Node& node, std::span<ValueType> outputs, int64_t gates) {
  const DType dtype = node.input(0)->dtype();
  check_dtype(node.input(1)->type(), dtype, "W");
  check_dtype(node.input(2)->type(), dtype, "R");
  infer_recurrent(node, outputs, gates);
}
void infer_rnn(const Node& node, std::span<ValueType> outputs) { infer_gates(node, outputs, 1); }
void infer_gru(const Node& node, std::span<ValueType> outputs) { infer_gates(node, outputs, 3); }
void infer_lstm(const Node& node, std::span<ValueType> outputs) { infer_gates(node, outputs, 4); }

void reference_rnn(const ReferenceArgs& args) {
  run_recurrent(args, 1, default_recurrent_activations("RNN"), rnn_cell);
}
void reference_gru(const ReferenceArgs& args) {
  run_recurrent(args, 3, default_recurrent_activations("GRU"), gru_cell);
}
void reference_lstm(const ReferenceArgs& args) {
  run_recurrent(args, 4, default_recurrent_activations("LSTM"), lstm_cell);
}

OpDef recurrent(std::string_view name, std::string_view doc, InferFn infer, ReferenceFn reference,
                std::vector<Example> examples) {
  return {
      .name = name,
      .doc = doc,
      .inputs = recurrent_inputs(),
      .outputs = {{.name = "Y", .optional = true}, {.name = "Y_h", .optional = true}},
      .attrs = recurrent_attrs(),
      .infer = infer,
      .reference = reference,
      .grad = not_differentiable("recurrent layers are for inference: no operator computes their gradients"),
      .amp = Amp::kAllow,
      .quant = quant_float("errors add up over the steps"),
      .sparsity = no_sparsity(),
      .examples = std::move(examples),
  };
}

OpDef with_reset(OpDef op) {
  op.attrs.emplace_back("linear_before_reset");
  return op;
}

ExampleInput lengths(std::vector<float> values) {
  return {.dtype = DType::kI32, .shape = {static_cast<int64_t>(values.size())}, .values = std::move(values)};
}

const std::string kBoth = "bidirectional";

}  // namespace

void lstm_cell(const RecurrentWeights& v, const Attrs& attrs, std::span<const double> x, std::span<double> h,
               std::span<double> c) {
  const bool coupled = attrs.i("input_forget", 0) != 0;
  const std::vector<double> before(h.begin(), h.end());
  for (size_t i = 0; i < h.size(); ++i) {
    const auto row = static_cast<int64_t>(i);
    const auto gate = [&](int64_t which, size_t peephole) {
      const double peep = v.peephole.empty() ? 0 : v.peephole[peephole * h.size() + i] * c[i];
      return v.activations[0](v.clipped(v.gate(which, row, x, before) + peep));
    };
    const double in = gate(0, 0);
    const double forget = coupled ? 1 - in : gate(2, 2);
    const double candidate = v.activations[1](v.clipped(v.gate(3, row, x, before)));
    c[i] = forget * c[i] + in * candidate;
    const double out = gate(1, 1);
    h[i] = out * v.activations[2](v.clipped(c[i]));
  }
}

extern const OpDef kRNN;
const OpDef kRNN = recurrent(
    "RNN", "h = f(x W^T + h R^T + Wb + Rb) at every step, forwards, backwards or both.", infer_rnn,
    reference_rnn,
    {{.inputs = {{.shape = {3, 2, 4}}, {.shape = {1, 5, 4}}, {.shape = {1, 5, 5}}}, .num_outputs = 2},
     {.inputs = {{.shape = {2, 3, 4}},
                 {.shape = {2, 5, 4}},
                 {.shape = {2, 5, 5}},
                 {.shape = {2, 10}},
                 lengths({3, 1}),
                 {.shape = {2, 2, 5}}},
      .attrs = {{"direction", kBoth},
                {"layout", int64_t{1}},
                {"clip", 0.5F},
                {"activations", std::vector<std::string>{"LeakyRelu", "Affine"}},
                {"activation_alpha", std::vector<float>{0.1F, 0.5F}},
                {"activation_beta", std::vector<float>{0.25F}}},
      .num_outputs = 2}});

extern const OpDef kGRU;
const OpDef kGRU = with_reset(recurrent(
    "GRU",
    "h = (1 - z) * g(x Wh^T + (r * h) Rh^T + b) + z * h with z, r = f(x W^T + h R^T + b), gates z, r, h.",
    infer_gru, reference_gru,
    {{.inputs = {{.shape = {3, 2, 4}}, {.shape = {1, 15, 4}}, {.shape = {1, 15, 5}}, {.shape = {1, 30}}},
      .attrs = {{"hidden_size", int64_t{5}}},
      .num_outputs = 2},
     {.inputs = {{.shape = {3, 2, 2}},
                 {.shape = {2, 9, 2}},
                 {.shape = {2, 9, 3}},
                 {.shape = {2, 18}},
                 lengths({0, 2}),
                 {.shape = {2, 2, 3}}},
      .attrs = {{"direction", kBoth}, {"linear_before_reset", int64_t{1}}},
      .num_outputs = 2}}));

extern const OpDef kLSTM;
const OpDef kLSTM = with_cell_state(recurrent(
    "LSTM",
    "c = f * c + i * g(x Wc^T + h Rc^T + b), h = o * h'(c) with i, o, f = f'(x W^T + h R^T + p * c + b).",
    infer_lstm, reference_lstm,
    {{.inputs = {{.shape = {3, 2, 4}}, {.shape = {1, 12, 4}}, {.shape = {1, 12, 3}}, {.shape = {1, 24}}},
      .attrs = {{"direction", std::string("reverse")}},
      .num_outputs = 3},
     {.inputs = {{.shape = {3, 2, 4}},
                 {.shape = {2, 20, 4}, .constant = true},
                 {.shape = {2, 20, 5}, .constant = true},
                 {.shape = {2, 40}, .constant = true},
                 {.absent = true},
                 {.shape = {2, 2, 5}},
                 {.shape = {2, 2, 5}}},
      .attrs = {{"direction", kBoth}},
      .num_outputs = 3},
     {.inputs = {{.shape = {3, 2, 2}},
                 {.shape = {2, 12, 2}},
                 {.shape = {2, 12, 3}},
                 {.absent = true},
                 lengths({3, 2}),
                 {.shape = {2, 2, 3}},
                 {.shape = {2, 2, 3}},
                 {.shape = {2, 9}}},
      .attrs = {{"direction", kBoth}, {"input_forget", int64_t{1}}},
      .num_outputs = 3}}));

}  // namespace twofour::ops
