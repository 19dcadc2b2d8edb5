// Dropout (https://www.cs.toronto.edu/~hinton/absps/JMLRdropout.pdf): nothing at inference.
#include <algorithm>
#include <random>

#include "ops/builder.h"
#include "ops/domain.h"
#include "ops/infer.h"
#include "ops/random/seed.h"
#include "ops/shape_value.h"

namespace twofour::ops {
namespace {

float ratio_of(const Tensor& ratio) {
  const float value = ratio.defined() ? ratio.to(DType::kF32).span<float>()[0] : 0.5F;
  TWOFOUR_CHECK(value >= 0 && value < 1, kInvalidArgument, "ratio is {}; it must be in [0, 1)", value);
  return value;
}

void infer(const Node& node, std::span<ValueType> outputs) {
  check_real(node.input(0)->type(), "src");
  if (const Value* ratio = node.input(1)) {
    check_real(ratio->type(), "ratio");
    check_one_element(ratio->type(), "ratio");
  }
  if (const Value* training = node.input(2)) {
    check_dtype(training->type(), DType::kBool, "training_mode");
    check_one_element(training->type(), "training_mode");
  }
  infer_same(node, outputs);
  if (outputs.size() > 1) outputs[1] = {DType::kBool, outputs[0].dims};
}

/// The draws of numpy.random.RandomState(seed), with which ONNX's own tests are made.
std::vector<bool> kept(size_t count, uint64_t seed, double ratio) {
  std::mt19937 generator(static_cast<uint32_t>(seed));
  std::vector<bool> mask(count);
  for (size_t i = 0; i < count; ++i) {
    const double high = generator() >> 5;
    const double low = generator() >> 6;
    mask[i] = (high * 0x1p26 + low) * 0x1p-53 >= ratio;
  }
  return mask;
}

void reference(const ReferenceArgs& args) {
  const Tensor training = input_or_none(args, 2);
  const float ratio = ratio_of(input_or_none(args, 1));
  const auto count = static_cast<size_t>(args.inputs[0].numel());
  const bool drops = training.defined() && training.span<bool>()[0] && ratio > 0;
  const std::vector<bool> mask =
      drops ? kept(count, seed_of(args.attrs), double{ratio}) : std::vector<bool>(count, true);
  const double factor = drops ? 1 / (1 - double{ratio}) : 1;
  dispatch_real(args.inputs[0].dtype(), [&]<typename T>(T) {
    for (size_t i = 0; i < count; ++i)
      args.outputs[0].span<T>()[i] =
          mask[i] ? static_cast<T>(static_cast<double>(args.inputs[0].span<T>()[i]) * factor) : T{};
  });
  if (args.outputs.size() > 1) std::ranges::copy(mask, args.outputs[1].span<bool>().begin());
}

std::vector<Value*> grad(const GradArgs& args) {
  Builder& b = args.builder;
  const Node& node = args.node;
  std::vector<Value*> result(node.inputs().size(), nullptr);
  result[0] = args.grad_outputs[0];
  if (!node.input(2)) return result;
  const Tensor training = known_tensor(node.input(2));
  const Tensor ratio = known_tensor(node.input(1));
  TWOFOUR_CHECK(training.defined() && (ratio.defined() || !node.input(1)), kUnsupported,
                "{}: ratio and training_mode are not constant", node.label());
  if (!training.span<bool>()[0]) return result;
  TWOFOUR_CHECK(node.outputs().size() > 1, kUnsupported, "{} has no mask, which its gradient needs",
                node.label());
  Value* mask = b.cast(node.output(1), result[0]->dtype());
  result[0] = b.mul(b.mul(result[0], mask), b.scalar(1 / (1 - ratio_of(ratio))));
  return result;
}

ExampleInput training_mode(bool on) {
  return {.dtype = DType::kBool, .shape = {}, .values = {on ? 1.0F : 0.0F}, .constant = true};
}

}  // namespace

extern const OpDef kDropout;
const OpDef kDropout = {
    .name = "Dropout",
    .doc =
        "dst = src; with training_mode src * mask / (1 - ratio), the mask true with probability 1 - ratio.",
    .inputs = {{"src"},
               {.name = "ratio", .optional = true, .state = true, .domain = fractions},
               {.name = "training_mode", .optional = true, .state = true, .domain = exactly<0>}},
    .outputs = {{"dst"}, {.name = "mask", .optional = true}},
    .attrs = {"seed"},
    .infer = infer,
    .reference = reference,
    .grad = Grad(grad, "ratio and training_mode are options"),
    .amp = Amp::kClear,
    .quant = quant_float("scales what it keeps"),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {{.shape = {3, 5}}}},
                 {.inputs = {{.shape = {3, 5}},
                             {.shape = {}, .low = 0.1F, .high = 0.9F, .constant = true},
                             training_mode(false)},
                  .num_outputs = 2},
                 {.inputs = {{.shape = {4, 5}},
                             {.shape = {}, .values = {0.5F}, .constant = true},
                             training_mode(true)},
                  .attrs = {{"seed", int64_t{3}}},
                  .num_outputs = 2}},
};

}  // namespace twofour::ops
