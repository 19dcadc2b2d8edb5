// Codes of 8 bits in a graph and the values that they stand for, as QuantizeLinear and DequantizeLinear say
// it: (code - zero_point) * scale.
#pragma once

#include <optional>

#include "ops/builder.h"
#include "ops/quantisation/output_codes.h"

namespace twofour::passes {

/// Whether values are ordered as their 8-bit codes are: the scale is positive, and so that no difference of
/// codes becomes infinite or less than a normal number.
bool keeps_order(float scale);

struct Codes {
  Value* codes;
  Value* scale = nullptr;       // null: 1
  Value* zero_point = nullptr;  // null: 0
  size_t axis = 0;              // along which scale and zero point vary, where they are vectors

  /// One scale and one zero point for all elements.
  bool per_tensor() const;
  bool per_channel(size_t channel_axis) const { return per_tensor() || axis == channel_axis; }
  /// For an operator that has such an input: null for 0.
  Value* zero_point_input() const;
};

/// The codes behind an f32 value that a DequantizeLinear makes, with whatever scale; nothing for other
/// values, codes of more bits and scales of blocks.
std::optional<Codes> dequantised(const Value* value);

/// What the codes mean that a QuantizeLinear gives or a DequantizeLinear reads: nothing unless they are 8-bit
/// codes of f32 values with one constant zero point and one constant scale that keeps_order().
std::optional<ops::OutputCodes> codes_of(const Node& node);
bool same_codes(const ops::OutputCodes& a, const ops::OutputCodes& b);
/// codes_of the DequantizeLinear that makes `value`.
std::optional<ops::OutputCodes> codes_behind(const Value* value);

/// The QuantizeLinear with codes_of that alone reads `value`; null otherwise.
Node* quantizer(const Graph& graph, const Value* value);

/// Moves or compares values and computes none, so that it gives for codes the codes of what it gives for the
/// values: ops::Quant::Kind::kCommutes, and Resize to the nearest. Not where an element may come from no
/// value: outside an image, from a window of padding alone, as an extreme of nothing.
bool moves_codes(const Node& node);
/// Of these, those that hold for codes in the order of their values only: what compares, and Pad by a value.
bool needs_order(const Node& node);

/// Constant codes minus their zero points, as an i8 constant; null when those are computed or the differences
/// need more than 8 bits.
Value* centred(Graph& graph, const Codes& weight);

/// a * b, at once when both are constant.
Value* multiplied(ops::Builder& builder, Value* a, Value* b, const std::string& name);

}  // namespace twofour::passes
