// QuantizeLinear and DequantizeLinear: one scale for all, one for each index of `axis`, or one for each
// block_size elements along it.
#include "ops/builder.h"
#include "ops/domain.h"
#include "ops/example.h"
#include "ops/quantisation/quantize.h"

namespace twofour::ops {
namespace {

enum class Granularity : uint8_t { kTensor, kAxis, kBlock };

Granularity granularity(const Attrs& attrs, size_t scale_rank, bool one_element) {
  const int64_t block = attrs.i("block_size", 0);
  TWOFOUR_CHECK(block >= 0, kInvalidArgument, "block_size is {}", block);
  if (block > 0) return Granularity::kBlock;
  return one_element || scale_rank == 0 ? Granularity::kTensor : Granularity::kAxis;
}

/// A size that is not known yet may be 1.
bool may_be_one(const Dims& dims) {
  return std::ranges::all_of(dims, [](const Dim& d) { return dims_fit(d, 1); });
}

void check_blocks(const Attrs& attrs, const Dims& src, const ValueType& scale) {
  const int64_t block = attrs.i("block_size", 0);
  Dims expected = src;
  Dim& blocks = expected[normalize_axis(attrs.i("axis", 1), src.size())];
  if (blocks.known()) blocks = blocks.value / block + (blocks.value % block != 0);
  else blocks = Dim();
  check_dims(scale, expected, "scale");
}

/// Checks the shapes of scale and zero point against src.
void check_scales(const Node& node) {
  const Dims& src = node.input(0)->dims();
  const ValueType& scale = node.input(1)->type();
  check_float(scale, "scale");
  const Granularity kind = granularity(node.attrs(), scale.dims.size(), may_be_one(scale.dims));
  switch (kind) {
    case Granularity::kTensor: break;
    case Granularity::kAxis:
      check_dims(scale, {src[normalize_axis(node.attrs().i("axis", 1), src.size())]}, "scale");
      break;
    case Granularity::kBlock: check_blocks(node.attrs(), src, scale);
  }
  const Value* zero_point = node.input(2);
  if (!zero_point) return;
  // ONNX Runtime's quantiser writes one scale as [1] and its zero point as a scalar.
  if (kind == Granularity::kTensor && may_be_one(zero_point->dims())) return;
  check_dims(zero_point->type(), scale.dims, "zero_point");
}

/// Calls fn(element, index of its scale) for every element.
template <typename Fn>
void for_each_scaled(const Attrs& attrs, const Shape& src, const Shape& scale, Fn&& fn) {
  const int64_t count = src.numel();
  const Granularity kind = granularity(attrs, scale.rank(), scale.numel() == 1);
  if (kind == Granularity::kTensor) {
    for (int64_t i = 0; i < count; ++i) fn(static_cast<size_t>(i), size_t{0});
    return;
  }
  const AxisView view(src, normalize_axis(attrs.i("axis", 1), src.rank()));
  const int64_t block = kind == Granularity::kBlock ? attrs.i("block_size", 0) : 1;
  const int64_t blocks = view.size / block + (view.size % block != 0);
  const bool along_axis_only = kind == Granularity::kAxis;
  for (int64_t i = 0; i < count; ++i) {
    const int64_t c = i / view.inner % view.size / block;
    const int64_t o = i / (view.inner * view.size);
    fn(static_cast<size_t>(i),
       static_cast<size_t>(along_axis_only ? c : (o * blocks + c) * view.inner + i % view.inner));
  }
}

DType code_type(const Node& node) {
  const auto named = dtype_attr(node.attrs(), "output_dtype");
  if (!node.input(2)) return named.value_or(DType::kU8);
  TWOFOUR_CHECK(!named || *named == node.input(2)->dtype(), kInvalidArgument,
                "output_dtype is {}, but zero_point is {}", dtype_name(*named),
                dtype_name(node.input(2)->dtype()));
  return node.input(2)->dtype();
}

void infer_quantize(const Node& node, std::span<ValueType> outputs) {
  const ValueType& src = node.input(0)->type();
  if (src.dtype != DType::kI32) check_float(src, "src");
  check_scales(node);
  outputs[0] = {code_type(node), src.dims};
  check_codes(outputs[0], "dst");
}

void reference_quantize(const ReferenceArgs& args) {
  const Tensor scales = args.inputs[1].to(DType::kF32);
  const std::vector<double> zero_points = to_doubles(input_or_none(args, 2));
  const auto scale = scales.span<float>();
  dispatch_codes(args.outputs[0].dtype(), [&]<typename T>(T) {
    const auto dst = args.outputs[0].span<T>();
    const auto run = [&](const auto& src) {
      for_each_scaled(args.attrs, args.inputs[0].shape(), scales.shape(), [&](size_t i, size_t s) {
        const double zero_point = zero_points.size() == 1 ? zero_points[0] : zero_points[s];
        dst[i] = saturated<T>(static_cast<double>(src[i] / scale[s]), zero_point);
      });
    };
    if (args.inputs[0].dtype() == DType::kI32) run(to_doubles(args.inputs[0]));
    else run(args.inputs[0].span<float>());
  });
}

void infer_dequantize(const Node& node, std::span<ValueType> outputs) {
  const ValueType& src = node.input(0)->type();
  if (src.dtype != DType::kI32) check_codes(src, "src");
  check_scales(node);
  if (node.input(2)) check_dtype(node.input(2)->type(), src.dtype, "zero_point");
  outputs[0] = {dtype_attr(node.attrs(), "output_dtype").value_or(node.input(1)->dtype()), src.dims};
  check_float(outputs[0], "dst");
}

void reference_dequantize(const ReferenceArgs& args) {
  const std::vector<double> scales = to_doubles(args.inputs[1]);
  const std::vector<double> zero_points = to_doubles(input_or_none(args, 2));
  const auto dst = args.outputs[0].span<float>();
  dispatch_number(args.inputs[0].dtype(), [&]<typename T>(T) {
    const auto codes = args.inputs[0].span<T>();
    for_each_scaled(args.attrs, args.inputs[0].shape(), args.inputs[1].shape(), [&](size_t i, size_t s) {
      const double zero_point = zero_points.size() == 1 ? zero_points[0] : zero_points[s];
      dst[i] = static_cast<float>((static_cast<double>(codes[i]) - zero_point) * scales[s]);
    });
  });
}

std::vector<Example> examples(const ExampleInput& matrix, DType codes) {
  const auto scale = [](Shape shape) {
    return ExampleInput{.shape = std::move(shape), .low = 0.25F, .high = 1};
  };
  const auto zero = [codes](Shape shape) {
    return ExampleInput{.dtype = codes, .shape = std::move(shape), .low = 0, .high = 9};
  };
  return {{.inputs = {matrix, scale({}), zero({})}},
          {.inputs = {matrix, scale({3}), zero({3})}, .attrs = {{"axis", int64_t{-2}}}},
          {.inputs = {matrix, scale({3, 2}), zero({3, 2})}, .attrs = {{"block_size", int64_t{3}}}}};
}

OpDef linear(std::string_view name, std::string_view doc, InferFn infer, ReferenceFn reference,
             const Grad& grad, std::vector<Example> examples) {
  return {
      .name = name,
      .doc = doc,
      .inputs = {{"src"},
                 {.name = "scale", .state = true, .domain = positive_numbers},
                 {.name = "zero_point", .optional = true, .state = true}},
      .outputs = {{"dst"}},
      .attrs = {"axis", "block_size", "output_dtype"},
      .infer = infer,
      .reference = reference,
      .grad = grad,
      .amp = Amp::kFixed,
      .quant = quant_float("changes between codes and values itself"),
      .sparsity = no_sparsity(),
      .examples = std::move(examples),
  };
}

OpDef quantize_linear() {
  OpDef op =
      linear("QuantizeLinear", "dst = src / scale + zero_point, rounded to even and saturated.",
             infer_quantize, reference_quantize,
             not_differentiable("rounding; a straight-through estimate is quantisation-aware training"),
             examples({.shape = {3, 5}, .low = -3, .high = 3}, DType::kU8));
  op.examples.push_back({.inputs = {{.shape = {7}, .values = {-1000, -1, 0.5F, 1.5F, 2.5F, 127, 1000}},
                                    {.shape = {}, .values = {1}}},
                         .attrs = {{"output_dtype", std::string("i8")}}});
  op.examples.push_back({.inputs = {{.dtype = DType::kI32, .shape = {4}, .low = -99, .high = 99},
                                    {.shape = {1}, .values = {2}},
                                    {.dtype = DType::kU16, .shape = {1}, .values = {40}}}});
  return op;
}

OpDef dequantize_linear() {
  OpDef op = linear("DequantizeLinear", "dst = (src - zero_point) * scale.", infer_dequantize,
                    reference_dequantize, not_differentiable("codes are not numbers to differentiate by"),
                    examples({.dtype = DType::kI8, .shape = {3, 5}, .low = -99, .high = 99}, DType::kI8));
  op.examples.push_back({.inputs = {{.dtype = DType::kI32, .shape = {4}, .low = -99, .high = 99},
                                    {.shape = {}, .values = {0.125F}}},
                         .attrs = {{"output_dtype", std::string("f16")}}});
  return op;
}

}  // namespace

extern const OpDef kQuantizeLinear;
const OpDef kQuantizeLinear = quantize_linear();
extern const OpDef kDequantizeLinear;
const OpDef kDequantizeLinear = dequantize_linear();

}  // namespace twofour::ops
