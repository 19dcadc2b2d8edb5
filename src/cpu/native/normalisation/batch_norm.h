// Loops of batch normalisation over memory seen as [outer, C, inner]: NCHW is [N, C, H*W], NHWC is [N*H*W, C,
// 1]. Statistics are joined from pieces of fixed size in a fixed order, so results do not depend on the
// number of threads.
#pragma once

#include <cstddef>
#include <cstdint>

#include "backend/tactic.h"

namespace twofour::cpu {

struct ChannelView {
  int64_t outer, channels, inner;

  ChannelView(const backend::TensorDesc& desc);  // NOLINT(google-explicit-constructor): a view of it
  int64_t count() const { return outer * inner; }
};

/// One affine function per channel, (v - centre[c]) * factor[c] + shift[c].
struct ChannelScale {
  const float* centre;
  const float* factor;
  const float* shift;
};
/// dst = scale(src), then max(., 0) when `relu`. src may be dst.
void scale_channels(const ChannelView& view, const float* src, const ChannelScale& scale, bool relu,
                    float* dst);

/// dst = grad * on_grad[c] + src * on_src[c] + shift[c], with grad counted only where `gate` > 0 (null:
/// everywhere).
struct ChannelMix {
  const float* on_grad;
  const float* on_src;
  const float* shift;
};
void mix_channels(const ChannelView& view, const float* grad, const float* src, const float* gate,
                  const ChannelMix& mix, float* dst);

/// Mean and population variance of every channel.
class ChannelMoments {
 public:
  explicit ChannelMoments(const ChannelView& view);
  size_t scratch_bytes() const;
  void run(const float* src, double* mean, double* variance, std::byte* scratch) const;

 private:
  ChannelView view_;
  int64_t pieces_;
};

/// Sums of grad and of grad * (src - mean[c]) for every channel, grad counted only where `gate` > 0.
class ChannelProducts {
 public:
  explicit ChannelProducts(const ChannelView& view);
  size_t scratch_bytes() const;
  void run(const float* grad, const float* src, const float* gate, const float* mean, double* sum,
           double* product, std::byte* scratch) const;

 private:
  ChannelView view_;
  int64_t pieces_;
};

}  // namespace twofour::cpu
