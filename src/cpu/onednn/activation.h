// The activation of fused nodes (ops/activation.h) as oneDNN post-ops.
#pragma once

#include "cpu/onednn/primitive.h"
#include "ops/elementwise/activation.h"

namespace twofour::cpu::onednn {

inline void append_activation(const Attrs& attrs, dnnl::post_ops& post_ops) {
  using Kind = ops::Activation::Kind;
  using dnnl::algorithm;
  const ops::Activation activation = ops::activation_from(attrs);
  const auto append = [&](algorithm name, float alpha = 0, float beta = 0) {
    post_ops.append_eltwise(1.0F, name, alpha, beta);
  };
  switch (activation.kind) {
    case Kind::kNone: return;
    case Kind::kRelu: return append(algorithm::eltwise_relu);
    case Kind::kClip: return append(algorithm::eltwise_clip, activation.low, activation.high);
    case Kind::kLeakyRelu: return append(algorithm::eltwise_relu, activation.low);
    case Kind::kSigmoid: return append(algorithm::eltwise_logistic);
    case Kind::kTanh: return append(algorithm::eltwise_tanh);
    case Kind::kSwish: return append(algorithm::eltwise_swish, activation.low);
    case Kind::kHardSigmoid:
      append(algorithm::eltwise_linear, activation.low, activation.high);
      return append(algorithm::eltwise_clip, 0, 1);
    case Kind::kHardSwish: return append(algorithm::eltwise_hardswish);
    case Kind::kGelu: return append(algorithm::eltwise_gelu_erf);
  }
}

}  // namespace twofour::cpu::onednn
