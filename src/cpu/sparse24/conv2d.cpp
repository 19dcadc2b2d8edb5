#include "cpu/sparse24/conv2d.h"

#include <algorithm>
#include <limits>

#include "base/align.h"
#include "base/error.h"
#include "cpu/sparse24/tile_runner.h"

namespace twofour::cpu {
namespace {

constexpr size_t kAlignment = 64;
constexpr int64_t kDirectAhead = 128;  // two panels; 192 and 256 gain a little less

void check(const backend::Sparse24View& weights, const ConvShape& shape, const Epilogue& epilogue,
           ProductKind kind) {
  TWOFOUR_CHECK(shape.batch >= 0 && shape.c > 0 && shape.k > 0 && shape.r > 0 && shape.s > 0 && shape.h > 0 &&
                    shape.w > 0 && shape.stride_h > 0 && shape.stride_w > 0 && shape.dilation_h > 0 &&
                    shape.dilation_w > 0 && shape.pad_top >= 0 && shape.pad_left >= 0 &&
                    shape.pad_bottom >= 0 && shape.pad_right >= 0,
                kInvalidArgument,
                "[sparse24_conv2d] a size, stride or dilation is not positive or a pad is negative");
  TWOFOUR_CHECK(shape.h + shape.pad_top + shape.pad_bottom > shape.dilation_h * (shape.r - 1) &&
                    shape.w + shape.pad_left + shape.pad_right > shape.dilation_w * (shape.s - 1),
                kInvalidArgument, "[sparse24_conv2d] the {}x{} kernel is larger than the padded {}x{} image",
                shape.r, shape.s, shape.h, shape.w);
  TWOFOUR_CHECK(shape.groups > 0 && shape.c % shape.groups == 0 && shape.k % shape.groups == 0,
                kInvalidArgument, "[sparse24_conv2d] {} groups do not divide {} input and {} output channels",
                shape.groups, shape.c, shape.k);
  const int64_t per_float = lane_values(kind);
  TWOFOUR_CHECK(weights.m == shape.k && weights.k == shape.gemm_k() * per_float, kInvalidArgument,
                "[sparse24_conv2d] weights are {}x{}, a {}x{} kernel from {} to {} channels needs {}x{}",
                weights.m, weights.k, shape.r, shape.s, shape.group_c() * per_float, shape.k, shape.k,
                shape.gemm_k() * per_float);
  TWOFOUR_CHECK(shape.group_c() * per_float % 4 == 0, kInvalidArgument,
                "[sparse24_conv2d] {} input channels of a group; 2:4 needs a multiple of four",
                shape.group_c() * per_float);
  TWOFOUR_CHECK(shape.group_k() % epilogue.rows_together() == 0, kInvalidArgument,
                "[sparse24_conv2d] {} output channels of a group; a multiple of {} is expected",
                shape.group_k(), epilogue.rows_together());
  TWOFOUR_CHECK(kind == ProductKind::kF32 || shape.layout == ImageLayout::kNhwc, kInvalidArgument,
                "[sparse24_conv2d] bf16 and codes are read in NHWC order only");
}

/// NHWC results are transposed after the generated code; a residual, and what follows it, waits until then.
LateEpilogue late_epilogue(const Epilogue& epilogue, ImageLayout layout) {
  if (layout == ImageLayout::kNchw || !epilogue.residual || epilogue.rows_together() > 1 ||
      epilogue.activation == Activation::kNone)
    return {};
  const bool clip = epilogue.activation == Activation::kClip;
  return {.clamp = true,
          .lo = clip ? epilogue.lo : 0.0F,
          .hi = clip ? epilogue.hi : std::numeric_limits<float>::infinity()};
}

Epilogue early_epilogue(const Epilogue& epilogue, ImageLayout layout) {
  if (layout == ImageLayout::kNchw || !epilogue.residual || epilogue.rows_together() > 1) return epilogue;
  return {.codes = epilogue.codes, .bias = epilogue.bias};
}

size_t thread_scratch_bytes(const ConvMap& map, const BlockPlan& plan, const WorkPlan& work,
                            int64_t rows_together) {
  return round_up(static_cast<size_t>(tile_scratch(map, plan, work.tile_panels(), rows_together).bytes()),
                  kAlignment);
}

WorkPlan plan_conv(const ConvMap& map, const Sparse24Gemm& gemm, int threads) {
  const auto m_blocks = static_cast<int64_t>(gemm.plan().m_blocks.size());
  return plan_work(map.images, map.panels, m_blocks, gemm.options().tile_panels, threads, map.bundles());
}

/// K columns per block for planar tiles: whole rows of taps where they fit, which read the same cache lines.
int64_t planar_k_block(const ConvShape& shape) {
  const int64_t tap_row = shape.s * shape.group_c();
  return tap_row > kMaxBlockColumns ? kMaxBlockColumns : kMaxBlockColumns / tap_row * tap_row;
}

/// Lists read X once per row of W, for which it has to be aligned and close together.
ConvMapping wanted_mapping(const Sparse24Options& options) {
  const bool lists = options.form == BlockForm::kLists;
  return lists && options.mapping == ConvMapping::kAuto ? ConvMapping::kPacked : options.mapping;
}

/// Fits the options to the map: X that is copied, but not K block by K block, serves all of K at once; X that
/// is read where it lies, each row a plane on, is prefetched; the prefetch of code is paced by the tiles that
/// there will be when all threads take part.
Sparse24Options fitted(Sparse24Options options, const ConvMap& map) {
  options.groups = map.shape.groups;
  if (map.mapping == ConvMapping::kDirect) options.x_ahead = kDirectAhead;
  if (!map.in_blocks() && map.mapping != ConvMapping::kDirect)
    options.super_block = map.shape.gemm_k() + kMaxBlockColumns;  // the last block may be cut
  if (map.mapping == ConvMapping::kPlanar && options.k_block == 0)
    options.k_block = planar_k_block(map.shape);
  if (options.expected_panels == 0) {
    const auto of_group =
        static_cast<int64_t>(split_evenly(map.shape.group_k(), sparse24_block_rows(options), 1).size());
    const WorkPlan work = plan_work(map.images, map.panels, map.shape.groups * of_group, options.tile_panels,
                                    max_threads(), map.bundles());
    options.expected_panels = std::max<int64_t>(work.tile_panels(), 1);
  }
  return options;
}

struct Mapped {
  Sparse24Options options;  // fitted to the map
  ConvMap map;
};
Mapped mapped(const Sparse24Options& given, const ConvShape& shape) {
  const Sparse24Options options = with_form(given, shape.k, shape.gemm_k());
  const ConvMap map = map_conv(shape, options.tile_panels, wanted_mapping(options));
  return {fitted(options, map), map};
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
      for (int64_t in = 0; in < c; ++in)
        result.push_back(kcrs[static_cast<size_t>((out * c + in) * r * s + tap)]);
  return result;
}

ConvBlocking conv_blocking(const ConvShape& shape, const Sparse24Options& given) {
  const auto [options, map] = mapped(given, shape);
  const BlockPlan plan = sparse24_plan(shape.k, shape.gemm_k(), options);
  return {.form = options.form,
          .mapping = map.mapping,
          .tile_panels = options.expected_panels,
          .prefetch_blocks = options.form == BlockForm::kLists ? 0 : options.prefetch_blocks,
          .k_blocks = plan.k_blocks,
          .super_blocks = plan.super_blocks};
}

Sparse24Created<Sparse24Conv2d> Sparse24Conv2d::create(const backend::Sparse24View& weights,
                                                       const ConvShape& shape, const Epilogue& epilogue,
                                                       const Sparse24Options& given,
                                                       std::unique_ptr<LateOutput> late) {
  check(weights, shape, epilogue, given.kind);
  check_options(given);
  const auto [options, map] = mapped(given, shape);
  auto gemm =
      Sparse24Gemm::create(weights, early_epilogue(epilogue, shape.layout), options, map.row_offsets());
  if (!gemm.kernel) return {nullptr, std::move(gemm.support)};
  std::unique_ptr<Sparse24Conv2d> conv(new Sparse24Conv2d);
  conv->map_ = map;
  conv->residual_ = epilogue.residual;
  conv->rows_together_ = epilogue.rows_together();
  conv->late_ = late_epilogue(epilogue, shape.layout);
  conv->late_output_ = std::move(late);
  conv->gemm_ = std::move(gemm.kernel);
  return {std::move(conv), {}};
}

size_t Sparse24Conv2d::scratch_bytes(int threads) const {
  const int count = std::max(threads, 1);
  return thread_scratch_bytes(map_, gemm_->plan(), plan_conv(map_, *gemm_, count), rows_together_) *
             static_cast<size_t>(count) +
         kAlignment;
}

void Sparse24Conv2d::run(const float* src, const float* residual, float* dst, std::byte* scratch,
                         int threads) const {
  TWOFOUR_CHECK((residual != nullptr) == residual_, kInvalidArgument,
                "[sparse24_conv2d] a residual is {} but the epilogue was created {} one",
                residual ? "given" : "missing", residual_ ? "with" : "without");
  const int count = std::max(threads, 1);
  const WorkPlan work = plan_conv(map_, *gemm_, count);
  const size_t stride = thread_scratch_bytes(map_, gemm_->plan(), work, rows_together_);
  ConvCall call{map_, rows_together_, *gemm_, src, residual, late_, dst};
  const bool is_late = map_.shape.layout == ImageLayout::kNhwc && rows_together_ == 1;
  call.late.residual = is_late ? residual : nullptr;
  call.late.output = late_output_.get();
  const auto address = reinterpret_cast<uintptr_t>(scratch);
  std::byte* aligned = scratch + (round_up(address, kAlignment) - address);
  parallel_items(work, count, [&](int64_t thread, int64_t item) {
    TileRunner(call, aligned + static_cast<size_t>(thread) * stride, work.tile_panels())
        .run(work.image(item), work.tile(item), work.rows(item));
  });
}

}  // namespace twofour::cpu
