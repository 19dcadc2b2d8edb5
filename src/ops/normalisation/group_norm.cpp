// InstanceNormalization (https://arxiv.org/abs/1607.08022) and GroupNormalization
// (https://arxiv.org/abs/1803.08494): per image, over one channel or a group of them.
#include <numeric>

#include "ops/infer.h"
#include "ops/normalisation/row_norm.h"
#include "ops/strided.h"

namespace twofour::ops {
namespace {

/// Checks src N,C,... and one scale and bias per channel.
void check_inputs(const Node& node) {
  const ValueType& src = node.input(0)->type();
  check_real(src, "src");
  TWOFOUR_CHECK(src.dims.size() >= 2, kInvalidArgument, "src is {}; N,C,... is expected", src.to_string());
  for (const size_t i : {1, 2}) {
    const std::string_view what = i == 1 ? "scale" : "bias";
    check_real(node.input(i)->type(), what);
    check_dims(node.input(i)->type(), {src.dims[1]}, what);
  }
}

/// Groups of src's channels; instances are groups of one.
int64_t groups_of(const Attrs& attrs, const Dim& channels) {
  if (!attrs.has("num_groups")) return channels.value;
  const int64_t groups = attrs.i("num_groups", 0);
  TWOFOUR_CHECK(groups >= 1 && (!channels.known() || channels.value % groups == 0), kInvalidArgument,
                "num_groups is {}; it must divide the {} channels", groups, channels.to_string());
  return groups;
}

void infer_instance(const Node& node, std::span<ValueType> outputs) {
  check_inputs(node);
  infer_same(node, outputs);
}

void infer_group(const Node& node, std::span<ValueType> outputs) {
  check_inputs(node);
  TWOFOUR_CHECK(node.attrs().has("num_groups"), kInvalidArgument, "attribute num_groups is missing");
  groups_of(node.attrs(), node.input(0)->dims()[1]);
  const int64_t stash = node.attrs().i("stash_type", 1);
  TWOFOUR_CHECK(stash == 1, kUnsupported, "stash_type is {}; statistics are always f32", stash);
  infer_same(node, outputs);
}

RowNorm norm_of(const Attrs& attrs, const Shape& src) {
  std::vector<int64_t> per_channel(src.rank(), 0);
  per_channel[1] = 1;
  const int64_t groups = groups_of(attrs, src[1]);
  return {.length = groups ? src.numel(1, src.rank()) / groups : 0,
          .epsilon = attrs.f("epsilon", 1e-5F),
          .centred = true,
          .scale_strides = per_channel,
          .bias_strides = per_channel};
}

void reference(const ReferenceArgs& args) {
  normalise_rows(args, norm_of(args.attrs, args.inputs[0].shape()));
}

std::vector<Value*> grad(const GradArgs& args) {
  Builder& b = args.builder;
  const Node& node = args.node;
  const Shape shape = node.input(0)->shape();
  const int64_t groups = groups_of(node.attrs(), shape[1]);
  const RowNorm norm = norm_of(node.attrs(), shape);
  Shape column(std::vector<int64_t>(shape.rank() - 1, 1));  // [C,1,...] broadcasts along N,C,...
  column[0] = shape[1];
  const Shape rows = {shape[0], groups, norm.length};
  Value* dy = args.grad_outputs[0];
  Value* grad_hat = b.mul(dy, b.reshape(node.input(1), column));
  const RowNormGrad by_rows =
      row_norm_grad(b, b.reshape(node.input(0), rows), b.reshape(grad_hat, rows), {-1}, norm);
  std::vector<int64_t> others = {0};
  for (size_t i = 2; i < shape.rank(); ++i) others.push_back(static_cast<int64_t>(i));
  std::vector<Value*> result = {b.reshape(by_rows.grad_src, shape), nullptr, nullptr};
  if (args.needed[1]) result[1] = b.reduce_sum(b.mul(dy, b.reshape(by_rows.hat, shape)), others, false);
  if (args.needed[2]) result[2] = b.reduce_sum(dy, others, false);
  return result;
}

OpDef channel_norm(std::string_view name, std::string_view doc, std::vector<std::string_view> attrs,
                   InferFn infer, std::vector<Example> examples) {
  return {
      .name = name,
      .doc = doc,
      .inputs = {{"src"}, {.name = "scale", .weight = true}, {.name = "bias", .weight = true}},
      .outputs = {{"dst"}},
      .attrs = std::move(attrs),
      .infer = infer,
      .reference = reference,
      .grad = grad,
      .amp = Amp::kInfer,
      .quant = quant_float("statistics need more than 8 bits"),
      .sparsity = no_sparsity(),
      .examples = std::move(examples),
  };
}

}  // namespace

extern const OpDef kInstanceNormalization;
const OpDef kInstanceNormalization = channel_norm(
    "InstanceNormalization",
    "dst = (src - mean) / sqrt(variance + epsilon) * scale + bias, statistics per image and channel.",
    {"epsilon"}, infer_instance,
    {{.inputs = {{.shape = {2, 3, 2, 4}}, {.shape = {3}}, {.shape = {3}}}},
     {.inputs = {{.shape = {2, 2, 5}}, {.shape = {2}}, {.shape = {2}}}, .attrs = {{"epsilon", 0.1F}}}});

extern const OpDef kGroupNormalization;
const OpDef kGroupNormalization =
    channel_norm("GroupNormalization",
                 "dst = (src - mean) / sqrt(variance + epsilon) * scale + bias, statistics per image and "
                 "group of channels.",
                 {"epsilon", "num_groups", "stash_type"}, infer_group,
                 {{.inputs = {{.shape = {2, 6, 2, 2}}, {.shape = {6}}, {.shape = {6}}},
                   .attrs = {{"num_groups", int64_t{3}}}},
                  {.inputs = {{.shape = {2, 4, 3}}, {.shape = {4}}, {.shape = {4}}},
                   .attrs = {{"num_groups", int64_t{1}}, {"epsilon", 0.1F}}}});

}  // namespace twofour::ops
