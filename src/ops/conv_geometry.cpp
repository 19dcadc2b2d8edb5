#include "ops/conv_geometry.h"

#include <algorithm>

#include "ops/infer.h"

namespace twofour::ops {
namespace {

template <size_t N>
void read(const Attrs& attrs, std::string_view name, std::array<int64_t, N>& into, int64_t least) {
  const std::vector<int64_t> values = attrs.ints(name);
  if (values.empty()) return;
  TWOFOUR_CHECK(values.size() == N, kUnsupported,
                "{} has {} entries; only two spatial dimensions are supported", name, values.size());
  // The upper bound keeps the arithmetic below far from overflow.
  for (const int64_t v : values)
    TWOFOUR_CHECK(v >= least && v < (int64_t{1} << 31), kInvalidArgument, "{} must be at least {}, got {}",
                  name, least, v);
  std::ranges::copy(values, into.begin());
}

void apply_auto_pad(const std::string& mode, const Dims& src, Window2d& window) {
  if (mode == "NOTSET") return;
  window.pads = {0, 0, 0, 0};
  if (mode == "VALID") return;
  TWOFOUR_CHECK(mode == "SAME_UPPER" || mode == "SAME_LOWER", kInvalidArgument,
                "auto_pad \"{}\" is not known", mode);
  for (size_t i = 0; i < 2; ++i) {
    const Dim& size = src[i + 2];
    TWOFOUR_CHECK(size.known(), kFailedPrecondition, "auto_pad {} needs fixed spatial sizes", mode);
    TWOFOUR_CHECK(size.value < (int64_t{1} << 31), kResourceExhausted, "a spatial size of {} is too large",
                  size.value);
    const int64_t out = (size.value + window.stride[i] - 1) / window.stride[i];
    const int64_t extent = window.dilation[i] * (window.kernel[i] - 1) + 1;
    const int64_t total = std::max<int64_t>(0, (out - 1) * window.stride[i] + extent - size.value);
    const int64_t small = total / 2;
    window.pads[i] = mode == "SAME_UPPER" ? small : total - small;
    window.pads[i + 2] = total - window.pads[i];
  }
}

}  // namespace

int64_t Window2d::out_size(int i, int64_t in_size) const {
  const auto a = static_cast<size_t>(i);
  TWOFOUR_CHECK(in_size < (int64_t{1} << 31), kResourceExhausted, "a spatial size of {} is too large",
                in_size);
  const int64_t padded = in_size + pads[a] + pads[a + 2];
  const int64_t extent = dilation[a] * (kernel[a] - 1) + 1;
  TWOFOUR_CHECK(padded >= extent, kInvalidArgument, "a window of {} does not fit {} padded values", extent,
                padded);
  const int64_t span = padded - extent;
  if (!ceil_mode) return span / stride[a] + 1;
  const int64_t out = (span + stride[a] - 1) / stride[a] + 1;
  // A window that would start in the trailing padding is dropped.
  return (out - 1) * stride[a] >= in_size + pads[a] ? out - 1 : out;
}

Window2d window_from_attrs(const Attrs& attrs, const Dims& src, const Dims* weight) {
  TWOFOUR_CHECK(src.size() == 4, kUnsupported, "input has {} dimensions; only N,C,H,W is supported",
                src.size());
  Window2d window;
  if (weight) {
    TWOFOUR_CHECK(weight->size() == 4 && (*weight)[2].known() && (*weight)[3].known(), kUnsupported,
                  "weight must have four fixed dimensions K,C,R,S");
    window.kernel = {(*weight)[2].value, (*weight)[3].value};
    TWOFOUR_CHECK(window.kernel[0] > 0 && window.kernel[1] > 0, kInvalidArgument, "the kernel is empty");
  }
  const auto from_weight = window.kernel;
  read(attrs, "kernel_shape", window.kernel, 1);
  TWOFOUR_CHECK(!weight || window.kernel == from_weight, kInvalidArgument,
                "kernel_shape {}x{} differs from the weight's {}x{}", window.kernel[0], window.kernel[1],
                from_weight[0], from_weight[1]);
  read(attrs, "strides", window.stride, 1);
  read(attrs, "dilations", window.dilation, 1);
  read(attrs, "pads", window.pads, 0);
  window.ceil_mode = attrs.i("ceil_mode", 0) != 0;
  apply_auto_pad(attrs.s("auto_pad", "NOTSET"), src, window);
  return window;
}

Conv2d conv2d_from(const Attrs& attrs, const Shape& src, const Shape& weight) {
  const Dims weight_dims = to_dims(weight);
  TWOFOUR_CHECK(src.rank() == 4 && weight.rank() == 4, kUnsupported, "{} and {} are not N,C,H,W and K,C,R,S",
                src.to_string(), weight.to_string());
  Conv2d conv{};
  conv.window = window_from_attrs(attrs, to_dims(src), &weight_dims);
  conv.n = src[0];
  conv.c = src[1];
  conv.h = src[2];
  conv.w = src[3];
  conv.k = weight[0];
  conv.groups = attrs.i("group", 1);
  TWOFOUR_CHECK(conv.groups >= 1 && conv.c % conv.groups == 0 && conv.c / conv.groups == weight[1] &&
                    conv.k % conv.groups == 0,
                kInvalidArgument, "weight {} with group {} does not fit input {}", weight.to_string(),
                conv.groups, src.to_string());
  conv.p = conv.window.out_size(0, conv.h);
  conv.q = conv.window.out_size(1, conv.w);
  return conv;
}

Window2d pool_window_from(const Attrs& attrs, const Dims& src) {
  TWOFOUR_CHECK(attrs.has("kernel_shape"), kInvalidArgument, "attribute kernel_shape is missing");
  const Window2d window = window_from_attrs(attrs, src, nullptr);
  for (size_t i = 0; i < 4; ++i)
    TWOFOUR_CHECK(window.pads[i] <= window.dilation[i % 2] * (window.kernel[i % 2] - 1), kInvalidArgument,
                  "padding {} is not smaller than the window of {}", window.pads[i],
                  window.dilation[i % 2] * (window.kernel[i % 2] - 1) + 1);
  return window;
}

Pool2d pool2d_from(const Attrs& attrs, const Shape& src) {
  Pool2d pool{.window = pool_window_from(attrs, to_dims(src))};
  pool.planes = src[0] * src[1];
  pool.h = src[2];
  pool.w = src[3];
  pool.p = pool.window.out_size(0, pool.h);
  pool.q = pool.window.out_size(1, pool.w);
  return pool;
}

ValueType infer_pool(const Attrs& attrs, const ValueType& src) {
  const Window2d window = pool_window_from(attrs, src.dims);
  return {src.dtype,
          {src.dims[0], src.dims[1], window.out_dim(0, src.dims[2]), window.out_dim(1, src.dims[3])}};
}

void check_pooled(const Attrs& attrs, const ValueType& type, const Shape& src, std::string_view what) {
  check_dims(type, infer_pool(attrs, {type.dtype, to_dims(src)}).dims, what);
}

}  // namespace twofour::ops
