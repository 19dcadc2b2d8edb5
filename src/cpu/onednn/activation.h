// The activation of fused nodes (attributes activation, clip_low, clip_high) as oneDNN post-ops.
#pragma once

#include "cpu/onednn/primitive.h"

namespace twofour::cpu::onednn {

inline Support activation_ok(const Attrs& attrs) {
  const std::string name = attrs.s("activation", "none");
  return name == "none" || name == "relu" || name == "clip" ? supported()
                                                            : declined(Reason::kAttribute, name);
}

inline void append_activation(const Attrs& attrs, dnnl::post_ops& post_ops) {
  const std::string name = attrs.s("activation", "none");
  if (name == "relu") post_ops.append_eltwise(1.0F, dnnl::algorithm::eltwise_relu, 0.0F, 0.0F);
  if (name == "clip")
    post_ops.append_eltwise(1.0F, dnnl::algorithm::eltwise_clip, attrs.f("clip_low", 0),
                            attrs.f("clip_high", 0));
}

}  // namespace twofour::cpu::onednn
