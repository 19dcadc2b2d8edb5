#include "ops/convolution/conv_geometry.h"

#include "ops/infer.h"

namespace twofour::ops {
namespace {

constexpr int64_t kMost = int64_t{1} << 31;  // keeps the arithmetic below far from overflow

/// A list with one entry per spatial dimension, into the last entries of each group of three.
template <size_t N>
void read(const Attrs& attrs, std::string_view name, size_t spatial, Sizes<N>& into, int64_t least) {
  const std::vector<int64_t> values = attrs.ints(name);
  if (values.empty()) return;
  const size_t groups = N / 3;
  TWOFOUR_CHECK(values.size() == groups * spatial, kInvalidArgument,
                "{} has {} entries; {} spatial dimensions need {}", name, values.size(), spatial,
                groups * spatial);
  for (size_t i = 0; i < values.size(); ++i) {
    TWOFOUR_CHECK(values[i] >= least && values[i] < kMost, kInvalidArgument, "{} must be at least {}, got {}",
                  name, least, values[i]);
    into[i / spatial * 3 + 3 - spatial + i % spatial] = values[i];
  }
}

void apply_auto_pad(const std::string& mode, const Dims& src, Window3d& window) {
  if (mode == "NOTSET") return;
  window.pads = {};
  window.ceil_mode = false;  // the sizes below leave nothing to round
  if (mode == "VALID") return;
  TWOFOUR_CHECK(mode == "SAME_UPPER" || mode == "SAME_LOWER", kInvalidArgument,
                "auto_pad \"{}\" is not known", mode);
  for (size_t axis = 2; axis < src.size(); ++axis) {
    const Dim& size = src[axis];
    const size_t i = axis + 3 - src.size();
    if (!size.known()) continue;  // nor is the size of the result
    TWOFOUR_CHECK(size.value < kMost, kResourceExhausted, "a spatial size of {} is too large", size.value);
    const int64_t out = (size.value + window.stride[i] - 1) / window.stride[i];
    const int64_t total = std::max<int64_t>(0, (out - 1) * window.stride[i] + window.extent(i) - size.value);
    const int64_t small = total / 2;
    window.pads[i] = mode == "SAME_UPPER" ? small : total - small;
    window.pads[i + 3] = total - window.pads[i];
  }
}

Sizes<3> kernel_of(const Dims& weight, size_t rank) {
  Sizes<3> kernel = ones<3>();
  TWOFOUR_CHECK(weight.size() == rank, kInvalidArgument, "weight has {} dimensions; {} are expected",
                weight.size(), rank);
  for (size_t axis = 2; axis < rank; ++axis) {
    TWOFOUR_CHECK(weight[axis].known(), kUnsupported, "the kernel's sizes must be fixed");
    TWOFOUR_CHECK(weight[axis].value > 0 && weight[axis].value < kMost, kInvalidArgument,
                  "a kernel size is {}", weight[axis].value);
    kernel[axis + 3 - rank] = weight[axis].value;
  }
  return kernel;
}

}  // namespace

template <size_t N>
int64_t Window<N>::out_size(size_t i, int64_t in_size) const {
  TWOFOUR_CHECK(in_size < kMost, kResourceExhausted, "a spatial size of {} is too large", in_size);
  const int64_t padded = in_size + pads[i] + pads[i + N];
  TWOFOUR_CHECK(padded >= extent(i), kInvalidArgument, "a window of {} does not fit {} padded values",
                extent(i), padded);
  const int64_t span = padded - extent(i);
  if (!ceil_mode) return span / stride[i] + 1;
  const int64_t out = (span + stride[i] - 1) / stride[i] + 1;
  // A window that would start in the trailing padding is dropped.
  return (out - 1) * stride[i] >= in_size + pads[i] ? out - 1 : out;
}
template struct Window<2>;
template struct Window<3>;

Window3d window_from_attrs(const Attrs& attrs, const Dims& src, const Dims* weight) {
  TWOFOUR_CHECK(src.size() >= 3 && src.size() <= 5, kUnsupported,
                "input has {} dimensions; N,C and one to three spatial ones are supported", src.size());
  const size_t spatial = src.size() - 2;
  Window3d window;
  if (weight) window.kernel = kernel_of(*weight, src.size());
  const Sizes<3> from_weight = window.kernel;
  read(attrs, "kernel_shape", spatial, window.kernel, 1);
  TWOFOUR_CHECK(!weight || window.kernel == from_weight, kInvalidArgument,
                "kernel_shape {} differs from the weight's {}", fmt::join(window.kernel, "x"),
                fmt::join(from_weight, "x"));
  read(attrs, "strides", spatial, window.stride, 1);
  read(attrs, "dilations", spatial, window.dilation, 1);
  read(attrs, "pads", spatial, window.pads, 0);
  window.ceil_mode = attrs.i("ceil_mode", 0) != 0;
  apply_auto_pad(attrs.s("auto_pad", "NOTSET"), src, window);
  return window;
}

Window2d window2d(const Window3d& v) {
  return {.kernel = {v.kernel[1], v.kernel[2]},
          .stride = {v.stride[1], v.stride[2]},
          .dilation = {v.dilation[1], v.dilation[2]},
          .pads = {v.pads[1], v.pads[2], v.pads[4], v.pads[5]},
          .ceil_mode = v.ceil_mode};
}

Dims windowed_dims(const Window3d& window, const Dims& src, const Dim& channels) {
  Dims dims = {src[0], channels};
  for (size_t axis = 2; axis < src.size(); ++axis)
    dims.push_back(window.out_dim(axis + 3 - src.size(), src[axis]));
  return dims;
}

Sizes<3> spatial_sizes(const Shape& shape) {
  Sizes<3> sizes = ones<3>();
  for (size_t axis = 2; axis < shape.rank(); ++axis) sizes[axis + 3 - shape.rank()] = shape[axis];
  return sizes;
}

Shape Conv3d::dst_shape(size_t rank) const {
  Shape shape = {n, k};
  for (size_t axis = 2; axis < rank; ++axis) shape.push_back(out[axis + 3 - rank]);
  return shape;
}

Dims infer_conv(const Attrs& attrs, const ValueType& src, const ValueType& weight) {
  const Window3d window = window_from_attrs(attrs, src.dims, &weight.dims);
  const int64_t groups = attrs.i("group", 1);
  const Dim& k = weight.dims[0];
  const Dim& c = src.dims[1];
  TWOFOUR_CHECK(groups >= 1 && groups < (int64_t{1} << 31) && (!k.known() || k.value % groups == 0),
                kInvalidArgument, "group is {}; it must divide the {} output channels", groups,
                k.to_string());
  TWOFOUR_CHECK(!c.known() || !weight.dims[1].known() ||
                    (c.value % groups == 0 && c.value / groups == weight.dims[1].value),
                kInvalidArgument, "input {} does not fit weight {} with group {}", src.to_string(),
                weight.to_string(), groups);
  return windowed_dims(window, src.dims, k);
}

Conv3d conv3d_from(const Attrs& attrs, const Shape& src, const Shape& weight) {
  const Dims weight_dims = to_dims(weight);
  Conv3d conv{};
  conv.window = window_from_attrs(attrs, to_dims(src), &weight_dims);
  conv.n = src[0];
  conv.c = src[1];
  conv.k = weight[0];
  conv.groups = attrs.i("group", 1);
  TWOFOUR_CHECK(conv.groups >= 1 && conv.c % conv.groups == 0 && conv.c / conv.groups == weight[1] &&
                    conv.k % conv.groups == 0,
                kInvalidArgument, "weight {} with group {} does not fit input {}", weight.to_string(),
                conv.groups, src.to_string());
  conv.in = spatial_sizes(src);
  for (size_t i = 0; i < 3; ++i) conv.out[i] = conv.window.out_size(i, conv.in[i]);
  return conv;
}

Conv2d conv2d_from(const Attrs& attrs, const Shape& src, const Shape& weight) {
  TWOFOUR_CHECK(src.rank() <= 4, kUnsupported, "{} is not N,C,H,W", src.to_string());
  const Conv3d v = conv3d_from(attrs, src, weight);
  return {v.n, v.c, v.in[1], v.in[2], v.k, v.out[1], v.out[2], v.groups, window2d(v.window)};
}

}  // namespace twofour::ops
