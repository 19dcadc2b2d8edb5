// ConvTranspose: the gradient of a convolution with respect to its input, used forward.
#include "ops/builder.h"
#include "ops/convolution/conv_product.h"
#include "ops/infer.h"

namespace twofour::ops {
namespace {

/// The convolution whose input is dst and whose output is src.
struct Transposed {
  Window3d window;  // pads are resolved where the sizes are known
  Dims spatial;     // of dst
};

/// One number per spatial dimension, or none.
std::vector<int64_t> list_of(const Attrs& attrs, std::string_view name, size_t spatial) {
  std::vector<int64_t> list = attrs.ints(name);
  TWOFOUR_CHECK(list.empty() || list.size() == spatial, kInvalidArgument,
                "{} has {} entries; {} are expected", name, list.size(), spatial);
  for (const int64_t v : list)
    TWOFOUR_CHECK(v >= 0 && v < (int64_t{1} << 31), kInvalidArgument, "{} holds {}", name, v);
  return list;
}

/// Splits the padding that makes `span` values shrink to `out`.
void pad_to(Window3d& window, size_t i, int64_t span, int64_t out, bool small_first) {
  const int64_t total = std::max<int64_t>(0, span - out);
  window.pads[i] = small_first ? total / 2 : total - total / 2;
  window.pads[i + 3] = total - window.pads[i];
}

Transposed transposed_from(Attrs attrs, const Dims& src, const Dims& weight) {
  const std::string auto_pad = attrs.s("auto_pad", "NOTSET");
  TWOFOUR_CHECK(auto_pad == "NOTSET" || auto_pad == "VALID" || auto_pad.starts_with("SAME_"),
                kInvalidArgument, "auto_pad \"{}\" is not known", auto_pad);
  attrs.erase("auto_pad");
  if (auto_pad == "VALID") attrs.erase("pads");
  Transposed v = {window_from_attrs(attrs, src, &weight), {}};
  const size_t spatial = src.size() - 2;
  const std::vector<int64_t> extra = list_of(attrs, "output_padding", spatial);
  const std::vector<int64_t> shape = list_of(attrs, "output_shape", spatial);
  for (size_t axis = 0; axis < spatial; ++axis) {
    const size_t i = axis + 3 - spatial;
    const Dim& in = src[axis + 2];
    if (!in.known()) {
      v.spatial.push_back(shape.empty() ? Dim() : Dim(shape[axis]));
      continue;
    }
    TWOFOUR_CHECK(in.value >= 1 && in.value < (int64_t{1} << 31), kInvalidArgument,
                  "a spatial size of {} is out of range", in.value);
    const int64_t span =
        (in.value - 1) * v.window.stride[i] + (extra.empty() ? 0 : extra[axis]) + v.window.extent(i);
    const bool small_first = auto_pad == "SAME_UPPER";
    int64_t out = span - v.window.pads[i] - v.window.pads[i + 3];
    if (!shape.empty()) out = shape[axis];
    else if (auto_pad.starts_with("SAME_")) out = in.value * v.window.stride[i];
    if (!shape.empty() || auto_pad.starts_with("SAME_")) pad_to(v.window, i, span, out, small_first);
    TWOFOUR_CHECK(out >= 0, kInvalidArgument, "padding {} and {} exceeds the {} values of the result",
                  v.window.pads[i], v.window.pads[i + 3], span);
    v.spatial.push_back(out);
  }
  return v;
}

void infer(const Node& node, std::span<ValueType> outputs) {
  const ValueType& src = node.input(0)->type();
  const ValueType& weight = node.input(1)->type();
  check_real(src, "src");
  check_dtype(weight, src.dtype, "weight");
  const Transposed v = transposed_from(node.attrs(), src.dims, weight.dims);
  const int64_t groups = node.attrs().i("group", 1);
  TWOFOUR_CHECK(groups >= 1 && groups < (int64_t{1} << 31) && dims_fit(src.dims[1], weight.dims[0]) &&
                    (!weight.dims[0].known() || weight.dims[0].value % groups == 0),
                kInvalidArgument, "weight {} with group {} does not fit input {}", weight.to_string(), groups,
                src.to_string());
  const Dim factors[] = {weight.dims[1], groups};
  outputs[0] = {src.dtype, {src.dims[0], product(factors)}};
  outputs[0].dims.insert(outputs[0].dims.end(), v.spatial.begin(), v.spatial.end());
  if (const Value* bias = node.input(2)) {
    check_dtype(bias->type(), src.dtype, "bias");
    check_dims(bias->type(), {outputs[0].dims[1]}, "bias");
  }
}

void reference(const ReferenceArgs& args) {
  const Shape& src = args.inputs[0].shape();
  const Shape& weight = args.inputs[1].shape();
  const Shape& dst = args.outputs[0].shape();
  const Conv3d v = {.n = src[0],
                    .c = dst[1],
                    .k = src[1],
                    .groups = args.attrs.i("group", 1),
                    .in = spatial_sizes(dst),
                    .out = spatial_sizes(src),
                    .window = transposed_from(args.attrs, to_dims(src), to_dims(weight)).window};
  dispatch_real(args.inputs[0].dtype(), [&]<typename T>(T) {
    const auto x = args.inputs[0].span<T>();
    const auto w = args.inputs[1].span<T>();
    const Tensor bias = input_or_none(args, 2);
    const auto y = args.outputs[0].span<T>();
    std::vector<double> sums(y.size(), 0.0);
    const auto plane = static_cast<size_t>(dst.numel(2, dst.rank()));
    if (bias.defined())
      for (size_t i = 0; i < sums.size(); ++i)
        sums[i] = bias.span<T>()[i / plane % static_cast<size_t>(dst[1])];
    for_each_product(
        v, [&](size_t to, size_t tap, size_t from) { sums[to] += double{x[from]} * double{w[tap]}; });
    for (size_t i = 0; i < y.size(); ++i) y[i] = static_cast<T>(sums[i]);
  });
}

/// The attributes of that convolution. Throws Error{kUnsupported} when it has another size.
Attrs conv_attrs(const Node& node) {
  const Dims& src = node.input(0)->dims();
  const Transposed v = transposed_from(node.attrs(), src, node.input(1)->dims());
  Attrs attrs = {{"group", node.attrs().i("group", 1)}};
  const size_t spatial = src.size() - 2;
  std::vector<int64_t> pads(2 * spatial);
  for (size_t axis = 0; axis < spatial; ++axis) {
    const size_t i = axis + 3 - spatial;
    pads[axis] = v.window.pads[i];
    pads[axis + spatial] = v.window.pads[i + 3];
    TWOFOUR_CHECK(v.window.out_size(i, v.spatial[axis].value) == src[axis + 2].value, kUnsupported,
                  "{} has no gradient with this output size", node.label());
  }
  attrs.set("pads", std::move(pads));
  for (const char* name : {"dilations", "strides"})
    if (node.attrs().has(name)) attrs.set(name, node.attrs().ints(name));
  return attrs;
}

std::vector<Value*> grad(const GradArgs& args) {
  Builder& b = args.builder;
  const Node& node = args.node;
  Value* dy = args.grad_outputs[0];
  std::vector<Value*> result(node.inputs().size(), nullptr);
  const Attrs attrs = conv_attrs(node);
  if (args.needed[0]) result[0] = b.op("Conv", {dy, node.input(1)}, attrs);
  if (args.needed[1]) {
    Attrs with_shape = attrs;
    with_shape.set("weight_shape", node.input(1)->shape().dims());
    result[1] = b.op("ConvGradWeight", {dy, node.input(0)}, std::move(with_shape));
  }
  if (node.input(2) && args.needed[2]) {
    std::vector<int64_t> axes = {0};
    for (size_t i = 2; i < dy->rank(); ++i) axes.push_back(static_cast<int64_t>(i));
    result[2] = b.reduce_sum(dy, axes, false);
  }
  return result;
}

}  // namespace

extern const OpDef kConvTranspose;
const OpDef kConvTranspose = {
    .name = "ConvTranspose",
    .doc =
        "dst[n,m,p*stride+r*dilation-pad,...] = bias[m] + sum over c,r,... of src[n,c,p,...] * "
        "weight[c,m,r,...].",
    .inputs = {{"src"},
               {.name = "weight", .weight = true, .row_major = true},
               {.name = "bias", .optional = true, .weight = true}},
    .outputs = {{"dst"}},
    .attrs = {"auto_pad", "dilations", "group", "kernel_shape", "output_padding", "output_shape", "pads",
              "strides"},
    .infer = infer,
    .reference = reference,
    .grad = grad,
    .amp = Amp::kAllow,
    .quant = quant_float("its weights have one scale per input channel, not per output"),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {{.shape = {1, 3, 3, 4}}, {.shape = {3, 2, 3, 2}}, {.shape = {2}}},
                  .attrs = {{"strides", std::vector<int64_t>{2, 3}},
                            {"pads", std::vector<int64_t>{1, 0, 0, 1}},
                            {"output_padding", std::vector<int64_t>{1, 0}}}},
                 {.inputs = {{.shape = {2, 4, 5}}, {.shape = {4, 1, 3}}},
                  .attrs = {{"group", int64_t{2}}, {"dilations", std::vector<int64_t>{2}}}},
                 {.inputs = {{.shape = {1, 2, 3, 3}}, {.shape = {2, 3, 3, 3}}},
                  .attrs = {{"auto_pad", std::string("SAME_LOWER")},
                            {"strides", std::vector<int64_t>{2, 2}}}},
                 {.inputs = {{.shape = {1, 2, 2, 2, 3}}, {.shape = {2, 1, 2, 1, 2}}},
                  .attrs = {{"strides", std::vector<int64_t>{2, 1, 2}},
                            {"output_shape", std::vector<int64_t>{4, 2, 5}}}}},
};

}  // namespace twofour::ops
