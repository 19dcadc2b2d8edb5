// QuantizedConv and QuantizedMatMul with a constant 2:4 weight, as the sparse tactic sees them: products of
// u8 codes whose four channels of a block lie together.
#pragma once

#include "cpu/sparse24/conv_shape.h"
#include "cpu/sparse24/tactic_support.h"

namespace twofour::cpu {

constexpr int64_t kCodesPerBlock = lane_values(ProductKind::kCodes);

/// The product as a convolution of blocks of four codes; `blank` is not set.
ConvShape code_shape_of(const NodeDesc& node);

/// The refusals that do not depend on the kernel: types, shapes, formats, what is constant.
Support code_node_ok(const NodeDesc& node);
/// Tactic::packed_form(): zero points and starts are those of u8 codes, whatever the source holds.
std::string code_packed_form(const NodeDesc& node);
/// The weight as [K, R*S*C] or [M, K], the codes as whole numbers; it has data.
std::variant<backend::Sparse24Matrix, backend::Sparse24Violation> compress_codes(const NodeDesc& node);

/// What pack() returns: values (i8), indices, scales [M], biases [M], which are 0 where there are none, and
/// the zero point of the source as a u8 code.
std::vector<Tensor> packed_codes(const NodeDesc& node);
struct PackedCodes {
  backend::Sparse24Matrix matrix;
  Epilogue epilogue;  // codes and bias
  ConvShape shape;
};
/// Throws Error{kDataCorrupt} when `packed` is not what packed_codes() made for such a node.
PackedCodes unpack_codes(const NodeDesc& node, std::span<const Tensor> packed);

/// The values of a packed constant.
template <typename T>
std::vector<T> list_of(const Tensor& packed) {
  return {packed.span<T>().begin(), packed.span<T>().end()};
}

/// Lets the product make codes itself, in the units of the result; false where it cannot: an activation that
/// is more than bounds, or groups whose output channels are no multiple of four.
bool make_codes(const NodeDesc& node, const ConvShape& shape, Epilogue& epilogue);

}  // namespace twofour::cpu
