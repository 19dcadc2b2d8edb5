// BatchNormalization for inference: statistics are constants. Training uses BatchNormTrain.
#include "ops/normalisation/batch_norm.h"

#include <cmath>

#include "ops/builder.h"
#include "ops/domain.h"
#include "ops/infer.h"

namespace twofour::ops {

void check_batch_norm_inputs(const Node& node, size_t first, size_t last) {
  const ValueType& src = node.input(0)->type();
  check_real(src, "src");
  TWOFOUR_CHECK(src.dims.size() >= 2, kInvalidArgument, "src is {}; N,C,... is expected", src.to_string());
  for (size_t i = first; i < last; ++i) {
    const std::string_view what = get_op(node.op()).inputs[i].name;
    check_real(node.input(i)->type(), what);
    check_dims(node.input(i)->type(), {src.dims[1]}, what);
  }
}

namespace {

void infer(const Node& node, std::span<ValueType> outputs) {
  TWOFOUR_CHECK(node.attrs().i("training_mode", 0) == 0, kUnsupported,
                "training_mode is set; this is the inference form");
  TWOFOUR_CHECK(outputs.size() == 1, kUnsupported, "running statistics change in training only");
  check_batch_norm_inputs(node, 1, 5);
  infer_same(node, outputs);
}

void reference(const ReferenceArgs& args) {
  const AxisView view(args.inputs[0].shape(), 1);
  const double epsilon = args.attrs.f("epsilon", 1e-5F);
  std::vector<Tensor> wide(5);
  for (size_t i = 1; i < 5; ++i) wide[i] = args.inputs[i].to(DType::kF64);
  const auto parameter = [&](size_t i, int64_t c) { return wide[i].span<double>()[static_cast<size_t>(c)]; };
  dispatch_real(args.inputs[0].dtype(), [&]<typename T>(T) {
    const T* src = args.inputs[0].span<T>().data();
    T* dst = args.outputs[0].span<T>().data();
    for (int64_t n = 0; n < view.outer; ++n)
      for (int64_t c = 0; c < view.size; ++c) {
        const double factor = parameter(1, c) / std::sqrt(parameter(4, c) + epsilon);
        for (int64_t i = 0; i < view.inner; ++i)
          *dst++ = static_cast<T>((double{*src++} - parameter(3, c)) * factor + parameter(2, c));
      }
  });
}

std::vector<Value*> grad(const GradArgs& args) {
  Builder& b = args.builder;
  const Node& node = args.node;
  Value* dy = args.grad_outputs[0];
  const Shape shape = node.input(0)->shape();
  std::vector<int64_t> column(shape.rank() - 1, 1);  // [C,1,1] broadcasts along N,C,H,W
  column[0] = shape[1];
  std::vector<int64_t> others = {0};
  for (size_t i = 2; i < shape.rank(); ++i) others.push_back(static_cast<int64_t>(i));
  const auto per_channel = [&](Value* v) { return b.reshape(v, Shape(column)); };
  Value* inv_std =
      b.div(b.scalar(1), b.op("Sqrt", {b.add(node.input(4), b.scalar(node.attrs().f("epsilon", 1e-5F)))}));
  std::vector<Value*> result(5, nullptr);
  if (args.needed[0]) result[0] = b.mul(dy, per_channel(b.mul(node.input(1), inv_std)));
  if (args.needed[1]) {
    Value* centred = b.sub(node.input(0), per_channel(node.input(3)));
    result[1] = b.mul(b.reduce_sum(b.mul(dy, centred), others, false), inv_std);
  }
  if (args.needed[2]) result[2] = b.reduce_sum(dy, others, false);
  return result;
}

}  // namespace

extern const OpDef kBatchNormalization;
const OpDef kBatchNormalization = {
    .name = "BatchNormalization",
    .doc = "dst = (src - mean) / sqrt(var + epsilon) * scale + bias per channel; mean and var are constants.",
    .inputs = {{"src"},
               {.name = "scale", .keep_f32 = true, .weight = true},
               {.name = "bias", .keep_f32 = true, .weight = true},
               {.name = "mean", .keep_f32 = true, .state = true},
               {.name = "var", .keep_f32 = true, .state = true, .domain = positive_numbers}},
    .outputs = {{"dst"},
                {.name = "running_mean", .optional = true, .keep_f32 = true, .state = true},
                {.name = "running_var", .optional = true, .keep_f32 = true, .state = true}},
    .attrs = {"epsilon", "momentum", "training_mode"},
    .infer = infer,
    .reference = reference,
    .grad = Grad(grad, "mean and var are constants"),
    .amp = Amp::kInfer,
    .quant = quant_float("folded into the convolution before it"),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {{.shape = {2, 3, 5, 7}},
                             {.shape = {3}},
                             {.shape = {3}},
                             {.shape = {3}, .constant = true},
                             {.shape = {3}, .low = 0.5F, .high = 2, .constant = true}}},
                 {.inputs = {{.shape = {4, 5}},
                             {.shape = {5}},
                             {.shape = {5}},
                             {.shape = {5}, .constant = true},
                             {.shape = {5}, .low = 0.5F, .high = 2, .constant = true}},
                  .attrs = {{"epsilon", 1e-3F}}}},
};

}  // namespace twofour::ops
