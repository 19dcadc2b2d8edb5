#include "cpu/sparse24/code_node.h"

#include "cpu/sparse24/code_output.h"
#include "cpu/sparse24/conv_node.h"
#include "cpu/sparse24/linear.h"
#include "cpu/sparse24/linear_node.h"
#include "ops/elementwise/activation.h"
#include "ops/quantisation/fused_product.h"
#include "ops/quantisation/output_codes.h"
#include "ops/quantisation/quantize.h"

namespace twofour::cpu {
namespace {

using namespace ops::product_input;  // NOLINT(google-build-using-namespace): a list of names

bool is_conv(const NodeDesc& node) { return node.op == "QuantizedConv"; }

/// The zero point of the source as a u8 code: i8 codes become u8 ones by adding 128.
uint8_t zero_code(const NodeDesc& node) {
  const bool is_signed = node.inputs[kSrc].desc.dtype == DType::kI8;
  const Tensor zero = node.has_input(kSrcZeroPoint) ? node.inputs[kSrcZeroPoint].data : Tensor();
  return static_cast<uint8_t>(ops::to_doubles(zero)[0] + (is_signed ? 128 : 0));
}

constexpr uint32_t four_times(uint8_t code) { return code * 0x01010101U; }

/// One value for each of m rows.
std::vector<float> of_rows(const Tensor& values, int64_t m) {
  const auto given = values.span<float>();
  if (static_cast<int64_t>(given.size()) == m) return {given.begin(), given.end()};
  return std::vector<float>(static_cast<size_t>(m), given[0]);
}

/// What the zero point takes from the sums of each row.
std::vector<int32_t> starts(const backend::Sparse24View& matrix, uint8_t zero) {
  std::vector<int32_t> result;
  const auto kept = static_cast<size_t>(matrix.k / 2);
  for (size_t m = 0; m < static_cast<size_t>(matrix.m); ++m) {
    int32_t sum = 0;
    for (const float v : matrix.values.subspan(m * kept, kept)) sum += static_cast<int32_t>(v);
    result.push_back(-zero * sum);
  }
  return result;
}

Support constants_ok(const NodeDesc& node) {
  if (!node.is_constant(kWeight)) return declined(Reason::kWeightNotConstant);
  if (node.inputs[kWeight].desc.dtype != DType::kI8)
    return declined(Reason::kDtype, "weight " + node.inputs[kWeight].desc.to_string());
  if (!node.is_constant(kScale)) return declined(Reason::kWeightNotConstant, "scale");
  if (node.has_input(kBias) && !node.is_constant(kBias)) return declined(Reason::kWeightNotConstant, "bias");
  if (node.has_input(kSrcZeroPoint) && !node.is_constant(kSrcZeroPoint))
    return declined(Reason::kWeightNotConstant, "zero point");
  if (node.has_input(kWeightZeroPoint)) return declined(Reason::kAttribute, "a zero point of the weight");
  return supported();
}

/// A residual is read where the result is written: codes for codes, f32 for f32.
Support residual_ok(const NodeDesc& node) {
  if (!node.has_input(kResidual)) return supported();
  TensorDesc residual = node.inputs[kResidual].desc;
  const bool fits = dtype_size(residual.dtype) == dtype_size(node.outputs[0].dtype);
  residual.dtype = node.outputs[0].dtype;
  if (fits && !node.is_constant(kResidual) && same_layout(residual, node.outputs[0])) return supported();
  return declined(Reason::kShape, "residual " + node.inputs[kResidual].desc.to_string());
}

Support shapes_ok(const NodeDesc& node) {
  const TensorDesc& src = node.inputs[kSrc].desc;
  const Shape& weight = node.inputs[kWeight].desc.shape;
  if (!is_conv(node)) {
    if (weight.rank() != 2) return declined(Reason::kShape, node.inputs[kWeight].desc.to_string());
    const int64_t k = linear_sizes(node).k;
    return k % kCodesPerBlock == 0 ? all_plain(node)
                                   : declined(Reason::kAxisNotMultipleOf4, fmt::format("K = {}", k));
  }
  if (weight.rank() != 4) return declined(Reason::kShape, "not two spatial axes: " + src.to_string());
  if (weight[1] % kCodesPerBlock != 0)
    return declined(node.attrs.i("group", 1) == 1 ? Reason::kAxisNotMultipleOf4 : Reason::kGrouped,
                    fmt::format("C / group = {}", weight[1]));
  for (const TensorDesc* desc : {&src, &node.outputs[0]})
    if (desc->format != Format::kChannelsLast && !is_order_neutral(*desc))
      return declined(Reason::kFormat, desc->to_string());
  return supported();
}

}  // namespace

ConvShape code_shape_of(const NodeDesc& node) {
  ConvShape shape;
  if (is_conv(node)) {
    shape = conv_shape_of(node).as(ProductKind::kCodes);
  } else {
    const LinearSizes sizes = linear_sizes(node);
    shape = linear_shape(sizes.m, sizes.k, sizes.items, ItemLayout::kRows).as(ProductKind::kCodes);
  }
  if (node.inputs[kSrc].desc.dtype == DType::kI8) shape.flip = four_times(0x80);
  return shape;
}

Support code_node_ok(const NodeDesc& node) {
  if (node.is_constant(kSrc)) return declined(Reason::kShape, "every input is constant");
  if (Support no = all_of({none_empty(node), constants_ok(node), shapes_ok(node), residual_ok(node)}); !no)
    return no;
  return code_sums_fit(code_shape_of(node).gemm_k() * kCodesPerBlock);
}

std::string code_packed_form(const NodeDesc& node) {
  return std::string(dtype_name(node.inputs[kSrc].desc.dtype));
}

std::variant<backend::Sparse24Matrix, backend::Sparse24Violation> compress_codes(const NodeDesc& node) {
  return is_conv(node) ? compress_conv(node) : compress_linear(node);
}

std::vector<Tensor> packed_codes(const NodeDesc& node) {
  const auto matrix = std::get<backend::Sparse24Matrix>(compress_codes(node));
  const auto flat = [](const auto& v) { return Shape{static_cast<int64_t>(v.size())}; };
  const std::vector<float> scale = of_rows(node.inputs[kScale].data, matrix.m);
  const std::vector<float> bias = node.has_input(kBias) ? of_rows(node.inputs[kBias].data, matrix.m)
                                                        : std::vector<float>(static_cast<size_t>(matrix.m));
  return {Tensor::of<float>(flat(matrix.values), matrix.values).to(DType::kI8),
          Tensor::of<uint8_t>(flat(matrix.indices), matrix.indices), Tensor::of<float>(flat(scale), scale),
          Tensor::of<float>(flat(bias), bias),
          Tensor::of<uint8_t>({1}, std::vector<uint8_t>{zero_code(node)})};
}

PackedCodes unpack_codes(const NodeDesc& node, std::span<const Tensor> packed) {
  PackedCodes result{{}, {}, code_shape_of(node)};
  ConvShape& shape = result.shape;
  const auto is = [&](size_t i, DType dtype, int64_t count) {
    return packed[i].dtype() == dtype && packed[i].numel() == count;
  };
  const bool complete = packed.size() == 5 && packed[0].dtype() == DType::kI8 &&
                        packed[1].dtype() == DType::kU8 && is(2, DType::kF32, shape.k) &&
                        is(3, DType::kF32, shape.k) && is(4, DType::kU8, 1);
  TWOFOUR_CHECK(complete, kDataCorrupt,
                "{} needs packed 2:4 codes, indices, {} scales and biases, and a zero point", node.label(),
                shape.k);
  result.matrix = {shape.k, shape.gemm_k() * kCodesPerBlock, list_of<float>(packed[0].to(DType::kF32)),
                   list_of<uint8_t>(packed[1])};
  backend::verify(result.matrix);
  const uint8_t zero = packed[4].span<uint8_t>()[0];
  shape.blank = four_times(zero) ^ shape.flip;
  result.epilogue.bias = list_of<float>(packed[3]);
  result.epilogue.codes = CodeSums{starts(result.matrix, zero), list_of<float>(packed[2])};
  return result;
}

bool make_codes(const NodeDesc& node, const ConvShape& shape, Epilogue& epilogue) {
  using Kind = ops::Activation::Kind;
  const ops::Activation activation = ops::activation_from(node.attrs);
  const bool bounds =
      activation.kind == Kind::kNone || activation.kind == Kind::kRelu || activation.kind == Kind::kClip;
  if (!bounds || shape.group_k() % lane_values(ProductKind::kCodes) != 0) return false;
  const ops::OutputCodes codes = ops::output_codes_from(node.attrs);
  const auto zero_point = static_cast<float>(codes.zero_point);
  const auto in_units = [&](float v) {
    return std::clamp(v / codes.scale + zero_point, -kBeyondCodes, kBeyondCodes);
  };
  CodeResult result{.is_signed = codes.dtype == DType::kI8, .low = -kBeyondCodes, .high = kBeyondCodes};
  if (activation.kind == Kind::kRelu) result.low = zero_point;
  if (activation.kind == Kind::kClip) {
    result.low = in_units(activation.low);
    result.high = in_units(activation.high);
  }
  float offset = zero_point;
  if (node.has_input(kResidual)) {
    epilogue.residual = true;
    result.residual_signed = node.inputs[kResidual].desc.dtype == DType::kI8;
    result.residual_scale = node.attrs.f("residual_scale", 1) / codes.scale;
    offset -= static_cast<float>(node.attrs.i("residual_zero_point", 0)) * result.residual_scale;
  }
  for (float& v : epilogue.codes->scale) v /= codes.scale;
  for (float& v : epilogue.bias) v = v / codes.scale + offset;
  epilogue.result = result;
  return true;
}

}  // namespace twofour::cpu
