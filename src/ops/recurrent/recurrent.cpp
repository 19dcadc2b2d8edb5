#include "ops/recurrent/recurrent.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "ops/domain.h"
#include "ops/infer.h"

namespace twofour::ops {
namespace {

constexpr size_t kX = 0, kW = 1, kR = 2, kB = 3, kLengths = 4, kH = 5, kC = 6, kP = 7;

using Kind = RecurrentActivation::Kind;

struct ActivationInfo {
  std::string_view name;
  Kind kind;
  bool has_alpha, has_beta;
  double alpha, beta;  // the defaults
};
constexpr ActivationInfo kActivations[] = {
    {"affine", Kind::kAffine, true, true, 1, 0},
    {"elu", Kind::kElu, true, false, 1, 0},
    {"hardsigmoid", Kind::kHardSigmoid, true, true, 0.2, 0.5},
    {"leakyrelu", Kind::kLeakyRelu, true, false, 0.01, 0},
    {"relu", Kind::kRelu, false, false, 0, 0},
    {"scaledtanh", Kind::kScaledTanh, true, true, 1, 1},
    {"sigmoid", Kind::kSigmoid, false, false, 0, 0},
    {"softplus", Kind::kSoftplus, false, false, 0, 0},
    {"softsign", Kind::kSoftsign, false, false, 0, 0},
    {"tanh", Kind::kTanh, false, false, 0, 0},
    {"thresholdedrelu", Kind::kThresholdedRelu, true, false, 1, 0},
};

const ActivationInfo& activation_info(const std::string& name) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  const auto* info = std::ranges::find_if(kActivations, [&](const ActivationInfo& candidate) {
    return std::ranges::equal(name, candidate.name, {}, lower);
  });
  TWOFOUR_CHECK(info != std::end(kActivations), kInvalidArgument, "activation \"{}\" is not known", name);
  return *info;
}

int64_t directions_of(const Attrs& attrs) {
  const std::string direction = attrs.s("direction", "forward");
  TWOFOUR_CHECK(direction == "forward" || direction == "reverse" || direction == "bidirectional",
                kInvalidArgument, "direction \"{}\" is not known; forward, reverse and bidirectional are",
                direction);
  return direction == "bidirectional" ? 2 : 1;
}

bool batch_first(const Attrs& attrs) {
  const int64_t layout = attrs.i("layout", 0);
  TWOFOUR_CHECK(layout == 0 || layout == 1, kInvalidArgument, "layout is {}; it must be 0 or 1", layout);
  return layout == 1;
}

Dim times(int64_t factor, const Dim& dim) {
  const Dim factors[] = {factor, dim};
  return product(factors);
}

double clip_of(const Attrs& attrs) {
  if (!attrs.has("clip")) return std::numeric_limits<double>::infinity();
  const double clip = attrs.f("clip", 0);
  TWOFOUR_CHECK(clip >= 0, kInvalidArgument, "clip is {}; it must not be negative", clip);
  return clip;
}

/// Optional input `i` as f64; zeros of this shape when it is absent.
Tensor wide_or_zeros(const ReferenceArgs& args, size_t i, Shape shape) {
  const Tensor given = input_or_none(args, i);
  return given.defined() ? given.to(DType::kF64) : Tensor(DType::kF64, std::move(shape));
}

std::span<const double> part(const Tensor& tensor, int64_t index, int64_t size) {
  return tensor.span<double>().subspan(static_cast<size_t>(index * size), static_cast<size_t>(size));
}

double dot(std::span<const double> matrix, int64_t row, std::span<const double> v) {
  const double* m = matrix.data() + row * static_cast<int64_t>(v.size());
  return std::inner_product(v.begin(), v.end(), m, 0.0);
}

/// All of one call: the sizes, the tensors in f64, and where everything lies.
class Run {
 public:
  Run(const ReferenceArgs& args, int64_t gates, const std::vector<std::string>& defaults)
      : args_(args),
        first_(batch_first(args.attrs)),
        dirs_(directions_of(args.attrs)),
        seq_(args.inputs[kX].shape()[first_ ? 1 : 0]),
        batch_(args.inputs[kX].shape()[first_ ? 0 : 1]),
        input_(args.inputs[kX].shape()[2]),
        hidden_(args.inputs[kR].shape()[2]),
        gates_(gates),
        activations_(recurrent_activations(args.attrs, defaults)),
        x_(args.inputs[kX].to(DType::kF64)),
        w_(args.inputs[kW].to(DType::kF64)),
        r_(args.inputs[kR].to(DType::kF64)),
        b_(wide_or_zeros(args, kB, {dirs_, 2 * gates * hidden_})),
        p_(input_or_none(args, kP).defined() ? args.inputs[kP].to(DType::kF64) : Tensor()),
        h_(wide_or_zeros(args, kH, {dirs_ * batch_ * hidden_}).clone()),
        c_(wide_or_zeros(args, kC, {dirs_ * batch_ * hidden_}).clone()),
        y_(DType::kF64, {seq_ * dirs_ * batch_ * hidden_}),
        lengths_(lengths()) {}

  void run(RecurrentCell cell) {
    for (int64_t dir = 0; dir < dirs_; ++dir)
      for (int64_t item = 0; item < batch_; ++item) run_sequence(cell, dir, item);
    const Tensor* const results[] = {&y_, &h_, &c_};
    for (size_t i = 0; i < args_.outputs.size(); ++i) store(*results[i], args_.outputs[i]);
  }

 private:
  std::vector<int64_t> lengths() const {
    const Tensor given = input_or_none(args_, kLengths);
    if (!given.defined()) return std::vector<int64_t>(static_cast<size_t>(batch_), seq_);
    std::vector<int64_t> lengths = to_ints(given);
    for (const int64_t length : lengths)
      TWOFOUR_CHECK(length >= 0 && length <= seq_, kInvalidArgument,
                    "a sequence length is {}; it must be in [0, {}]", length, seq_);
    return lengths;
  }

  RecurrentWeights weights(int64_t dir) const {
    const int64_t rows = gates_ * hidden_;
    const auto per_dir = activations_.size() / static_cast<size_t>(dirs_);
    const std::span<const double> bias = part(b_, dir, 2 * rows);
    return {.input = input_,
            .hidden = hidden_,
            .w = part(w_, dir, rows * input_),
            .r = part(r_, dir, rows * hidden_),
            .w_bias = bias.first(static_cast<size_t>(rows)),
            .r_bias = bias.last(static_cast<size_t>(rows)),
            .peephole = p_.defined() ? part(p_, dir, 3 * hidden_) : std::span<const double>(),
            .activations = std::span(activations_).subspan(static_cast<size_t>(dir) * per_dir, per_dir),
            .clip = clip_of(args_.attrs)};
  }

  std::span<double> state(const Tensor& states, int64_t dir, int64_t item) const {
    const int64_t at = first_ ? item * dirs_ + dir : dir * batch_ + item;
    return states.span<double>().subspan(static_cast<size_t>(at * hidden_), static_cast<size_t>(hidden_));
  }

  void run_sequence(RecurrentCell cell, int64_t dir, int64_t item) {
    const RecurrentWeights weight = weights(dir);
    const bool reverse = dir == 1 || args_.attrs.s("direction", "forward") == "reverse";
    const std::span<double> h = state(h_, dir, item);
    const std::span<double> c = state(c_, dir, item);
    const int64_t length = lengths_[static_cast<size_t>(item)];
    for (int64_t step = 0; step < length; ++step) {
      const int64_t t = reverse ? length - 1 - step : step;
      cell(weight, args_.attrs, part(x_, first_ ? item * seq_ + t : t * batch_ + item, input_), h, c);
      const int64_t at = first_ ? (item * seq_ + t) * dirs_ + dir : (t * dirs_ + dir) * batch_ + item;
      std::ranges::copy(h, y_.span<double>().begin() + at * hidden_);
    }
  }

  const ReferenceArgs& args_;
  bool first_;
  int64_t dirs_, seq_, batch_, input_, hidden_, gates_;
  std::vector<RecurrentActivation> activations_;
  Tensor x_, w_, r_, b_, p_, h_, c_, y_;
  std::vector<int64_t> lengths_;
};

}  // namespace

double RecurrentActivation::operator()(double v) const {
  switch (kind_) {
    case Kind::kAffine: return alpha_ * v + beta_;
    case Kind::kElu: return v < 0 ? alpha_ * std::expm1(v) : v;
    case Kind::kHardSigmoid: return std::clamp(alpha_ * v + beta_, 0.0, 1.0);
    case Kind::kLeakyRelu: return v < 0 ? alpha_ * v : v;
    case Kind::kRelu: return v < 0 ? 0 : v;
    case Kind::kScaledTanh: return alpha_ * std::tanh(beta_ * v);
    case Kind::kSigmoid: return 1 / (1 + std::exp(-v));
    case Kind::kSoftplus: return v > 0 ? v + std::log1p(std::exp(-v)) : std::log1p(std::exp(v));
    case Kind::kSoftsign: return v / (1 + std::fabs(v));
    case Kind::kTanh: return std::tanh(v);
    case Kind::kThresholdedRelu: return v > alpha_ || v != v ? v : 0;
  }
  return v;
}

const std::vector<std::string>& default_recurrent_activations(std::string_view op) {
  static const std::vector<std::string> rnn = {"Tanh"}, gru = {"Sigmoid", "Tanh"},
                                        lstm = {"Sigmoid", "Tanh", "Tanh"};
  return op == "RNN" ? rnn : op == "GRU" ? gru : lstm;
}

std::vector<RecurrentActivation> recurrent_activations(const Attrs& attrs,
                                                       const std::vector<std::string>& defaults) {
  const auto count = defaults.size() * static_cast<size_t>(directions_of(attrs));
  std::vector<std::string> names = attrs.strings("activations");
  if (names.empty())
    while (names.size() < count) names.insert(names.end(), defaults.begin(), defaults.end());
  TWOFOUR_CHECK(names.size() == count, kInvalidArgument, "{} activations are given; {} are expected",
                names.size(), count);
  const std::vector<float> alphas = attrs.floats("activation_alpha");
  const std::vector<float> betas = attrs.floats("activation_beta");
  auto alpha = alphas.begin();
  auto beta = betas.begin();
  std::vector<RecurrentActivation> activations;
  for (const std::string& name : names) {
    const ActivationInfo& info = activation_info(name);
    activations.emplace_back(info.kind, info.has_alpha && alpha != alphas.end() ? *alpha++ : info.alpha,
                             info.has_beta && beta != betas.end() ? *beta++ : info.beta);
  }
  return activations;
}

void infer_recurrent(const Node& node, std::span<ValueType> outputs, int64_t gates) {
  const ValueType& x = node.input(kX)->type();
  check_real(x, "X");
  for (const size_t i : {kB, kH, kC, kP})
    if (node.input(i)) check_dtype(node.input(i)->type(), x.dtype, get_op(node.op()).inputs[i].name);
  recurrent_activations(node.attrs(), default_recurrent_activations(node.op()));
  clip_of(node.attrs());
  const bool first = batch_first(node.attrs());
  const Dim dirs = directions_of(node.attrs());
  const ValueType& r = node.input(kR)->type();
  TWOFOUR_CHECK(x.dims.size() == 3 && r.dims.size() == 3, kInvalidArgument,
                "X {} and R {} must have three dimensions", x.to_string(), r.to_string());
  const Dim named = node.attrs().has("hidden_size") ? Dim(node.attrs().i("hidden_size", 0)) : Dim();
  TWOFOUR_CHECK(dims_fit(named, r.dims[2]), kInvalidArgument, "hidden_size is {}, but R is {}",
                named.to_string(), r.to_string());
  const Dim hidden = merge(r.dims[2], named);
  const Dim& batch = x.dims[first ? 0 : 1];
  const Dim& seq = x.dims[first ? 1 : 0];
  check_dims(node.input(kW)->type(), {dirs, times(gates, hidden), x.dims[2]}, "W");
  check_dims(r, {dirs, times(gates, hidden), hidden}, "R");
  if (node.input(kB)) check_dims(node.input(kB)->type(), {dirs, times(2 * gates, hidden)}, "B");
  if (node.input(kLengths)) {
    check_index(node.input(kLengths)->type(), "sequence_lens");
    check_dims(node.input(kLengths)->type(), {batch}, "sequence_lens");
  }
  const Dims state = first ? Dims{batch, dirs, hidden} : Dims{dirs, batch, hidden};
  for (const size_t i : {kH, kC})
    if (node.input(i)) check_dims(node.input(i)->type(), state, get_op(node.op()).inputs[i].name);
  if (node.input(kP)) check_dims(node.input(kP)->type(), {dirs, times(3, hidden)}, "P");
  for (size_t i = 0; i < outputs.size(); ++i) outputs[i] = {x.dtype, state};
  outputs[0].dims = first ? Dims{batch, seq, dirs, hidden} : Dims{seq, dirs, batch, hidden};
}

double RecurrentWeights::from_input(int64_t gate, int64_t i, std::span<const double> x) const {
  return dot(w, gate * hidden + i, x);
}

double RecurrentWeights::from_hidden(int64_t gate, int64_t i, std::span<const double> h) const {
  return dot(r, gate * hidden + i, h);
}

double RecurrentWeights::gate(int64_t gate, int64_t i, std::span<const double> x,
                              std::span<const double> h) const {
  const auto row = static_cast<size_t>(gate * hidden + i);
  return from_input(gate, i, x) + from_hidden(gate, i, h) + w_bias[row] + r_bias[row];
}

void run_recurrent(const ReferenceArgs& args, int64_t gates,
                   const std::vector<std::string>& default_activations, RecurrentCell cell) {
  Run(args, gates, default_activations).run(cell);
}

namespace {

Domain sequence_lengths(const Node& node, size_t) {
  return count_up_to(node.input(0)->dims()[node.attrs().i("layout", 0) == 0 ? 0 : 1]);
}

}  // namespace

std::vector<Port> recurrent_inputs() {
  return {{"X"},
          {.name = "W", .weight = true, .row_major = true},
          {.name = "R", .weight = true, .row_major = true},
          {.name = "B", .optional = true, .weight = true},
          {.name = "sequence_lens", .optional = true, .state = true, .domain = sequence_lengths},
          {.name = "initial_h", .optional = true, .state = true}};
}

std::vector<std::string_view> recurrent_attrs() {
  return {"activation_alpha", "activation_beta", "activations", "clip", "direction", "hidden_size", "layout"};
}

OpDef with_cell_state(OpDef op) {
  op.inputs.push_back({.name = "initial_c", .optional = true, .state = true});
  op.inputs.push_back({.name = "P", .optional = true, .weight = true});
  op.outputs.push_back({.name = "Y_c", .optional = true});
  op.attrs.emplace_back("input_forget");
  return op;
}

}  // namespace twofour::ops
