// Max, Min, Sum and Mean of any number of inputs, with numpy broadcasting.
#include <algorithm>

#include "ops/builder.h"
#include "ops/elementwise/elementwise.h"
#include "ops/indexing/ordering.h"

namespace twofour::ops {
namespace {

void infer(const Node& node, std::span<ValueType> outputs) {
  outputs[0] = node.input(0)->type();
  check_number(outputs[0], "input 0");
  for (size_t i = 1; i < node.inputs().size(); ++i) {
    check_dtype(node.input(i)->type(), outputs[0].dtype, fmt::format("input {}", i));
    outputs[0].dims = broadcast_dims(outputs[0].dims, node.input(i)->dims());
  }
}

void infer_real(const Node& node, std::span<ValueType> outputs) {
  infer(node, outputs);
  check_real(outputs[0], "input 0");
}

/// Calls fn(position in dst, element) for every element of input `i`, broadcast.
template <typename T, typename Fn>
void for_each_of(const ReferenceArgs& args, size_t i, const Fn& fn) {
  const auto src = args.inputs[i].span<T>();
  const Shape& shape = args.outputs[0].shape();
  size_t k = 0;
  for_each_offset<1>(shape, {broadcast_strides(args.inputs[i].shape(), shape)},
                     [&](const std::array<int64_t, 1>& at) { fn(k++, src[static_cast<size_t>(at[0])]); });
}

/// dst = the input that `wins`, or the first that is not a number.
template <typename Wins>
void select(const ReferenceArgs& args, const Wins& wins) {
  dispatch_number(args.outputs[0].dtype(), [&]<typename T>(T) {
    const auto dst = args.outputs[0].span<T>();
    for_each_of<T>(args, 0, [&](size_t k, T v) { dst[k] = v; });
    for (size_t i = 1; i < args.inputs.size(); ++i)
      for_each_of<T>(args, i, [&](size_t k, T v) {
        if (wins(v, dst[k])) dst[k] = v;
      });
  });
}

void reference_max(const ReferenceArgs& args) { select(args, Above{}); }
void reference_min(const ReferenceArgs& args) { select(args, Below{}); }

void sum(const ReferenceArgs& args, double factor) {
  dispatch_real(args.outputs[0].dtype(), [&]<typename T>(T) {
    const auto dst = args.outputs[0].span<T>();
    std::vector<double> sums(dst.size());
    for (size_t i = 0; i < args.inputs.size(); ++i)
      for_each_of<T>(args, i, [&](size_t k, T v) { sums[k] += double{v}; });
    std::ranges::transform(sums, dst.begin(), [factor](double v) { return static_cast<T>(v * factor); });
  });
}

void reference_sum(const ReferenceArgs& args) { sum(args, 1); }
void reference_mean(const ReferenceArgs& args) { sum(args, 1 / static_cast<double>(args.inputs.size())); }

/// `grad`, shaped as dst, for every input that needs one.
std::vector<Value*> to_all(const GradArgs& args, Value* grad) {
  std::vector<Value*> result(args.node.inputs().size(), nullptr);
  for (size_t i = 0; i < result.size(); ++i)
    if (args.needed[i]) result[i] = args.builder.unbroadcast(grad, args.node.input(i)->shape());
  return result;
}

std::vector<Value*> grad_sum(const GradArgs& args) { return to_all(args, args.grad_outputs[0]); }

std::vector<Value*> grad_mean(const GradArgs& args) {
  Builder& b = args.builder;
  const float factor = 1 / static_cast<float>(args.node.inputs().size());
  return to_all(args, b.mul(args.grad_outputs[0], b.scalar(factor)));
}

// Inputs that are equal share the gradient.
std::vector<Value*> grad_select(const GradArgs& args) {
  Builder& b = args.builder;
  std::vector<Value*> masks;
  for (Value* input : args.node.inputs()) {
    Value* selected = b.op("Equal", {input, args.node.output()});
    masks.push_back(b.op("Where", {selected, b.scalar(1), b.scalar(0)}));
  }
  Value* share = b.div(args.grad_outputs[0], b.op("Sum", masks));
  std::vector<Value*> result(masks.size(), nullptr);
  for (size_t i = 0; i < masks.size(); ++i)
    if (args.needed[i]) result[i] = b.unbroadcast(b.mul(masks[i], share), args.node.input(i)->shape());
  return result;
}

OpDef variadic(std::string_view name, std::string_view doc, InferFn infer_fn, ReferenceFn reference,
               GradFn grad, Amp amp) {
  return {
      .name = name,
      .doc = doc,
      .inputs = {{.name = "src", .variadic = true}},
      .outputs = {{"dst"}},
      .infer = infer_fn,
      .reference = reference,
      .grad = grad,
      .amp = amp,
      .quant = quant_float("the inputs would need one common scale"),
      .sparsity = no_sparsity(),
      .examples = {{.inputs = {{.shape = {2, 3}}, {.shape = {3}}, {.shape = {2, 1}}}},
                   {.inputs = {{.shape = {3, 2}}, {.shape = {3, 2}}}},
                   {.inputs = {{.shape = {5}}}},
                   {.inputs = {{.dtype = DType::kF64, .shape = {2}}, {.dtype = DType::kF64, .shape = {}}}}},
  };
}

OpDef selection(std::string_view name, std::string_view doc, ReferenceFn reference) {
  OpDef op = variadic(name, doc, infer, reference, grad_select, Amp::kClear);
  op.examples[0].inputs = {{.shape = {2, 3}, .values = {-1, 0.5F, 0.3F, 0.9F, -0.4F, 0}},
                           {.shape = {3}, .values = {-0.5F, -0.2F, 0.6F}},
                           {.shape = {2, 1}, .values = {0.1F, -0.8F}}};
  op.examples.push_back({.inputs = {{.dtype = DType::kI64, .shape = {3}, .low = -9, .high = 9},
                                    {.dtype = DType::kI64, .shape = {2, 1}, .low = -9, .high = 9}}});
  return op;
}

}  // namespace

extern const OpDef kMax;
const OpDef kMax = selection("Max", "dst = the greatest of the inputs, element by element.", reference_max);
extern const OpDef kMin;
const OpDef kMin = selection("Min", "dst = the smallest of the inputs, element by element.", reference_min);
extern const OpDef kSum;
const OpDef kSum = variadic("Sum", "dst = the sum of the inputs, element by element.", infer_real,
                            reference_sum, grad_sum, Amp::kInfer);
extern const OpDef kMean;
const OpDef kMean = variadic("Mean", "dst = the mean of the inputs, element by element.", infer_real,
                             reference_mean, grad_mean, Amp::kInfer);

}  // namespace twofour::ops
