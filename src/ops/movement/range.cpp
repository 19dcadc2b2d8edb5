// Range and EyeLike.
#include <cmath>

#include "ops/builder.h"
#include "ops/domain.h"
#include "ops/example.h"
#include "ops/infer.h"

namespace twofour::ops {
namespace {

void check_count(bool fits) { TWOFOUR_CHECK(fits, kResourceExhausted, "the range has too many values"); }

int64_t count_real(double start, double limit, double delta) {
  TWOFOUR_CHECK(std::isfinite(start) && std::isfinite(limit) && std::isfinite(delta) && delta != 0,
                kInvalidArgument, "there is no range from {} to {} in steps of {}", start, limit, delta);
  const double count = std::ceil((limit - start) / delta);
  check_count(count < 0x1p62);
  return count > 0 ? static_cast<int64_t>(count) : 0;
}

int64_t count_integer(int64_t start, int64_t limit, int64_t delta) {
  TWOFOUR_CHECK(delta != 0, kInvalidArgument, "there is no range from {} to {} in steps of 0", start, limit);
  const __int128 way = __int128{limit} - start;
  const __int128 step = delta;
  if (way == 0 || (way < 0) != (step < 0)) return 0;
  const __int128 count = (way + step - (step > 0 ? 1 : -1)) / step;
  check_count(count < __int128{1} << 62);
  return static_cast<int64_t>(count);
}

int64_t count_of(const Tensor& start, const Tensor& limit, const Tensor& delta) {
  const auto real = [](const Tensor& t) { return t.to(DType::kF64).span<double>()[0]; };
  const auto integer = [](const Tensor& t) { return t.to(DType::kI64).span<int64_t>()[0]; };
  return is_float(start.dtype()) ? count_real(real(start), real(limit), real(delta))
                                 : count_integer(integer(start), integer(limit), integer(delta));
}

void infer_range(const Node& node, std::span<ValueType> outputs) {
  const DType dtype = node.input(0)->dtype();
  TWOFOUR_CHECK(is_float(dtype) || dtype == DType::kI16 || dtype == DType::kI32 || dtype == DType::kI64,
                kUnsupported, "a range of {}", dtype_name(dtype));
  bool known = true;
  for (const auto& [input, name] : {std::pair{0, "start"}, {1, "limit"}, {2, "delta"}}) {
    const Value* value = node.input(static_cast<size_t>(input));
    check_dtype(value->type(), dtype, name);
    check_one_element(value->type(), name);
    known = known && value->is_constant();
  }
  outputs[0] = {dtype, {Dim()}};
  if (known)
    outputs[0].dims[0] = count_of(node.input(0)->data(), node.input(1)->data(), node.input(2)->data());
}

void reference_range(const ReferenceArgs& args) {
  TWOFOUR_CHECK(count_of(args.inputs[0], args.inputs[1], args.inputs[2]) == args.outputs[0].numel(),
                kInvalidArgument, "the range does not have {} values", args.outputs[0].numel());
  dispatch_number(args.outputs[0].dtype(), [&]<typename T>(T) {
    const T start = args.inputs[0].span<T>()[0];
    const T delta = args.inputs[2].span<T>()[0];
    const auto dst = args.outputs[0].span<T>();
    for (size_t i = 0; i < dst.size(); ++i) {
      if constexpr (std::is_floating_point_v<T>)
        dst[i] = static_cast<T>(double{start} + static_cast<double>(i) * double{delta});
      else dst[i] = static_cast<T>(static_cast<uint64_t>(start) + i * static_cast<uint64_t>(delta));
    }
  });
}

void infer_eye(const Node& node, std::span<ValueType> outputs) {
  const ValueType& src = node.input(0)->type();
  TWOFOUR_CHECK(src.dims.size() == 2, kInvalidArgument, "src is {}; a matrix is expected", src.to_string());
  outputs[0] = {dtype_attr(node.attrs(), "dtype").value_or(src.dtype), src.dims};
}

void reference_eye(const ReferenceArgs& args) {
  const Shape& shape = args.outputs[0].shape();
  const int64_t k = args.attrs.i("k", 0);
  Tensor eye(DType::kU8, shape);
  if (k > -shape[0] && k < shape[1])
    for (int64_t row = std::max<int64_t>(0, -k); row < std::min(shape[0], shape[1] - k); ++row)
      eye.span<uint8_t>()[static_cast<size_t>(row * shape[1] + row + k)] = 1;
  store(eye, args.outputs[0]);
}

ExampleInput scalar(float value, DType dtype = DType::kF32) {
  return {.dtype = dtype, .shape = {}, .values = {value}, .constant = true};
}

}  // namespace

extern const OpDef kRange;
const OpDef kRange = {
    .name = "Range",
    .doc = "dst = start, start + delta, start + 2 * delta, ... before limit.",
    .inputs = {{.name = "start", .state = true, .domain = exactly<0>},
               {.name = "limit", .state = true, .domain = positive_numbers},
               {.name = "delta", .state = true, .domain = exactly<1>}},
    .outputs = {{"dst"}},
    .infer = infer_range,
    .reference = reference_range,
    .grad = not_differentiable("the size of the result depends on the inputs"),
    .amp = Amp::kFixed,
    .quant = quant_float("the inputs are single numbers"),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {scalar(1), scalar(5), scalar(1.5F)}},
                 {.inputs = {scalar(10, DType::kI32), scalar(4, DType::kI32), scalar(-2, DType::kI32)}},
                 {.inputs = {scalar(3, DType::kI64), scalar(3, DType::kI64), scalar(1, DType::kI64)}}},
};

extern const OpDef kEyeLike;
const OpDef kEyeLike = {
    .name = "EyeLike",
    .doc = "dst = a matrix of src's shape with ones on diagonal k, else zeros; of type `dtype`, or src's.",
    .inputs = {{"src"}},
    .outputs = {{"dst"}},
    .attrs = {"dtype", "k"},
    .infer = infer_eye,
    .reference = reference_eye,
    .grad = not_differentiable("the result does not depend on any number"),
    .amp = Amp::kFixed,
    .quant = quant_float("folded into a constant"),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {{.shape = {3, 4}}}},
                 {.inputs = {{.shape = {4, 3}}},
                  .attrs = {{"k", int64_t{-1}}, {"dtype", std::string("i64")}}},
                 {.inputs = {{.shape = {2, 5}}},
                  .attrs = {{"k", int64_t{3}}, {"dtype", std::string("bool")}}}},
};

}  // namespace twofour::ops
