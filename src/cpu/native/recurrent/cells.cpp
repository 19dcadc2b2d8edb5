#include "cpu/native/recurrent/cells.h"

#include <algorithm>
#include <cmath>

#include "cpu/native/elementwise/activation.h"
#include "cpu/native/vector_math.h"

namespace twofour::cpu {
namespace {

/// values[i] = op(values[i], i).
template <typename Op>
void map(float* values, int64_t n, Op op) {
  run_simd([=]() TWOFOUR_INLINE {
#pragma omp simd
    for (int64_t i = 0; i < n; ++i) values[i] = op(values[i], i);
  });
}

void bound(float* values, int64_t n, float clip) {
  if (!std::isinf(clip)) apply_activation({ops::Activation::Kind::kClip, -clip, clip}, values, values, n);
}

void apply(const ops::RecurrentActivation& activation, float* values, int64_t n) {
  using Kind = ops::RecurrentActivation::Kind;
  using Common = ops::Activation::Kind;
  const auto alpha = static_cast<float>(activation.alpha());
  const auto beta = static_cast<float>(activation.beta());
  switch (activation.kind()) {
    case Kind::kSigmoid: return apply_activation({Common::kSigmoid}, values, values, n);
    case Kind::kTanh: return apply_activation({Common::kTanh}, values, values, n);
    case Kind::kRelu: return apply_activation({Common::kRelu}, values, values, n);
    case Kind::kHardSigmoid: return apply_activation({Common::kHardSigmoid, alpha, beta}, values, values, n);
    case Kind::kLeakyRelu: return apply_activation({Common::kLeakyRelu, alpha}, values, values, n);
    case Kind::kAffine:
      return map(values, n, [=](float v, int64_t) TWOFOUR_INLINE { return alpha * v + beta; });
    case Kind::kScaledTanh:
      return map(values, n, [=](float v, int64_t) TWOFOUR_INLINE { return alpha * vector_tanh(beta * v); });
    default:
      for (int64_t i = 0; i < n; ++i) values[i] = static_cast<float>(activation(double{values[i]}));
  }
}

/// gate += peephole * c.
void look(float* gate, const float* peephole, const float* c, int64_t n) {
  if (peephole) map(gate, n, [=](float v, int64_t i) TWOFOUR_INLINE { return v + peephole[i] * c[i]; });
}

}  // namespace

void CellGates::activate(float* values, size_t activation) const {
  bound(values, hidden, clip);
  apply(activations[activation], values, hidden);
}

void rnn_cell(const CellGates& gates, float* h) {
  gates.activate(gates.gate(0), 0);
  std::copy_n(gates.gate(0), gates.hidden, h);
}

void gru_keep(const CellGates& gates, const float* h, float* kept) {
  map(kept, gates.hidden,
      [=, reset = gates.gate(1)](float, int64_t i) TWOFOUR_INLINE { return reset[i] * h[i]; });
}

void gru_add_recurrent(const CellGates& gates, const float* recurrent) {
  map(gates.gate(2), gates.hidden,
      [=, reset = gates.gate(1)](float v, int64_t i) TWOFOUR_INLINE { return v + reset[i] * recurrent[i]; });
}

void gru_update(const CellGates& gates, float* h) {
  gates.activate(gates.gate(2), 1);
  map(h, gates.hidden,
      [update = gates.gate(0), candidate = gates.gate(2)](float v, int64_t i)
          TWOFOUR_INLINE { return (1 - update[i]) * candidate[i] + update[i] * v; });
}

void lstm_cell(const CellGates& gates, const float* peephole, bool coupled, float* h, float* c) {
  const int64_t n = gates.hidden;
  float* const in = gates.gate(0);
  float* const out = gates.gate(1);
  float* const forget = gates.gate(2);
  float* const candidate = gates.gate(3);
  look(in, peephole, c, n);
  gates.activate(in, 0);
  if (coupled) {
    map(forget, n, [=](float, int64_t i) TWOFOUR_INLINE { return 1 - in[i]; });
  } else {
    look(forget, peephole ? peephole + 2 * n : nullptr, c, n);
    gates.activate(forget, 0);
  }
  gates.activate(candidate, 1);
  map(c, n, [=](float v, int64_t i) TWOFOUR_INLINE { return forget[i] * v + in[i] * candidate[i]; });
  look(out, peephole ? peephole + n : nullptr, c, n);
  gates.activate(out, 0);
  std::copy_n(c, n, h);
  gates.activate(h, 2);
  map(h, n, [=](float v, int64_t i) TWOFOUR_INLINE { return out[i] * v; });
}

}  // namespace twofour::cpu
