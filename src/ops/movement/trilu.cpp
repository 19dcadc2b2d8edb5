#include <algorithm>

#include "ops/builder.h"
#include "ops/infer.h"

namespace twofour::ops {
namespace {

void infer(const Node& node, std::span<ValueType> outputs) {
  infer_same(node, outputs);
  TWOFOUR_CHECK(outputs[0].dims.size() >= 2, kInvalidArgument, "src is {}; matrices are expected",
                outputs[0].to_string());
  if (const Value* k = node.input(1)) {
    check_dtype(k->type(), DType::kI64, "k");
    check_one_element(k->type(), "k");
  }
}

void reference(const ReferenceArgs& args) {
  const Shape& shape = args.inputs[0].shape();
  const int64_t rows = shape[shape.rank() - 2];
  const int64_t cols = shape[shape.rank() - 1];
  const auto size = static_cast<int64_t>(dtype_size(args.inputs[0].dtype()));
  const Tensor given = input_or_none(args, 1);
  // Diagonals beyond the corners keep all or nothing.
  const int64_t k = given.defined() ? std::clamp(to_ints(given)[0], -rows, cols) : 0;
  const bool upper = args.attrs.i("upper", 1) != 0;
  const std::byte* src = args.inputs[0].raw();
  std::byte* dst = args.outputs[0].raw();
  std::fill_n(dst, args.outputs[0].size_bytes(), std::byte{});
  for (int64_t row = 0; row < shape.numel(0, shape.rank() - 1); ++row) {
    const int64_t diagonal = row % rows + k;
    const int64_t begin = upper ? std::clamp<int64_t>(diagonal, 0, cols) : 0;
    const int64_t end = upper ? cols : std::clamp<int64_t>(diagonal + 1, 0, cols);
    const int64_t at = row * cols + begin;
    if (end > begin) std::copy_n(src + at * size, (end - begin) * size, dst + at * size);
  }
}

std::vector<Value*> grad(const GradArgs& args) {
  std::vector<Value*> result(args.node.inputs().size(), nullptr);
  result[0] = args.builder.op("Trilu", {args.grad_outputs[0], args.node.input(1)}, args.node.attrs());
  return result;
}

ExampleInput diagonal(float k) { return {.dtype = DType::kI64, .shape = {}, .values = {k}}; }

}  // namespace

extern const OpDef kTrilu;
const OpDef kTrilu = {
    .name = "Trilu",
    .doc = "dst = the upper (or lower) triangle of each matrix from its k-th diagonal on, zeros elsewhere.",
    .inputs = {{"src"}, {.name = "k", .optional = true, .state = true}},
    .outputs = {{"dst"}},
    .attrs = {"upper"},
    .infer = infer,
    .reference = reference,
    .grad = Grad(grad, "k is not a number to differentiate by"),
    .amp = Amp::kClear,
    .quant = quant_float("zero has no code when the scale is asymmetric"),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {{.shape = {4, 5}}}},
                 {.inputs = {{.shape = {2, 5, 3}}, diagonal(-2)}, .attrs = {{"upper", int64_t{0}}}},
                 {.inputs = {{.dtype = DType::kBool, .shape = {3, 3}, .low = 1, .high = 1}, diagonal(1)}}},
};

}  // namespace twofour::ops
