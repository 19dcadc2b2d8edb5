#include <algorithm>

#include "ops/builder.h"
#include "ops/domain.h"
#include "ops/infer.h"

namespace twofour::ops {
namespace {

struct Axes {
  size_t batch, time;
};

Axes axes_of(const Attrs& attrs, size_t rank) {
  const Axes axes = {normalize_axis(attrs.i("batch_axis", 1), rank),
                     normalize_axis(attrs.i("time_axis", 0), rank)};
  TWOFOUR_CHECK(axes.batch != axes.time, kInvalidArgument, "batch_axis and time_axis are both {}",
                axes.batch);
  return axes;
}

void infer(const Node& node, std::span<ValueType> outputs) {
  infer_same(node, outputs);
  const Axes axes = axes_of(node.attrs(), outputs[0].dims.size());
  check_index(node.input(1)->type(), "sequence_lens");
  check_dims(node.input(1)->type(), {outputs[0].dims[axes.batch]}, "sequence_lens");
}

void reference(const ReferenceArgs& args) {
  const Tensor& src = args.inputs[0];
  const Shape& shape = src.shape();
  const Axes axes = axes_of(args.attrs, shape.rank());
  const std::vector<int64_t> lengths = to_ints(args.inputs[1]);
  for (const int64_t length : lengths)
    TWOFOUR_CHECK(length >= 0 && length <= shape[axes.time], kInvalidArgument,
                  "a sequence length is {}; it must be in [0, {}]", length, shape[axes.time]);
  const std::vector<int64_t> strides = shape.strides();
  const auto size = static_cast<int64_t>(dtype_size(src.dtype()));
  for (int64_t at = 0; at < src.numel(); ++at) {
    const int64_t length = lengths[static_cast<size_t>(at / strides[axes.batch] % shape[axes.batch])];
    const int64_t time = at / strides[axes.time] % shape[axes.time];
    const int64_t from = time < length ? at + (length - 1 - 2 * time) * strides[axes.time] : at;
    std::copy_n(src.raw() + from * size, size, args.outputs[0].raw() + at * size);
  }
}

std::vector<Value*> grad(const GradArgs& args) {
  return {args.builder.op("ReverseSequence", {args.grad_outputs[0], args.node.input(1)}, args.node.attrs()),
          nullptr};
}

ExampleInput lengths(std::vector<float> values) {
  return {.dtype = DType::kI64, .shape = {static_cast<int64_t>(values.size())}, .values = std::move(values)};
}

Domain sequence_lengths(const Node& node, size_t) {
  const Dims& src = node.input(0)->dims();
  return count_up_to(src[axes_of(node.attrs(), src.size()).time]);
}

}  // namespace

extern const OpDef kReverseSequence;
const OpDef kReverseSequence = {
    .name = "ReverseSequence",
    .doc =
        "dst = src with the first sequence_lens[n] steps of time_axis reversed, for every n of batch_axis.",
    .inputs = {{"src"}, {.name = "sequence_lens", .state = true, .domain = sequence_lengths}},
    .outputs = {{"dst"}},
    .attrs = {"batch_axis", "time_axis"},
    .infer = infer,
    .reference = reference,
    .grad = Grad(grad, "lengths are not numbers to differentiate by"),
    .amp = Amp::kClear,
    .quant = quant_commutes(),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {{.shape = {4, 3, 2}}, lengths({4, 0, 3})}},
                 {.inputs = {{.shape = {2, 3, 5}}, lengths({1, 5})},
                  .attrs = {{"batch_axis", int64_t{0}}, {"time_axis", int64_t{2}}}}},
};

}  // namespace twofour::ops
