// Concat and Split, each the other's gradient.
#include <algorithm>
#include <numeric>

#include "ops/builder.h"
#include "ops/domain.h"
#include "ops/infer.h"
#include "ops/shape_value.h"
#include "ops/strided.h"

namespace twofour::ops {
namespace {

void infer_concat(const Node& node, std::span<ValueType> outputs) {
  outputs[0] = node.input(0)->type();
  Dims& dims = outputs[0].dims;
  TWOFOUR_CHECK(node.attrs().has("axis"), kInvalidArgument, "attribute axis is missing");
  const size_t axis = normalize_axis(node.attrs().i("axis", 0), dims.size());
  for (size_t n = 1; n < node.inputs().size(); ++n) {
    const ValueType& type = node.input(n)->type();
    check_dtype(type, outputs[0].dtype, fmt::format("input {}", n));
    Dims expected = dims;
    if (type.dims.size() == dims.size()) expected[axis] = type.dims[axis];
    check_dims(type, expected, fmt::format("input {}", n));
    for (size_t i = 0; i < dims.size(); ++i)
      dims[i] = i == axis ? add(dims[i], type.dims[i]) : merge(dims[i], type.dims[i]);
  }
}

void reference_concat(const ReferenceArgs& args) {
  const Tensor& dst = args.outputs[0];
  const size_t axis = normalize_axis(args.attrs.i("axis", 0), dst.shape().rank());
  const std::vector<int64_t> strides = dst.shape().strides();
  int64_t offset = 0;
  for (const Tensor& src : args.inputs) {
    copy_strided(src, {0, src.shape().strides()}, dst, {offset * strides[axis], strides}, src.shape());
    offset += src.shape()[axis];
  }
}

std::vector<Value*> grad_concat(const GradArgs& args) {
  const Node& node = args.node;
  const size_t axis = normalize_axis(node.attrs().i("axis", 0), node.output()->rank());
  std::vector<int64_t> sizes;
  for (const Value* input : node.inputs()) sizes.push_back(input->shape()[axis]);
  return args.builder.op_n("Split", {args.grad_outputs[0], args.builder.i64(sizes)}, sizes.size(),
                           {{"axis", static_cast<int64_t>(axis)}});
}

/// The sizes of the parts of an axis of `size` elements: as given, or equal, the last one smaller.
std::vector<int64_t> split_sizes(const std::optional<std::vector<int64_t>>& given, int64_t size,
                                 size_t count) {
  const auto parts = static_cast<int64_t>(count);
  if (!given) {
    std::vector<int64_t> sizes(count, (size + parts - 1) / parts);
    sizes.back() = size - sizes[0] * (parts - 1);
    TWOFOUR_CHECK(sizes.back() >= 0, kInvalidArgument, "{} elements cannot be split into {} parts", size,
                  parts);
    return sizes;
  }
  int64_t left = size;
  for (const int64_t part : *given) {
    TWOFOUR_CHECK(part >= 0 && part <= left, kInvalidArgument, "split [{}] does not fit {} elements",
                  fmt::join(*given, ","), size);
    left -= part;
  }
  TWOFOUR_CHECK(left == 0 && given->size() == count, kInvalidArgument,
                "split [{}] does not divide {} elements into {} parts", fmt::join(*given, ","), size, count);
  return *given;
}

void infer_split(const Node& node, std::span<ValueType> outputs) {
  const ValueType& src = node.input(0)->type();
  const size_t axis = normalize_axis(node.attrs().i("axis", 0), src.dims.size());
  std::optional<std::vector<int64_t>> given;
  if (node.input(1)) {
    check_index(node.input(1)->type(), "split");
    given = known_ints(node.input(1));
  }
  const Dim& size = src.dims[axis];
  const bool known = size.known() && (given || !node.input(1));
  const std::vector<int64_t> sizes =
      known ? split_sizes(given, size.value, outputs.size()) : std::vector<int64_t>{};
  TWOFOUR_CHECK(!given || given->size() == outputs.size(), kInvalidArgument,
                "split has {} sizes for {} outputs", given->size(), outputs.size());
  for (size_t i = 0; i < outputs.size(); ++i) {
    outputs[i] = src;
    outputs[i].dims[axis] = known ? Dim(sizes[i]) : given && (*given)[i] >= 0 ? Dim((*given)[i]) : Dim();
  }
}

void reference_split(const ReferenceArgs& args) {
  const Tensor& src = args.inputs[0];
  const size_t axis = normalize_axis(args.attrs.i("axis", 0), src.shape().rank());
  const std::vector<int64_t> strides = src.shape().strides();
  int64_t offset = 0;
  for (const Tensor& dst : args.outputs) {
    TWOFOUR_CHECK(dst.shape()[axis] <= src.shape()[axis] - offset, kInvalidArgument,
                  "the parts exceed src {}", src.shape().to_string());
    copy_strided(src, {offset * strides[axis], strides}, dst, {0, dst.shape().strides()}, dst.shape());
    offset += dst.shape()[axis];
  }
}

std::vector<Value*> grad_split(const GradArgs& args) {
  std::vector<Value*> parts(args.grad_outputs.begin(), args.grad_outputs.end());
  for (size_t i = 0; i < parts.size(); ++i)
    if (!parts[i]) {
      const Value* output = args.node.output(i);
      parts[i] = args.builder.constant("zeros", Tensor(output->dtype(), output->shape()));
    }
  std::vector<Value*> result(args.node.inputs().size(), nullptr);
  result[0] = args.builder.op("Concat", parts, {{"axis", args.node.attrs().i("axis", 0)}});
  return result;
}

// As equal as can be.
Domain part_sizes(const Node& node, size_t) {
  const Dims& src = node.input(0)->dims();
  const Dim& size = src[normalize_axis(node.attrs().i("axis", 0), src.size())];
  Domain domain{0, 1};
  if (!size.known()) return domain;
  for (const int64_t part : split_sizes(std::nullopt, size.value, node.outputs().size()))
    domain.values.push_back(static_cast<double>(part));
  return domain;
}

}  // namespace

extern const OpDef kConcat;
const OpDef kConcat = {
    .name = "Concat",
    .doc = "dst = the inputs one after the other along `axis`.",
    .inputs = {{.name = "src", .variadic = true}},
    .outputs = {{"dst"}},
    .attrs = {"axis"},
    .infer = infer_concat,
    .reference = reference_concat,
    .grad = grad_concat,
    .amp = Amp::kClear,
    .quant = quant_commutes(),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {{.shape = {2, 3, 4}}, {.shape = {2, 1, 4}}, {.shape = {2, 5, 4}}},
                  .attrs = {{"axis", int64_t{1}}}},
                 {.inputs = {{.shape = {2, 3}}, {.shape = {2, 2}}}, .attrs = {{"axis", int64_t{-1}}}},
                 {.inputs = {{.dtype = DType::kI64, .shape = {1}}, {.dtype = DType::kI64, .shape = {3}}},
                  .attrs = {{"axis", int64_t{0}}}}},
};

extern const OpDef kSplit;
const OpDef kSplit = {
    .name = "Split",
    .doc = "dst... = consecutive parts of src along `axis`, of the sizes in `split`, or equal ones.",
    .inputs = {{"src"}, {.name = "split", .optional = true, .state = true, .domain = part_sizes}},
    .outputs = {{.name = "dst", .variadic = true}},
    .attrs = {"axis"},
    .infer = infer_split,
    .reference = reference_split,
    .grad = Grad(grad_split, "the sizes are not numbers to differentiate by"),
    .amp = Amp::kClear,
    .quant = quant_commutes(),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {{.shape = {2, 6, 3}}}, .attrs = {{"axis", int64_t{1}}}, .num_outputs = 3},
                 {.inputs = {{.shape = {5, 4}},
                             {.dtype = DType::kI64, .shape = {2}, .values = {2, 3}, .constant = true}},
                  .num_outputs = 2},
                 {.inputs = {{.shape = {7}}}, .num_outputs = 3}},
};

}  // namespace twofour::ops
