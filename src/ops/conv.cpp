#include "ops/builder.h"
#include "ops/conv_geometry.h"

namespace twofour::ops {
namespace {

void infer(const Node& node, std::span<ValueType> outputs) {
  const ValueType& src = node.input(0)->type();
  const ValueType& weight = node.input(1)->type();
  const Window2d window = window_from_attrs(node.attrs(), src.dims, &weight.dims);
  const int64_t groups = node.attrs().i("group", 1);
  const Dim& c = src.dims[1];
  TWOFOUR_CHECK(!c.known() || !weight.dims[1].known() || c.value == weight.dims[1].value * groups, kInvalidArgument,
                "input {} has {} channels; weight {} with group {} needs {}", src.to_string(), c.value,
                weight.to_string(), groups, weight.dims[1].value * groups);
  Dims dims = {src.dims[0], weight.dims[0], Dim(), Dim()};
  for (int i = 0; i < 2; ++i) {
    const Dim& size = src.dims[static_cast<size_t>(i) + 2];
    if (size.known()) dims[static_cast<size_t>(i) + 2] = window.out_size(i, size.value);
  }
  outputs[0] = {src.dtype, std::move(dims)};
}

void reference(const ReferenceArgs& args) {
  const Conv2d v = conv2d_from(args.attrs, args.inputs[0].shape(), args.inputs[1].shape());
  const auto src = args.inputs[0].span<float>();
  const auto weight = args.inputs[1].span<float>();
  const auto dst = args.outputs[0].span<float>();
  const bool has_bias = args.inputs.size() > 2 && args.inputs[2].defined();
  const int64_t cg = v.c / v.groups;
  const int64_t kg = v.k / v.groups;
  const auto& win = v.window;
  for (int64_t n = 0; n < v.n; ++n)
    for (int64_t k = 0; k < v.k; ++k)
      for (int64_t p = 0; p < v.p; ++p)
        for (int64_t q = 0; q < v.q; ++q) {
          double sum = has_bias ? args.inputs[2].span<float>()[static_cast<size_t>(k)] : 0.0;
          for (int64_t c = 0; c < cg; ++c)
            for (int64_t r = 0; r < v.r(); ++r)
              for (int64_t s = 0; s < v.s(); ++s) {
                const int64_t y = p * win.stride[0] - win.pads[0] + r * win.dilation[0];
                const int64_t x = q * win.stride[1] - win.pads[1] + s * win.dilation[1];
                if (y < 0 || y >= v.h || x < 0 || x >= v.w) continue;
                const int64_t channel = k / kg * cg + c;
                sum += static_cast<double>(src[static_cast<size_t>(((n * v.c + channel) * v.h + y) * v.w + x)]) *
                       static_cast<double>(weight[static_cast<size_t>(((k * cg + c) * v.r() + r) * v.s() + s)]);
              }
          dst[static_cast<size_t>(((n * v.k + k) * v.p + p) * v.q + q)] = static_cast<float>(sum);
        }
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
  if (result.size() > 2 && args.needed[2]) result[2] = b.reduce_sum(dy, {0, 2, 3}, false);
  return result;
}

// Input channels, at fixed (k, r, s): the axis the hardware multiplies along.
size_t sparsity_axis(const Node&) { return 1; }

}  // namespace

extern const OpDef kConv;
const OpDef kConv = {
    .name = "Conv",
    .doc = "dst[n,k,p,q] = bias[k] + sum over c,r,s of src[n,c,p*stride+r*dilation-pad,...] * weight[k,c,r,s].",
    .inputs = {{"src"}, {.name = "weight", .row_major = true}, {.name = "bias", .optional = true}},
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
                  .attrs = {{"auto_pad", std::string("SAME_UPPER")}, {"strides", std::vector<int64_t>{2, 2}}}},
                 {.inputs = {{.shape = {3, 8, 4, 4}}, {.shape = {5, 8, 1, 1}}}}},
};

}  // namespace twofour::ops
