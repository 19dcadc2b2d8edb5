#include "cpu/sparse24/conv2d.h"

#include <algorithm>
#include <limits>

#include "base/error.h"
#include "cpu/sparse24/tile_runner.h"

namespace twofour::cpu {
namespace {

constexpr size_t kAlignment = 64;

void check(const backend::Sparse24Matrix& weights, const ConvShape& shape) {
  TWOFOUR_CHECK(shape.batch >= 0 && shape.c > 0 && shape.k > 0 && shape.r > 0 && shape.s > 0 && shape.h > 0 &&
                    shape.w > 0 && shape.stride_h > 0 && shape.stride_w > 0 && shape.dilation_h > 0 &&
                    shape.dilation_w > 0 && shape.pad_top >= 0 && shape.pad_left >= 0 && shape.pad_bottom >= 0 &&
                    shape.pad_right >= 0,
                kInvalidArgument, "[sparse24_conv2d] a size, stride or dilation is not positive or a pad is negative");
  TWOFOUR_CHECK(shape.h + shape.pad_top + shape.pad_bottom > shape.dilation_h * (shape.r - 1) &&
                    shape.w + shape.pad_left + shape.pad_right > shape.dilation_w * (shape.s - 1),
                kInvalidArgument, "[sparse24_conv2d] the {}x{} kernel is larger than the padded {}x{} image", shape.r,
                shape.s, shape.h, shape.w);
  TWOFOUR_CHECK(weights.m == shape.k && weights.k == shape.gemm_k(), kInvalidArgument,
                "[sparse24_conv2d] weights are {}x{}, a {}x{} kernel from {} to {} channels needs {}x{}", weights.m,
                weights.k, shape.r, shape.s, shape.c, shape.k, shape.k, shape.gemm_k());
  TWOFOUR_CHECK(shape.c % 4 == 0, kInvalidArgument,
                "[sparse24_conv2d] {} input channels; 2:4 needs a multiple of four", shape.c);
}

/// Pointwise convolutions see an image as one row of pixels, in NHWC all images.
ConvShape flattened(const ConvShape& shape) {
  if (!shape.pointwise()) return shape;
  ConvShape flat = shape;
  flat.w = shape.h * shape.w;
  flat.h = 1;
  if (shape.layout == ImageLayout::kNhwc) {
    flat.w *= shape.batch;
    flat.batch = 1;
  }
  return flat;
}

/// NHWC results are transposed after the generated code; a residual, and what follows it, waits until then.
LateEpilogue late_epilogue(const Epilogue& epilogue, ImageLayout layout) {
  if (layout == ImageLayout::kNchw || !epilogue.residual || epilogue.activation == Activation::kNone) return {};
  const bool clip = epilogue.activation == Activation::kClip;
  return {.clamp = true,
          .lo = clip ? epilogue.lo : 0.0F,
          .hi = clip ? epilogue.hi : std::numeric_limits<float>::infinity()};
}

Epilogue early_epilogue(const Epilogue& epilogue, ImageLayout layout) {
  if (layout == ImageLayout::kNchw || !epilogue.residual) return epilogue;
  return {.bias = epilogue.bias};
}

size_t thread_scratch_bytes(const BlockPlan& plan, const WorkPlan& work) {
  const auto bytes = static_cast<size_t>(tile_scratch(plan, work.tile_panels()).bytes());
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

int64_t panel_count(const ConvShape& shape) { return (shape.pixels() + kPanelWidth - 1) / kPanelWidth; }

WorkPlan plan_conv(const ConvShape& shape, const Sparse24Gemm& gemm, int threads) {
  return plan_work(panel_count(shape), static_cast<int64_t>(gemm.plan().m_blocks.size()), gemm.options().tile_panels, threads);
}

/// Of a tile when all threads take part; at least 1.
int64_t expected_panels(const ConvShape& shape, const Sparse24Options& options) {
  const auto m_blocks = static_cast<int64_t>(split_evenly(shape.k, kMaxBlockRows, 1).size());
  const WorkPlan work = plan_work(panel_count(shape), m_blocks, options.tile_panels, max_threads());
  return std::max<int64_t>(work.tile_panels(), 1);
}

}  // namespace

std::vector<float> conv_weights_rsc(std::span<const float> kcrs, int64_t k, int64_t c, int64_t r, int64_t s) {
  TWOFOUR_CHECK(kcrs.size() == static_cast<size_t>(k * c * r * s), kInvalidArgument,
                "[sparse24_conv2d] {}x{}x{}x{} weights need {} values, got {}", k, c, r, s, k * c * r * s,
                kcrs.size());
  std::vector<float> result;
  result.reserve(kcrs.size());
  for (int64_t out = 0; out < k; ++out)
    for (int64_t tap = 0; tap < r * s; ++tap)
      for (int64_t in = 0; in < c; ++in) result.push_back(kcrs[static_cast<size_t>((out * c + in) * r * s + tap)]);
  return result;
}

Sparse24Created<Sparse24Conv2d> Sparse24Conv2d::create(const backend::Sparse24Matrix& weights, const ConvShape& shape,
                                                       const Epilogue& epilogue, const Sparse24Options& options) {
  check(weights, shape);
  Sparse24Options paced = options;
  if (options.expected_panels == 0 && options.tile_panels > 0)
    paced.expected_panels = expected_panels(shape, options);
  auto gemm = Sparse24Gemm::create(weights, early_epilogue(epilogue, shape.layout), paced);
  if (!gemm.kernel) return {nullptr, std::move(gemm.support)};
  std::unique_ptr<Sparse24Conv2d> conv(new Sparse24Conv2d);
  conv->shape_ = flattened(shape);
  conv->residual_ = epilogue.residual;
  conv->late_ = late_epilogue(epilogue, shape.layout);
  conv->gemm_ = std::move(gemm.kernel);
  return {std::move(conv), {}};
}

size_t Sparse24Conv2d::scratch_bytes(int threads) const {
  const int count = std::max(threads, 1);
  return thread_scratch_bytes(gemm_->plan(), plan_conv(shape_, *gemm_, count)) * static_cast<size_t>(count) +
         kAlignment;
}

void Sparse24Conv2d::run(const float* src, const float* residual, float* dst, std::byte* scratch, int threads) const {
  TWOFOUR_CHECK((residual != nullptr) == residual_, kInvalidArgument,
                "[sparse24_conv2d] a residual is {} but the epilogue was created {} one", residual ? "given" : "missing",
                residual_ ? "with" : "without");
  const int count = std::max(threads, 1);
  const WorkPlan work = plan_conv(shape_, *gemm_, count);
  const size_t stride = thread_scratch_bytes(gemm_->plan(), work);
  ConvCall call{shape_, *gemm_, src, residual, late_, dst};
  call.late.residual = shape_.layout == ImageLayout::kNhwc ? residual : nullptr;
  std::byte* aligned = scratch + (kAlignment - reinterpret_cast<uintptr_t>(scratch) % kAlignment) % kAlignment;
  parallel_items(work, count, [&](int64_t thread, int64_t item) {
    TileRunner(call, aligned + static_cast<size_t>(thread) * stride, work.tile_panels())
        .run(work.tile(item), work.rows(item));
  });
}

}  // namespace twofour::cpu
