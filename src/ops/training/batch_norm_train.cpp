// Batch normalisation with the statistics of the batch (population variance), and its gradient. The
// statistics that the gradient needs are outputs, so nothing is computed twice.
#include <cmath>

#include "ops/builder.h"
#include "ops/domain.h"
#include "ops/infer.h"
#include "ops/normalisation/batch_norm.h"

namespace twofour::ops {
namespace {

/// Calls fn(index) for every element of channel c.
template <typename Fn>
void for_each_in_channel(const AxisView& view, int64_t c, Fn&& fn) {
  for (int64_t n = 0; n < view.outer; ++n) {
    const auto begin = static_cast<size_t>((n * view.size + c) * view.inner);
    for (size_t i = begin; i < begin + static_cast<size_t>(view.inner); ++i) fn(i);
  }
}

/// Of what there is one of per channel.
DType channel_dtype(const ValueType& src) { return src.dtype == DType::kF64 ? DType::kF64 : DType::kF32; }

/// Inputs [first, last) hold one value per channel of input 0.
void check_channels(const Node& node, size_t first, size_t last) {
  check_batch_norm_inputs(node, first, last);
  const DType expected = channel_dtype(node.input(0)->type());
  for (size_t i = first; i < last; ++i)
    check_dtype(node.input(i)->type(), expected, get_op(node.op()).inputs[i].name);
}

void infer(const Node& node, std::span<ValueType> outputs) {
  check_channels(node, 1, 5);
  outputs[0] = node.input(0)->type();
  for (size_t i = 1; i < 5; ++i) outputs[i] = {channel_dtype(outputs[0]), {outputs[0].dims[1]}};
}

template <typename T>
void normalise(const ReferenceArgs& args) {
  const AxisView view(args.inputs[0].shape(), 1);
  const double epsilon = args.attrs.f("epsilon", 1e-5F);
  const double momentum = args.attrs.f("momentum", 0.9F);
  const bool relu = args.attrs.i("relu", 0) != 0;
  const double count = static_cast<double>(view.outer * view.inner);
  const auto src = args.inputs[0].span<T>();
  const auto dst = args.outputs[0].span<T>();
  for (int64_t c = 0; c < view.size; ++c) {
    const auto at = static_cast<size_t>(c);
    const auto in = [&](size_t i) { return double{args.inputs[i].span<T>()[at]}; };
    const auto out = [&](size_t i, double v) { args.outputs[i].span<T>()[at] = static_cast<T>(v); };
    double mean = 0;
    for_each_in_channel(view, c, [&](size_t i) { mean += src[i]; });
    mean /= count;
    double variance = 0;
    for_each_in_channel(view, c, [&](size_t i) { variance += (src[i] - mean) * (src[i] - mean); });
    variance /= count;
    const double inv_std = 1 / std::sqrt(variance + epsilon);
    for_each_in_channel(view, c, [&](size_t i) {
      const auto v = static_cast<T>((src[i] - mean) * inv_std * in(1) + in(2));
      dst[i] = relu && v < 0 ? T{0} : v;
    });
    out(1, in(3) * momentum + mean * (1 - momentum));
    out(2, in(4) * momentum + variance * (1 - momentum));
    out(3, mean);
    out(4, inv_std);
  }
}

void reference(const ReferenceArgs& args) {
  dispatch_real(args.inputs[0].dtype(), [&]<typename T>(T) { normalise<T>(args); });
}

std::vector<Value*> grad(const GradArgs& args) {
  const Node& node = args.node;
  const bool relu = node.attrs().i("relu", 0) != 0;
  std::vector<Value*> result(5, nullptr);
  if (!args.grad_outputs[0]) return result;
  const auto grads = args.builder.op_n("BatchNormTrainGrad",
                                       {args.grad_outputs[0], node.input(0), node.input(1), node.output(3),
                                        node.output(4), relu ? node.output(0) : nullptr},
                                       3, {{"relu", int64_t{relu}}});
  std::copy(grads.begin(), grads.end(), result.begin());
  return result;
}

void infer_grad(const Node& node, std::span<ValueType> outputs) {
  check_channels(node, 2, 5);
  const ValueType& dy = node.input(0)->type();
  for (const size_t i : {1, 5}) {
    if (!node.input(i)) continue;
    check_dtype(node.input(i)->type(), dy.dtype, get_op(node.op()).inputs[i].name);
    check_dims(node.input(i)->type(), dy.dims, get_op(node.op()).inputs[i].name);
  }
  TWOFOUR_CHECK(node.attrs().i("relu", 0) == 0 || node.input(5), kInvalidArgument, "relu=1 needs input dst");
  outputs[0] = dy;
  outputs[1] = outputs[2] = {channel_dtype(dy), {dy.dims[1]}};
}

template <typename T>
void pull_back(const ReferenceArgs& args) {
  const AxisView view(args.inputs[0].shape(), 1);
  const bool relu = args.attrs.i("relu", 0) != 0;
  const double count = static_cast<double>(view.outer * view.inner);
  const auto src = args.inputs[1].span<T>();
  const auto dx = args.outputs[0].span<T>();
  const auto dy = [&](size_t i) {
    return relu && args.inputs[5].span<T>()[i] <= 0 ? 0.0 : double{args.inputs[0].span<T>()[i]};
  };
  for (int64_t c = 0; c < view.size; ++c) {
    const auto at = static_cast<size_t>(c);
    const double scale = args.inputs[2].span<T>()[at];
    const double mean = args.inputs[3].span<T>()[at];
    const double inv_std = args.inputs[4].span<T>()[at];
    double sum = 0;
    double dot = 0;
    for_each_in_channel(view, c, [&](size_t i) {
      sum += dy(i);
      dot += dy(i) * (src[i] - mean) * inv_std;
    });
    for_each_in_channel(view, c, [&](size_t i) {
      const double normalised = (src[i] - mean) * inv_std;
      dx[i] = static_cast<T>(scale * inv_std * (dy(i) - sum / count - normalised * dot / count));
    });
    args.outputs[1].span<T>()[at] = static_cast<T>(dot);
    args.outputs[2].span<T>()[at] = static_cast<T>(sum);
  }
}

void reference_grad(const ReferenceArgs& args) {
  dispatch_real(args.inputs[0].dtype(), [&]<typename T>(T) { pull_back<T>(args); });
}

}  // namespace

extern const OpDef kBatchNormTrain;
const OpDef kBatchNormTrain = {
    .name = "BatchNormTrain",
    .doc =
        "BatchNormalization with the batch's own mean and population variance; relu=1 applies max(., 0) to "
        "dst; "
        "new_running = running * momentum + batch * (1 - momentum).",
    .standard = false,
    .inputs = {{"src"},
               {.name = "scale", .keep_f32 = true, .weight = true},
               {.name = "bias", .keep_f32 = true, .weight = true},
               {.name = "running_mean", .keep_f32 = true, .state = true},
               {.name = "running_var", .keep_f32 = true, .state = true, .domain = positive_numbers}},
    .outputs = {{"dst"},
                {.name = "new_running_mean", .keep_f32 = true, .state = true},
                {.name = "new_running_var", .keep_f32 = true, .state = true},
                {.name = "saved_mean", .keep_f32 = true},
                {.name = "saved_inv_std", .keep_f32 = true}},
    .attrs = {"epsilon", "momentum", "relu"},
    .infer = infer,
    .reference = reference,
    .grad = Grad(grad, "running statistics carry no gradient"),
    .amp = Amp::kInfer,
    .quant = quant_float("a training op"),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {{.shape = {3, 2, 3, 5}},
                             {.shape = {2}, .low = 0.5F},
                             {.shape = {2}},
                             {.shape = {2}},
                             {.shape = {2}, .low = 0.5F, .high = 2}},
                  .num_outputs = 5},
                 {.inputs = {{.shape = {3, 2, 1, 3},  // no value is near the kink of max(., 0)
                              .values = {1.1F, -1.2F, 0.9F, -1.4F, 1.3F, -1, -0.8F, 1.2F, 1, 0.7F, -0.9F,
                                         1.5F, 1.2F, -1, -1.1F, -1.3F, 0.8F, 1.1F}},
                             {.shape = {2}, .values = {1.2F, 0.8F}},
                             {.shape = {2}, .values = {0.1F, -0.1F}},
                             {.shape = {2}},
                             {.shape = {2}, .low = 0.5F, .high = 2}},
                  .attrs = {{"relu", int64_t{1}}, {"momentum", 0.8F}, {"epsilon", 1e-3F}},
                  .num_outputs = 5},
                 {.inputs = {{.dtype = DType::kF64, .shape = {3, 2}},
                             {.dtype = DType::kF64, .shape = {2}},
                             {.dtype = DType::kF64, .shape = {2}},
                             {.dtype = DType::kF64, .shape = {2}},
                             {.dtype = DType::kF64, .shape = {2}, .low = 0.5F}},
                  .num_outputs = 5}},
};

extern const OpDef kBatchNormTrainGrad;
const OpDef kBatchNormTrainGrad = {
    .name = "BatchNormTrainGrad",
    .doc = "Gradient of BatchNormTrain; with relu=1, grad_dst counts only where dst > 0.",
    .standard = false,
    .inputs = {{"grad_dst"},
               {"src"},
               {.name = "scale", .keep_f32 = true},
               {.name = "saved_mean", .keep_f32 = true},
               {.name = "saved_inv_std", .keep_f32 = true, .domain = positive_numbers},
               {.name = "dst", .optional = true}},
    .outputs = {{"grad_src"},
                {.name = "grad_scale", .keep_f32 = true},
                {.name = "grad_bias", .keep_f32 = true}},
    .attrs = {"relu"},
    .infer = infer_grad,
    .reference = reference_grad,
    .grad = not_differentiable("second derivatives are not supported"),
    .amp = Amp::kInfer,
    .quant = quant_float("a gradient"),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {{.shape = {3, 2, 3, 5}},
                             {.shape = {3, 2, 3, 5}},
                             {.shape = {2}},
                             {.shape = {2}},
                             {.shape = {2}, .low = 0.5F}},
                  .num_outputs = 3},
                 {.inputs = {{.shape = {3, 2, 3, 5}},
                             {.shape = {3, 2, 3, 5}},
                             {.shape = {2}},
                             {.shape = {2}},
                             {.shape = {2}, .low = 0.5F},
                             {.shape = {3, 2, 3, 5}}},
                  .attrs = {{"relu", int64_t{1}}},
                  .num_outputs = 3},
                 {.inputs = {{.dtype = DType::kF64, .shape = {3, 2}},
                             {.dtype = DType::kF64, .shape = {3, 2}},
                             {.dtype = DType::kF64, .shape = {2}},
                             {.dtype = DType::kF64, .shape = {2}},
                             {.dtype = DType::kF64, .shape = {2}, .low = 0.5F}},
                  .num_outputs = 3}},
};

}  // namespace twofour::ops
