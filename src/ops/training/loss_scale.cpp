// Loss scaling and clipping between the backward pass and the update: unscale and look for overflow in one
// pass, then clip, then step, then move the scale. Everything is f32.
#include <algorithm>
#include <cmath>

#include "ops/builder.h"
#include "ops/infer.h"
#include "ops/training/optimizer.h"

namespace twofour::ops {

void check_scalar(const Value* value, DType dtype, std::string_view what) {
  check_dtype(value->type(), dtype, what);
  check_one_element(value->type(), what);
}

namespace {

float scalar(const Tensor& tensor) { return tensor.span<float>()[0]; }
void store(const Tensor& tensor, double value) { tensor.span<float>()[0] = static_cast<float>(value); }

void infer_unscale(const Node& node, std::span<ValueType> outputs) {
  check_dtype(node.input(0)->type(), DType::kF32, "grad");
  check_scalar(node.input(1), DType::kF32, "loss_scale");
  outputs[0] = node.input(0)->type();
  outputs[1] = {DType::kF32, {}};
}

void reference_unscale(const ReferenceArgs& args) {
  const auto inverse = static_cast<float>(1.0 / double{scalar(args.inputs[1])});
  bool nonfinite = false;
  std::ranges::transform(args.inputs[0].span<float>(), args.outputs[0].span<float>().begin(), [&](float v) {
    nonfinite |= !std::isfinite(v);
    return v * inverse;
  });
  store(args.outputs[1], nonfinite ? 1 : 0);
}

void infer_scalars(const Node& node, std::span<ValueType> outputs) {
  for (const Value* input : node.inputs()) check_scalar(input, DType::kF32, "every input");
  outputs[0] = {DType::kF32, {}};
}

void reference_any(const ReferenceArgs& args) {
  store(args.outputs[0],
        std::ranges::any_of(args.inputs, [](const Tensor& t) { return scalar(t) != 0; }) ? 1 : 0);
}

void infer_norm(const Node& node, std::span<ValueType> outputs) {
  check_dtype(node.input(0)->type(), DType::kF32, "grad");
  outputs[0] = {DType::kF32, {}};
}

void reference_norm(const ReferenceArgs& args) {
  double sum = 0;
  for (const float v : args.inputs[0].span<float>()) sum += double{v} * double{v};
  store(args.outputs[0], sum);
}

void infer_clip_factor(const Node& node, std::span<ValueType> outputs) {
  const float most = node.attrs().f("max_norm", 0);
  TWOFOUR_CHECK(most > 0, kInvalidArgument, "max_norm is {}; it must be positive", most);
  infer_scalars(node, outputs);
}

void reference_clip_factor(const ReferenceArgs& args) {
  double sum = 0;
  for (const Tensor& norm : args.inputs) sum += scalar(norm);
  store(args.outputs[0], std::min(1.0, args.attrs.f("max_norm", 0) / (std::sqrt(sum) + 1e-6)));
}

void infer_scale_update(const Node& node, std::span<ValueType> outputs) {
  check_scalar(node.input(0), DType::kF32, "scale");
  check_scalar(node.input(1), DType::kI32, "tracker");
  check_scalar(node.input(2), DType::kF32, "nonfinite");
  TWOFOUR_CHECK(node.attrs().i("growth_interval", 2000) >= 1, kInvalidArgument,
                "growth_interval must be positive");
  outputs[0] = node.input(0)->type();
  outputs[1] = node.input(1)->type();
}

void reference_scale_update(const ReferenceArgs& args) {
  const Attrs& attrs = args.attrs;
  float scale = scalar(args.inputs[0]);
  int32_t tracker = args.inputs[1].span<int32_t>()[0];
  if (scalar(args.inputs[2]) != 0) {
    scale = std::max(scale * attrs.f("backoff_factor", 0.5F), attrs.f("min_scale", 1));
    tracker = 0;
  } else if (tracker + int64_t{1} >= attrs.i("growth_interval", 2000)) {
    scale = std::min(scale * attrs.f("growth_factor", 2), attrs.f("max_scale", 0x1p24F));
    tracker = 0;
  } else {
    ++tracker;
  }
  store(args.outputs[0], scale);
  args.outputs[1].span<int32_t>()[0] = tracker;
}

OpDef update_op(std::string_view name, std::string_view doc, std::vector<Port> inputs,
                std::vector<Port> outputs, std::vector<std::string_view> attrs, InferFn infer,
                ReferenceFn reference, std::vector<Example> examples) {
  return {
      .name = name,
      .doc = doc,
      .standard = false,
      .inputs = std::move(inputs),
      .outputs = std::move(outputs),
      .attrs = std::move(attrs),
      .infer = infer,
      .reference = reference,
      .grad = not_differentiable("part of the update, after the gradients"),
      .amp = Amp::kFixed,
      .quant = quant_float("a training op"),
      .sparsity = no_sparsity(),
      .examples = std::move(examples),
  };
}

constexpr float kInf = INFINITY;

}  // namespace

extern const OpDef kGradUnscale;
const OpDef kGradUnscale = update_op(
    "GradUnscale",
    "grad_unscaled = grad / loss_scale; nonfinite = 1 when an element of grad is inf or NaN, else 0.",
    {{.name = "grad", .row_major = true}, {"loss_scale"}},
    {{.name = "grad_unscaled", .row_major = true}, {"nonfinite"}}, {}, infer_unscale, reference_unscale,
    {{.inputs = {{.shape = {3, 5}}, {.shape = {}, .values = {128}}}, .num_outputs = 2},
     {.inputs = {{.shape = {3}, .values = {1, kInf, 2}}, {.shape = {}, .values = {2}}}, .num_outputs = 2}});

extern const OpDef kAnyNonFinite;
const OpDef kAnyNonFinite =
    update_op("AnyNonFinite", "nonfinite = 1 when any of the flags is not 0, else 0.",
              {{.name = "flag", .variadic = true}}, {{"nonfinite"}}, {}, infer_scalars, reference_any,
              {{.inputs = {{.shape = {}, .values = {0}}, {.shape = {}, .values = {1}}}},
               {.inputs = {{.shape = {}, .values = {0}}}}});

extern const OpDef kGradNormSquared;
const OpDef kGradNormSquared = update_op("GradNormSquared", "norm_squared = the sum of the squares of grad.",
                                         {{.name = "grad", .row_major = true}}, {{"norm_squared"}}, {},
                                         infer_norm, reference_norm, {{.inputs = {{.shape = {3, 5, 7}}}}});

extern const OpDef kClipFactor;
const OpDef kClipFactor = update_op(
    "ClipFactor", "factor = min(1, max_norm / (sqrt(the sum of the squared norms) + 1e-6)).",
    {{.name = "norm_squared", .variadic = true}}, {{"factor"}}, {"max_norm"}, infer_clip_factor,
    reference_clip_factor,
    {{.inputs = {{.shape = {}, .values = {9}}, {.shape = {}, .values = {16}}}, .attrs = {{"max_norm", 1.0F}}},
     {.inputs = {{.shape = {}, .values = {0.25F}}}, .attrs = {{"max_norm", 2.0F}}}});

extern const OpDef kLossScaleUpdate;
const OpDef kLossScaleUpdate =
    update_op("LossScaleUpdate",
              "After a non-finite step the scale shrinks by backoff_factor (not below min_scale) and the "
              "tracker restarts; after "
              "growth_interval finite steps in a row it grows by growth_factor (not above max_scale).",
              {{"scale"}, {"tracker"}, {"nonfinite"}}, {{"new_scale"}, {"new_tracker"}},
              {"backoff_factor", "growth_factor", "growth_interval", "max_scale", "min_scale"},
              infer_scale_update, reference_scale_update,
              {{.inputs = {{.shape = {}, .values = {1024}},
                           {.dtype = DType::kI32, .shape = {}, .values = {5}},
                           {.shape = {}, .values = {1}}},
                .num_outputs = 2},
               {.inputs = {{.shape = {}, .values = {1024}},
                           {.dtype = DType::kI32, .shape = {}, .values = {2}},
                           {.shape = {}, .values = {0}}},
                .attrs = {{"growth_interval", int64_t{3}}},
                .num_outputs = 2}});

}  // namespace twofour::ops
