// LayerNormalization (https://arxiv.org/abs/1607.06450) and RMSNormalization
// (https://arxiv.org/abs/1910.07467): over all axes from `axis` on.
#include <numeric>

#include "ops/elementwise/elementwise.h"
#include "ops/infer.h"
#include "ops/normalisation/row_norm.h"

namespace twofour::ops {
namespace {

size_t axis_of(const Attrs& attrs, size_t rank) { return normalize_axis(attrs.i("axis", -1), rank); }

void check_scale(const Node& node, size_t input, std::string_view what) {
  const ValueType& src = node.input(0)->type();
  const ValueType& type = node.input(input)->type();
  check_real(type, what);
  TWOFOUR_CHECK(type.dims.size() <= src.dims.size(), kInvalidArgument, "{} {} does not broadcast to src {}",
                what, type.to_string(), src.to_string());
  const size_t extra = src.dims.size() - type.dims.size();
  for (size_t i = 0; i < type.dims.size(); ++i)
    TWOFOUR_CHECK(type.dims[i] == Dim(1) || dims_fit(type.dims[i], src.dims[i + extra]), kInvalidArgument,
                  "{} {} does not broadcast to src {}", what, type.to_string(), src.to_string());
}

size_t check_inputs(const Node& node) {
  const int64_t stash = node.attrs().i("stash_type", 1);
  TWOFOUR_CHECK(stash == 1, kUnsupported, "stash_type is {}; statistics are always f32", stash);
  check_real(node.input(0)->type(), "src");
  check_scale(node, 1, "scale");
  return axis_of(node.attrs(), node.input(0)->rank());
}

void infer_layer(const Node& node, std::span<ValueType> outputs) {
  const size_t axis = check_inputs(node);
  if (node.input(2)) check_scale(node, 2, "bias");
  infer_same(node, outputs);
  Dims rows = outputs[0].dims;
  std::fill(rows.begin() + static_cast<int64_t>(axis), rows.end(), Dim(1));
  for (size_t i = 1; i < outputs.size(); ++i) outputs[i] = {DType::kF32, rows};
}

void infer_rms(const Node& node, std::span<ValueType> outputs) {
  check_inputs(node);
  outputs[0] = {node.input(1)->dtype(), node.input(0)->dims()};
}

RowNorm norm_of(const Attrs& attrs, const Shape& src, bool centred) {
  return {.length = src.numel(axis_of(attrs, src.rank()), src.rank()),
          .epsilon = attrs.f("epsilon", 1e-5F),
          .centred = centred};
}

template <bool kCentred>
void reference(const ReferenceArgs& args) {
  const Shape& src = args.inputs[0].shape();
  RowNorm norm = norm_of(args.attrs, src, kCentred);
  norm.scale_strides = broadcast_strides(args.inputs[1].shape(), src);
  const Tensor bias = input_or_none(args, 2);
  if (bias.defined()) norm.bias_strides = broadcast_strides(bias.shape(), src);
  normalise_rows(args, norm);
}

template <bool kCentred>
std::vector<Value*> grad(const GradArgs& args) {
  Builder& b = args.builder;
  const Node& node = args.node;
  Value* src = node.input(0);
  Value* scale = node.input(1);
  Value* dy = args.grad_outputs[0];
  TWOFOUR_CHECK(src->dtype() == scale->dtype(), kUnsupported, "{} has no gradient for mixed types",
                node.label());
  std::vector<int64_t> axes(src->rank() - axis_of(node.attrs(), src->rank()));
  std::iota(axes.begin(), axes.end(), -static_cast<int64_t>(axes.size()));
  const RowNormGrad norm =
      row_norm_grad(b, src, b.mul(dy, scale), axes, norm_of(node.attrs(), src->shape(), kCentred));
  std::vector<Value*> result = {norm.grad_src, nullptr};
  if (args.needed[1]) result[1] = b.unbroadcast(b.mul(dy, norm.hat), scale->shape());
  if (node.inputs().size() > 2)
    result.push_back(node.input(2) && args.needed[2] ? b.unbroadcast(dy, node.input(2)->shape()) : nullptr);
  return result;
}

}  // namespace

extern const OpDef kLayerNormalization;
const OpDef kLayerNormalization = {
    .name = "LayerNormalization",
    .doc = "dst = (src - mean) / sqrt(variance + epsilon) * scale + bias, over the axes from `axis` on.",
    .inputs = {{"src"},
               {.name = "scale", .weight = true},
               {.name = "bias", .optional = true, .weight = true}},
    .outputs = {{"dst"},
                {.name = "mean", .optional = true, .keep_f32 = true},
                {.name = "inv_std", .optional = true, .keep_f32 = true}},
    .attrs = {"axis", "epsilon", "stash_type"},
    .infer = infer_layer,
    .reference = reference<true>,
    .grad = Grad(grad<true>, "mean and deviation carry no gradient"),
    .amp = Amp::kInfer,
    .quant = quant_float("statistics need more than 8 bits"),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {{.shape = {2, 3, 5}}, {.shape = {5}}, {.shape = {5}}}},
                 {.inputs = {{.shape = {2, 3, 4}}, {.shape = {3, 4}}, {.shape = {1, 4}}},
                  .attrs = {{"axis", int64_t{1}}, {"epsilon", 0.1F}}},
                 {.inputs = {{.shape = {3, 4}}, {.shape = {4}}}, .num_outputs = 3}},
};

extern const OpDef kRMSNormalization;
const OpDef kRMSNormalization = {
    .name = "RMSNormalization",
    .doc = "dst = src / sqrt(mean(src^2) + epsilon) * scale, the mean over the axes from `axis` on.",
    .inputs = {{"src"}, {.name = "scale", .weight = true}},
    .outputs = {{"dst"}},
    .attrs = {"axis", "epsilon", "stash_type"},
    .infer = infer_rms,
    .reference = reference<false>,
    .grad = grad<false>,
    .amp = Amp::kInfer,
    .quant = quant_float("statistics need more than 8 bits"),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {{.shape = {2, 3, 5}}, {.shape = {5}}}},
                 {.inputs = {{.shape = {2, 3, 4}}, {.shape = {3, 1}}},
                  .attrs = {{"axis", int64_t{-2}}, {"epsilon", 0.01F}}}},
};

}  // namespace twofour::ops
