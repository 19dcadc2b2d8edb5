#include <algorithm>

#include "ops/builder.h"
#include "ops/infer.h"
#include "ops/training/optimizer.h"

namespace twofour::ops {
namespace {

enum Input : size_t { kParam, kGrad, kMomentum, kRate, kMask, kNonfinite, kClip };

void infer(const Node& node, std::span<ValueType> outputs) {
  const ValueType& param = node.input(kParam)->type();
  for (const size_t i : {kParam, kGrad, kMomentum}) {
    check_dtype(node.input(i)->type(), DType::kF32, get_op(node.op()).inputs[i].name);
    check_dims(node.input(i)->type(), param.dims, get_op(node.op()).inputs[i].name);
  }
  for (const size_t i : {kRate, kNonfinite, kClip})
    if (node.input(i)) check_scalar(node.input(i), DType::kF32, get_op(node.op()).inputs[i].name);
  if (const Value* mask = node.input(kMask)) {
    check_dtype(mask->type(), DType::kBool, "mask");
    check_dims(mask->type(), param.dims, "mask");
  }
  outputs[0] = outputs[1] = param;
}

/// Input i's one element, or `otherwise` when it is absent.
float scalar_or(const ReferenceArgs& args, size_t i, float otherwise) {
  const Tensor tensor = input_or_none(args, i);
  return tensor.defined() ? tensor.span<float>()[0] : otherwise;
}

void reference(const ReferenceArgs& args) {
  const auto param = args.inputs[kParam].span<float>();
  const auto grad = args.inputs[kGrad].span<float>();
  const auto buffer = args.inputs[kMomentum].span<float>();
  const auto new_param = args.outputs[0].span<float>();
  const auto new_buffer = args.outputs[1].span<float>();
  if (scalar_or(args, kNonfinite, 0) != 0) {
    std::ranges::copy(param, new_param.begin());
    std::ranges::copy(buffer, new_buffer.begin());
    return;
  }
  const Tensor mask = input_or_none(args, kMask);
  const float rate = scalar_or(args, kRate, 0);
  const float clip = scalar_or(args, kClip, 1);
  const float momentum = args.attrs.f("momentum", 0);
  const float decay = args.attrs.f("weight_decay", 0);
  const bool nesterov = args.attrs.i("nesterov", 0) != 0;
  for (size_t i = 0; i < param.size(); ++i) {
    if (mask.defined() && !mask.span<bool>()[i]) {
      new_param[i] = new_buffer[i] = 0;
      continue;
    }
    const float g = grad[i] * clip + decay * param[i];
    const float v = momentum * buffer[i] + g;
    new_buffer[i] = v;
    new_param[i] = param[i] - rate * (nesterov ? g + momentum * v : v);
  }
}

}  // namespace

extern const OpDef kSgdUpdate;
const OpDef kSgdUpdate = {
    .name = "SgdUpdate",
    .doc =
        "PyTorch's SGD: g = grad * clip_factor + weight_decay * param; buffer = momentum * buffer + g; "
        "param -= lr * (nesterov ? g + momentum * buffer : buffer). Where mask is false, param and buffer "
        "become 0; "
        "with nonfinite = 1 nothing changes.",
    .standard = false,
    .inputs = {{.name = "param", .row_major = true},
               {.name = "grad", .row_major = true},
               {.name = "momentum_buffer", .row_major = true},
               {"lr"},
               {.name = "mask", .optional = true, .state = true, .row_major = true},
               {.name = "nonfinite", .optional = true},
               {.name = "clip_factor", .optional = true}},
    .outputs = {{.name = "new_param", .row_major = true}, {.name = "new_momentum_buffer", .row_major = true}},
    .attrs = {"momentum", "nesterov", "weight_decay"},
    .infer = infer,
    .reference = reference,
    .grad = not_differentiable("part of the update, after the gradients"),
    .amp = Amp::kFixed,
    .quant = quant_float("a training op"),
    .sparsity = no_sparsity(),
    .examples =
        {{.inputs =
              {{.shape = {3, 5}}, {.shape = {3, 5}}, {.shape = {3, 5}}, {.shape = {}, .values = {0.1F}}},
          .attrs = {{"momentum", 0.9F}, {"weight_decay", 0.01F}},
          .num_outputs = 2},
         {.inputs = {{.shape = {4}},
                     {.shape = {4}},
                     {.shape = {4}},
                     {.shape = {}, .values = {0.1F}},
                     {.dtype = DType::kBool, .shape = {4}, .values = {1, 0, 0, 1}},
                     {.shape = {}, .values = {0}},
                     {.shape = {}, .values = {0.5F}}},
          .attrs = {{"momentum", 0.9F}, {"nesterov", int64_t{1}}},
          .num_outputs = 2},
         {.inputs = {{.shape = {3}},
                     {.shape = {3}},
                     {.shape = {3}},
                     {.shape = {}, .values = {0.1F}},
                     {.absent = true},
                     {.shape = {}, .values = {1}}},
          .num_outputs = 2}},
};

}  // namespace twofour::ops
