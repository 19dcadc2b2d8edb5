// Conv, and FusedConv: the same with a residual and an activation, made by the fusion pass.
#include "ops/builder.h"
#include "ops/convolution/conv_geometry.h"
#include "ops/elementwise/activation.h"
#include "ops/infer.h"

namespace twofour::ops {
namespace {

void infer(const Node& node, std::span<ValueType> outputs) {
  const ValueType& src = node.input(0)->type();
  const ValueType& weight = node.input(1)->type();
  check_real(src, "src");
  check_dtype(weight, src.dtype, "weight");
  outputs[0] = {src.dtype, infer_conv(node.attrs(), src, weight)};
  if (const Value* bias = node.input(2)) {
    check_dtype(bias->type(), src.dtype, "bias");
    check_dims(bias->type(), {weight.dims[0]}, "bias");
  }
}

void infer_fused(const Node& node, std::span<ValueType> outputs) {
  activation_from(node.attrs());
  infer(node, outputs);
  if (const Value* residual = node.input(3)) {
    check_dtype(residual->type(), outputs[0].dtype, "residual");
    check_dims(residual->type(), outputs[0].dims, "residual");
  }
}

/// The sum over the channels of one group and the kernel, for one output position.
template <typename T>
double dot(const Conv3d& v, const T* src, const T* weight, const Sizes<3>& at) {
  const Window3d& win = v.window;
  Sizes<3> start{};
  for (size_t i = 0; i < 3; ++i) start[i] = at[i] * win.stride[i] - win.pads[i];
  const auto [t_begin, t_end] = win.inside(0, start[0], v.in[0]);
  const auto [r_begin, r_end] = win.inside(1, start[1], v.in[1]);
  const auto [s_begin, s_end] = win.inside(2, start[2], v.in[2]);
  double sum = 0;
  for (int64_t c = 0; c < v.c / v.groups; ++c)
    for (int64_t d = t_begin; d < t_end; ++d)
      for (int64_t r = r_begin; r < r_end; ++r) {
        const int64_t z = start[0] + d * win.dilation[0];
        const int64_t y = start[1] + r * win.dilation[1];
        const T* row = src + ((c * v.in[0] + z) * v.in[1] + y) * v.in[2];
        const T* taps = weight + ((c * win.kernel[0] + d) * win.kernel[1] + r) * win.kernel[2];
        for (int64_t s = s_begin; s < s_end; ++s)
          sum += double{row[start[2] + s * win.dilation[2]]} * double{taps[s]};
      }
  return sum;
}

template <typename T>
void convolve(const ReferenceArgs& args) {
  const Conv3d v = conv3d_from(args.attrs, args.inputs[0].shape(), args.inputs[1].shape());
  const Activation activation = activation_from(args.attrs);
  const T* src = args.inputs[0].span<T>().data();
  const T* weight = args.inputs[1].span<T>().data();
  const Tensor bias = input_or_none(args, 2);
  const Tensor residual = input_or_none(args, 3);
  const auto dst = args.outputs[0].span<T>();
  const int64_t cg = v.c / v.groups;
  const Sizes<3>& kernel = v.window.kernel;
  size_t i = 0;
  for (int64_t n = 0; n < v.n; ++n)
    for (int64_t k = 0; k < v.k; ++k) {
      const int64_t group = k / (v.k / v.groups);
      const T* image = src + (n * v.c + group * cg) * v.in[0] * v.in[1] * v.in[2];
      const T* filter = weight + k * cg * kernel[0] * kernel[1] * kernel[2];
      const double start = bias.defined() ? bias.span<T>()[static_cast<size_t>(k)] : 0.0;
      for (int64_t o = 0; o < v.out[0]; ++o)
        for (int64_t p = 0; p < v.out[1]; ++p)
          for (int64_t q = 0; q < v.out[2]; ++q, ++i) {
            const double sum = start + dot(v, image, filter, {o, p, q});
            dst[i] = activation(static_cast<T>(sum + (residual.defined() ? residual.span<T>()[i] : 0.0)));
          }
    }
}

void reference(const ReferenceArgs& args) {
  dispatch_real(args.inputs[0].dtype(), [&]<typename T>(T) { convolve<T>(args); });
}

std::vector<int64_t> axes_but_channels(size_t rank) {
  std::vector<int64_t> axes = {0};
  for (size_t i = 2; i < rank; ++i) axes.push_back(static_cast<int64_t>(i));
  return axes;
}

std::vector<Value*> grad(const GradArgs& args) {
  Builder& b = args.builder;
  Value* dy = args.grad_outputs[0];
  Value* src = args.node.input(0);
  Value* weight = args.node.input(1);
  std::vector<Value*> result(args.node.inputs().size(), nullptr);
  if (args.needed[0]) {
    Attrs attrs = args.node.attrs();
    attrs.set("src_shape", src->shape().dims());
    result[0] = b.op("ConvGradData", {dy, weight}, std::move(attrs));
  }
  if (args.needed[1]) {
    Attrs attrs = args.node.attrs();
    attrs.set("weight_shape", weight->shape().dims());
    result[1] = b.op("ConvGradWeight", {src, dy}, std::move(attrs));
  }
  if (result.size() > 2 && args.node.input(2) && args.needed[2])
    result[2] = b.reduce_sum(dy, axes_but_channels(dy->rank()), false);
  return result;
}

// Input channels, at fixed (k, r, s): the axis the hardware multiplies along.
size_t sparsity_axis(const Node&) { return 1; }

}  // namespace

extern const OpDef kConv;
const OpDef kConv = {
    .name = "Conv",
    .doc =
        "dst[n,k,p,...] = bias[k] + sum over c,r,... of src[n,c,p*stride+r*dilation-pad,...] * "
        "weight[k,c,r,...], for one to three spatial dimensions.",
    .inputs = {{"src"},
               {.name = "weight", .weight = true, .row_major = true},
               {.name = "bias", .optional = true, .weight = true}},
    .outputs = {{"dst"}},
    .attrs = {"auto_pad", "dilations", "group", "kernel_shape", "pads", "strides"},
    .infer = infer,
    .reference = reference,
    .grad = grad,
    .amp = Amp::kAllow,
    .quant = quant_weighted(),
    .sparsity = {1, sparsity_axis},
    .examples = {{.inputs = {{.shape = {2, 3, 5, 7}}, {.shape = {4, 3, 3, 3}}, {.shape = {4}}},
                  .attrs = {{"pads", std::vector<int64_t>{1, 1, 1, 1}}}},
                 {.inputs = {{.shape = {1, 4, 9, 6}}, {.shape = {6, 2, 3, 2}}},
                  .attrs = {{"group", int64_t{2}},
                            {"strides", std::vector<int64_t>{2, 1}},
                            {"dilations", std::vector<int64_t>{1, 2}},
                            {"pads", std::vector<int64_t>{0, 1, 2, 0}}}},
                 {.inputs = {{.shape = {2, 3, 6, 6}}, {.shape = {2, 3, 3, 3}}},
                  .attrs = {{"auto_pad", std::string("SAME_UPPER")},
                            {"strides", std::vector<int64_t>{2, 2}}}},
                 {.inputs = {{.shape = {3, 8, 4, 4}}, {.shape = {5, 8, 1, 1}}}},
                 {.inputs = {{.shape = {2, 3, 7}}, {.shape = {4, 3, 3}}, {.shape = {4}}},
                  .attrs = {{"pads", std::vector<int64_t>{2, 1}}, {"strides", std::vector<int64_t>{2}}}},
                 {.inputs = {{.shape = {1, 2, 4, 3, 5}}, {.shape = {2, 1, 2, 3, 2}}},
                  .attrs = {{"group", int64_t{2}},
                            {"dilations", std::vector<int64_t>{2, 1, 3}},
                            {"pads", std::vector<int64_t>{1, 1, 0, 0, 1, 2}}}}},
};

extern const OpDef kFusedConv;
const OpDef kFusedConv = {
    .name = "FusedConv",
    .doc =
        "dst = activation(Conv(src, weight, bias) + residual); activation is none, relu, clip to "
        "[clip_low, clip_high], leaky_relu, sigmoid, tanh, swish, hard_sigmoid, hard_swish or gelu.",
    .standard = false,
    .inputs = {{"src"},
               {.name = "weight", .weight = true, .row_major = true},
               {.name = "bias", .optional = true, .weight = true},
               {.name = "residual", .optional = true}},
    .outputs = {{"dst"}},
    .attrs = {"activation", "activation_offset", "activation_slope", "auto_pad", "clip_high", "clip_low",
              "dilations", "group", "kernel_shape", "pads", "strides"},
    .infer = infer_fused,
    .reference = reference,
    .grad = not_differentiable("made by fusion, after gradients"),
    .amp = Amp::kAllow,
    .quant = quant_weighted(),
    .sparsity = {1, sparsity_axis},
    .examples = {{.inputs = {{.shape = {2, 3, 5, 7}},
                             {.shape = {4, 3, 3, 3}},
                             {.shape = {4}},
                             {.shape = {2, 4, 5, 7}}},
                  .attrs = {{"pads", std::vector<int64_t>{1, 1, 1, 1}}, {"activation", std::string("relu")}}},
                 {.inputs = {{.shape = {1, 4, 9, 6}},
                             {.shape = {6, 2, 3, 2}},
                             {.absent = true},
                             {.shape = {1, 6, 4, 5}}},
                  .attrs = {{"group", int64_t{2}}, {"strides", std::vector<int64_t>{2, 1}}}},
                 {.inputs = {{.shape = {1, 8, 4, 5}}, {.shape = {5, 8, 1, 1}}, {.shape = {5}}},
                  .attrs = {{"activation", std::string("clip")}, {"clip_low", 0.0F}, {"clip_high", 0.25F}}},
                 {.inputs = {{.shape = {1, 8, 4, 5}}, {.shape = {5, 8, 1, 1}}, {.shape = {5}}},
                  .attrs = {{"activation", std::string("swish")}, {"activation_slope", 1.0F}}},
                 {.inputs = {{.shape = {1, 32, 9, 7}},
                             {.shape = {32, 32, 3, 3}, .constant = true},
                             {.shape = {32}, .constant = true},
                             {.shape = {1, 32, 9, 7}}},
                  .attrs = {{"pads", std::vector<int64_t>{1, 1, 1, 1}}, {"activation", std::string("relu")}}},
                 {.inputs = {{.shape = {1, 8, 4, 5}}, {.shape = {5, 8, 1, 1}}, {.shape = {5}}},
                  .attrs = {{"activation", std::string("hard_sigmoid")},
                            {"activation_slope", 0.2F},
                            {"activation_offset", 0.4F}}}},
};

}  // namespace twofour::ops
