// RoiAlign (https://arxiv.org/abs/1703.06870) and MaxRoiPool (https://arxiv.org/abs/1504.08083): a fixed
// number of bins per region of interest.
#include <algorithm>
#include <cmath>
#include <limits>

#include "ops/domain.h"
#include "ops/indexing/ordering.h"
#include "ops/infer.h"

namespace twofour::ops {
namespace {

const ValueType& image_of(const Node& node, int64_t roi_columns) {
  const ValueType& src = node.input(0)->type();
  check_real(src, "src");
  TWOFOUR_CHECK(src.dims.size() == 4, kInvalidArgument, "src is {}; N,C,H,W is expected", src.to_string());
  const ValueType& rois = node.input(1)->type();
  check_dtype(rois, src.dtype, "rois");
  TWOFOUR_CHECK(rois.dims.size() == 2 && dims_fit(rois.dims[1], roi_columns), kInvalidArgument,
                "rois are {}; {} columns are expected", rois.to_string(), roi_columns);
  return src;
}

int64_t positive(const Attrs& attrs, std::string_view name, int64_t otherwise) {
  const int64_t value = attrs.i(name, otherwise);
  TWOFOUR_CHECK(value >= 1 && value < (int64_t{1} << 15), kInvalidArgument,
                "{} is {}; it must be from 1 to 32767", name, value);
  return value;
}

int64_t image_index(int64_t index, int64_t count) {
  TWOFOUR_CHECK(index >= 0 && index < count, kInvalidArgument, "region of image {}, but there are {}", index,
                count);
  return index;
}

struct AlignOptions {
  bool maximum, shifted;
  int64_t samples;
  float scale;
};

AlignOptions align_options(const Attrs& attrs) {
  const std::string mode = attrs.s("mode", "avg");
  const std::string transform = attrs.s("coordinate_transformation_mode", "half_pixel");
  TWOFOUR_CHECK(mode == "avg" || mode == "max", kInvalidArgument, "mode \"{}\" is not known; avg and max are",
                mode);
  TWOFOUR_CHECK(transform == "half_pixel" || transform == "output_half_pixel", kInvalidArgument,
                "coordinate_transformation_mode \"{}\" is not known; half_pixel and output_half_pixel are",
                transform);
  const int64_t samples = attrs.i("sampling_ratio", 0);
  TWOFOUR_CHECK(samples >= 0 && samples < 4096, kInvalidArgument,
                "sampling_ratio is {}; it must be from 0 to 4095", samples);
  return {mode == "max", transform == "half_pixel", samples, attrs.f("spatial_scale", 1)};
}

void infer_align(const Node& node, std::span<ValueType> outputs) {
  const ValueType& src = image_of(node, 4);
  align_options(node.attrs());
  check_index(node.input(2)->type(), "batch_indices");
  const Dim& count = node.input(1)->dims()[0];
  check_dims(node.input(2)->type(), {count}, "batch_indices");
  outputs[0] = {src.dtype,
                {merge(count, node.input(2)->dims()[0]), src.dims[1],
                 positive(node.attrs(), "output_height", 1), positive(node.attrs(), "output_width", 1)}};
}

/// One axis of a region: `bins` bins of `size`, each read at `samples` points.
template <typename T>
struct BinAxis {
  T start, size;
  int64_t samples;

  BinAxis(T low, T high, int64_t bins, const AlignOptions& options) {
    const T shift = options.shifted ? 0.5F : 0.0F;
    start = low * options.scale - shift;
    T extent = high * options.scale - shift - start;
    if (!options.shifted) extent = std::max(extent, T{1});
    size = extent / static_cast<T>(bins);
    const T needed = std::ceil(size);
    TWOFOUR_CHECK(options.samples > 0 || needed < 4096, kInvalidArgument,
                  "a region of interest from {} to {} is too large", low, high);
    samples = options.samples > 0 ? options.samples : std::max<int64_t>(0, static_cast<int64_t>(needed));
  }
  T at(int64_t bin, int64_t sample) const {
    return start + static_cast<T>(bin) * size +
           (static_cast<T>(sample) + 0.5F) * size / static_cast<T>(samples);
  }
};

/// The two elements around `x` and the second one's weight; false when x is outside the image.
template <typename T>
bool neighbours(T x, int64_t size, std::array<int64_t, 2>& at, T& weight) {
  if (!(x >= -1 && x <= static_cast<T>(size))) return false;
  x = std::max(x, T{0});
  at[0] = std::min(static_cast<int64_t>(x), size - 1);
  at[1] = std::min(at[0] + 1, size - 1);
  weight = at[0] == at[1] ? T{0} : x - static_cast<T>(at[0]);
  return true;
}

/// The four weighted corners around (y, x); zeros outside.
template <typename T>
std::array<T, 4> corners(const T* image, int64_t h, int64_t w, T y, T x) {
  std::array<int64_t, 2> rows{};
  std::array<int64_t, 2> cols{};
  T ly = 0;
  T lx = 0;
  if (!neighbours(y, h, rows, ly) || !neighbours(x, w, cols, lx)) return {};
  return {(1 - ly) * (1 - lx) * image[rows[0] * w + cols[0]], (1 - ly) * lx * image[rows[0] * w + cols[1]],
          ly * (1 - lx) * image[rows[1] * w + cols[0]], ly * lx * image[rows[1] * w + cols[1]]};
}

template <typename T>
T bin_value(const T* image, int64_t h, int64_t w, const BinAxis<T>& rows, const BinAxis<T>& cols, int64_t p,
            int64_t q, bool maximum) {
  double sum = 0;
  T most = -std::numeric_limits<T>::infinity();
  for (int64_t i = 0; i < rows.samples; ++i)
    for (int64_t j = 0; j < cols.samples; ++j)
      for (const T v : corners(image, h, w, rows.at(p, i), cols.at(q, j))) {
        sum += double{v};
        if (Above{}(v, most)) most = v;
      }
  const int64_t count = rows.samples * cols.samples;
  if (count == 0) return 0;
  return maximum ? most : static_cast<T>(sum / static_cast<double>(count));
}

template <typename T>
void align(const ReferenceArgs& args) {
  const AlignOptions options = align_options(args.attrs);
  const Shape& src = args.inputs[0].shape();
  const Shape& dst = args.outputs[0].shape();
  const std::vector<int64_t> images = to_ints(args.inputs[2]);
  const T* roi = args.inputs[1].span<T>().data();
  T* to = args.outputs[0].span<T>().data();
  for (const int64_t image : images) {
    const BinAxis<T> rows(roi[1], roi[3], dst[2], options);
    const BinAxis<T> cols(roi[0], roi[2], dst[3], options);
    roi += 4;
    const T* plane = args.inputs[0].span<T>().data() + image_index(image, src[0]) * src.numel(1, 4);
    for (int64_t c = 0; c < dst[1]; ++c, plane += src[2] * src[3])
      for (int64_t p = 0; p < dst[2]; ++p)
        for (int64_t q = 0; q < dst[3]; ++q)
          *to++ = bin_value(plane, src[2], src[3], rows, cols, p, q, options.maximum);
  }
}

void reference_align(const ReferenceArgs& args) {
  dispatch_real(args.inputs[0].dtype(), [&]<typename T>(T) { align<T>(args); });
}

std::vector<int64_t> pooled_shape(const Attrs& attrs) {
  std::vector<int64_t> shape = attrs.ints("pooled_shape");
  TWOFOUR_CHECK(shape.size() == 2 &&
                    std::ranges::all_of(shape, [](int64_t v) { return v >= 1 && v < (int64_t{1} << 15); }),
                kInvalidArgument, "pooled_shape must be two numbers from 1 to 32767");
  return shape;
}

void infer_max(const Node& node, std::span<ValueType> outputs) {
  const ValueType& src = image_of(node, 5);
  const std::vector<int64_t> shape = pooled_shape(node.attrs());
  outputs[0] = {src.dtype, {node.input(1)->dims()[0], src.dims[1], shape[0], shape[1]}};
}

/// Along one axis of a region in whole pixels: [first, last) of the pixels of bin `i`, inside the image.
template <typename T>
std::pair<int64_t, int64_t> bin_range(T low, T high, float scale, int64_t i, int64_t bins, int64_t size) {
  const T begin = std::round(low * scale);
  const T end = std::round(high * scale);
  TWOFOUR_CHECK(std::fabs(begin) < 0x1p24F && std::fabs(end) < 0x1p24F, kInvalidArgument,
                "a region of interest from {} to {} is out of range", low, high);
  const T step = std::max(end - begin + 1, T{1}) / static_cast<T>(bins);
  const auto first = static_cast<int64_t>(std::floor(static_cast<T>(i) * step) + begin);
  const auto last = static_cast<int64_t>(std::ceil(static_cast<T>(i + 1) * step) + begin);
  return {std::clamp<int64_t>(first, 0, size), std::clamp<int64_t>(last, 0, size)};
}

template <typename T>
void max_pool(const ReferenceArgs& args) {
  const Shape& src = args.inputs[0].shape();
  const Shape& dst = args.outputs[0].shape();
  const float scale = args.attrs.f("spatial_scale", 1);
  const T* roi = args.inputs[1].span<T>().data();
  T* to = args.outputs[0].span<T>().data();
  for (int64_t n = 0; n < dst[0]; ++n, roi += 5) {
    TWOFOUR_CHECK(roi[0] >= 0 && roi[0] < static_cast<T>(src[0]), kInvalidArgument,
                  "region of image {}, but there are {}", roi[0], src[0]);
    const T* plane = args.inputs[0].span<T>().data() + static_cast<int64_t>(roi[0]) * src.numel(1, 4);
    for (int64_t c = 0; c < dst[1]; ++c, plane += src[2] * src[3])
      for (int64_t p = 0; p < dst[2]; ++p)
        for (int64_t q = 0; q < dst[3]; ++q) {
          const auto [top, bottom] = bin_range(roi[2], roi[4], scale, p, dst[2], src[2]);
          const auto [left, right] = bin_range(roi[1], roi[3], scale, q, dst[3], src[3]);
          const bool empty = bottom <= top || right <= left;
          T most = empty ? T{0} : -std::numeric_limits<T>::infinity();
          for (int64_t y = top; y < bottom; ++y)
            for (int64_t x = left; x < right; ++x)
              if (Above{}(plane[y * src[3] + x], most)) most = plane[y * src[3] + x];
          *to++ = most;
        }
  }
}

void reference_max(const ReferenceArgs& args) {
  dispatch_real(args.inputs[0].dtype(), [&]<typename T>(T) { max_pool<T>(args); });
}

/// Regions of the whole image, in the coordinates before spatial_scale; each begins with `first`.
Domain whole_images(const Node& node, std::vector<double> first) {
  const Dims& src = node.input(0)->dims();
  const double scale = node.attrs().f("spatial_scale", 1);
  const auto last = [&](const Dim& size) {
    return size.known() && scale > 0 ? static_cast<double>(size.value) / scale : 1;
  };
  Domain domain{0, 1, std::move(first)};
  domain.values.insert(domain.values.end(), {0, 0, last(src[3]), last(src[2])});
  return domain;
}
Domain corners(const Node& node, size_t) { return whole_images(node, {}); }
Domain numbered_corners(const Node& node, size_t) { return whole_images(node, {0}); }
Domain image_numbers(const Node& node, size_t) { return index_into(node.input(0)->dims()[0]); }

}  // namespace

extern const OpDef kRoiAlign;
const OpDef kRoiAlign = {
    .name = "RoiAlign",
    .doc = "dst[r,c,p,q] = the mean (or maximum) of bilinear samples of src in bin (p, q) of region r.",
    .inputs = {{"src"},
               {.name = "rois", .state = true, .domain = corners},
               {.name = "batch_indices", .state = true, .domain = image_numbers}},
    .outputs = {{"dst"}},
    .attrs = {"coordinate_transformation_mode", "mode", "output_height", "output_width", "sampling_ratio",
              "spatial_scale"},
    .infer = infer_align,
    .reference = reference_align,
    .grad = not_differentiable("there is no operator for its gradient"),
    .amp = Amp::kDeny,
    .quant = quant_float("the regions are fractions of a pixel"),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {{.shape = {2, 2, 5, 6}},
                             {.shape = {2, 4}, .values = {0, 0, 4, 3, 1.5F, 2, 5, 4.5F}},
                             {.dtype = DType::kI64, .shape = {2}, .values = {1, 0}}},
                  .attrs = {{"output_height", int64_t{2}}, {"output_width", int64_t{3}}}},
                 {.inputs = {{.shape = {1, 1, 4, 4}},
                             {.shape = {1, 4}, .values = {1, 0, 7, 6}},
                             {.dtype = DType::kI64, .shape = {1}, .values = {0}}},
                  .attrs = {{"mode", std::string("max")},
                            {"coordinate_transformation_mode", std::string("output_half_pixel")},
                            {"sampling_ratio", int64_t{2}},
                            {"spatial_scale", 0.5F}}},
                 {.inputs = {{.dtype = DType::kF64, .shape = {1, 1, 4, 4}},
                             {.dtype = DType::kF64, .shape = {1, 4}, .values = {0.5F, 0, 3, 2}},
                             {.dtype = DType::kI64, .shape = {1}, .values = {0}}}}},
};

extern const OpDef kMaxRoiPool;
const OpDef kMaxRoiPool = {
    .name = "MaxRoiPool",
    .doc = "dst[r,c,p,q] = the maximum of src in bin (p, q) of region r; regions are rows image,x1,y1,x2,y2.",
    .inputs = {{"src"}, {.name = "rois", .state = true, .domain = numbered_corners}},
    .outputs = {{"dst"}},
    .attrs = {"pooled_shape", "spatial_scale"},
    .infer = infer_max,
    .reference = reference_max,
    .grad = not_differentiable("there is no operator for its gradient"),
    .amp = Amp::kDeny,
    .quant = quant_float("the regions are scaled in floating point"),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {{.shape = {2, 2, 5, 6}},
                             {.shape = {2, 5}, .values = {1, 0, 0, 8, 6, 0, 2, 4, 9, 9}}},
                  .attrs = {{"pooled_shape", std::vector<int64_t>{2, 3}}, {"spatial_scale", 0.5F}}},
                 {.inputs = {{.dtype = DType::kF64, .shape = {1, 1, 3, 3}},
                             {.dtype = DType::kF64, .shape = {1, 5}, .values = {0, 0, 1, 2, 2}}},
                  .attrs = {{"pooled_shape", std::vector<int64_t>{1, 2}}}}},
};

}  // namespace twofour::ops
