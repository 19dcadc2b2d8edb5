// DeformConv: a convolution whose taps are moved by learned offsets, https://arxiv.org/abs/1811.11168.
#include <cmath>

#include "ops/convolution/conv_geometry.h"
#include "ops/infer.h"

namespace twofour::ops {
namespace {

int64_t offset_groups(const Attrs& attrs, const Dim& channels) {
  const int64_t groups = attrs.i("offset_group", 1);
  TWOFOUR_CHECK(
      groups >= 1 && groups < (int64_t{1} << 31) && (!channels.known() || channels.value % groups == 0),
      kInvalidArgument, "offset_group is {}; it must divide the {} channels", groups, channels.to_string());
  return groups;
}

Attrs without_offset_group(Attrs attrs) {
  attrs.erase("offset_group");
  return attrs;
}

void infer(const Node& node, std::span<ValueType> outputs) {
  const ValueType& src = node.input(0)->type();
  const ValueType& weight = node.input(1)->type();
  check_real(src, "src");
  TWOFOUR_CHECK(src.dims.size() == 4 && weight.dims.size() == 4, kUnsupported,
                "src {} and weight {} are not N,C,H,W and K,C,R,S", src.to_string(), weight.to_string());
  for (size_t i = 1; i < node.inputs().size(); ++i)
    if (node.input(i)) check_dtype(node.input(i)->type(), src.dtype, get_op(node.op()).inputs[i].name);
  const Window3d window = window_from_attrs(node.attrs(), src.dims, &weight.dims);
  outputs[0] = {src.dtype, windowed_dims(window, src.dims, weight.dims[0])};
  const Dims& dst = outputs[0].dims;
  const Dim taps[] = {offset_groups(node.attrs(), src.dims[1]), window.kernel[1], window.kernel[2]};
  const Dim moves[] = {product(taps), 2};
  check_dims(node.input(2)->type(), {src.dims[0], product(moves), dst[2], dst[3]}, "offset");
  if (node.input(3)) check_dims(node.input(3)->type(), {weight.dims[0]}, "bias");
  if (node.input(4)) check_dims(node.input(4)->type(), {src.dims[0], product(taps), dst[2], dst[3]}, "mask");
  if (src.is_static() && weight.is_static())
    conv2d_from(without_offset_group(node.attrs()), src.shape(), weight.shape());
}

/// The image at (y, x) by bilinear interpolation; zero outside.
template <typename T>
double sample(const T* image, int64_t h, int64_t w, double y, double x) {
  if (!(y > -1 && y < static_cast<double>(h) && x > -1 && x < static_cast<double>(w))) return 0;
  const auto top = static_cast<int64_t>(std::floor(y));
  const auto left = static_cast<int64_t>(std::floor(x));
  double sum = 0;
  for (int64_t r = top; r <= top + 1; ++r)
    for (int64_t s = left; s <= left + 1; ++s) {
      if (r < 0 || r >= h || s < 0 || s >= w) continue;
      const double weight =
          (1 - std::fabs(y - static_cast<double>(r))) * (1 - std::fabs(x - static_cast<double>(s)));
      sum += weight * double{image[r * w + s]};
    }
  return sum;
}

template <typename T>
class Deformed {
 public:
  explicit Deformed(const ReferenceArgs& args)
      : v_(conv2d_from(without_offset_group(args.attrs), args.inputs[0].shape(), args.inputs[1].shape())),
        per_offset_group_(v_.c / offset_groups(args.attrs, v_.c)),
        src_(args.inputs[0].span<T>().data()),
        weight_(args.inputs[1].span<T>().data()),
        offset_(args.inputs[2].span<T>().data()) {
    const Tensor mask = input_or_none(args, 4);
    if (mask.defined()) mask_ = mask.span<T>().data();
  }

  const Conv2d& conv() const { return v_; }

  double dot(int64_t n, int64_t k, int64_t p, int64_t q) const {
    const Window2d& win = v_.window;
    const int64_t cg = v_.c / v_.groups;
    const int64_t taps = v_.r() * v_.s();
    double sum = 0;
    for (int64_t i = 0; i < cg; ++i) {
      const int64_t c = k / (v_.k / v_.groups) * cg + i;
      const T* image = src_ + (n * v_.c + c) * v_.h * v_.w;
      const int64_t group = n * (v_.c / per_offset_group_) + c / per_offset_group_;
      for (int64_t tap = 0; tap < taps; ++tap) {
        const int64_t at = ((group * taps + tap) * v_.p + p) * v_.q + q;
        const int64_t move = ((group * taps + tap) * 2 * v_.p + p) * v_.q + q;
        const int64_t y = p * win.stride[0] - win.pads[0] + tap / v_.s() * win.dilation[0];
        const int64_t x = q * win.stride[1] - win.pads[1] + tap % v_.s() * win.dilation[1];
        const double value = sample(image, v_.h, v_.w, static_cast<double>(y) + double{offset_[move]},
                                    static_cast<double>(x) + double{offset_[move + v_.p * v_.q]});
        sum += value * double{weight_[(k * cg + i) * taps + tap]} * (mask_ ? double{mask_[at]} : 1.0);
      }
    }
    return sum;
  }

 private:
  Conv2d v_;
  int64_t per_offset_group_;  // channels
  const T *src_, *weight_, *offset_;
  const T* mask_ = nullptr;
};

template <typename T>
void convolve(const ReferenceArgs& args) {
  const Deformed<T> deformed(args);
  const Conv2d& v = deformed.conv();
  const Tensor bias = input_or_none(args, 3);
  T* dst = args.outputs[0].span<T>().data();
  for (int64_t n = 0; n < v.n; ++n)
    for (int64_t k = 0; k < v.k; ++k) {
      const double start = bias.defined() ? bias.span<T>()[static_cast<size_t>(k)] : 0.0;
      for (int64_t p = 0; p < v.p; ++p)
        for (int64_t q = 0; q < v.q; ++q) *dst++ = static_cast<T>(start + deformed.dot(n, k, p, q));
    }
}

void reference(const ReferenceArgs& args) {
  dispatch_real(args.inputs[0].dtype(), [&]<typename T>(T) { convolve<T>(args); });
}

}  // namespace

extern const OpDef kDeformConv;
const OpDef kDeformConv = {
    .name = "DeformConv",
    .doc = "Conv whose taps read src (bilinearly) at positions moved by offset and are scaled by mask.",
    .inputs = {{"src"},
               {.name = "weight", .weight = true, .row_major = true},
               {"offset"},
               {.name = "bias", .optional = true, .weight = true},
               {.name = "mask", .optional = true}},
    .outputs = {{"dst"}},
    .attrs = {"dilations", "group", "kernel_shape", "offset_group", "pads", "strides"},
    .infer = infer,
    .reference = reference,
    .grad = not_differentiable("there is no operator for the gradient of the offsets"),
    .amp = Amp::kDeny,
    .quant = quant_float("the offsets are fractions of a pixel"),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {{.shape = {1, 2, 4, 5}}, {.shape = {3, 2, 2, 2}}, {.shape = {1, 8, 3, 4}}}},
                 {.inputs = {{.shape = {2, 4, 4, 3}},
                             {.shape = {2, 2, 3, 2}},
                             {.shape = {2, 24, 4, 2}},
                             {.shape = {2}},
                             {.shape = {2, 12, 4, 2}}},
                  .attrs = {{"group", int64_t{2}},
                            {"offset_group", int64_t{2}},
                            {"pads", std::vector<int64_t>{1, 0, 1, 0}}}}},
};

}  // namespace twofour::ops
