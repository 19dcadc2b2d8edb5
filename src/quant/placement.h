// Which tensors are exchanged as codes, so that chains of layers stay in them: the inputs of quantised
// products, and in turn the inputs of what stands before them, where that moves codes, or computes on codes
// and all its operands can be had as such (so the residual stream of a transformer, which is normalised in
// real numbers, stays real). Tensors that an operator only moves values between share scale and zero point.
// What a product alone computes for an Add stays real, because the two run as one, and so do the nodes of an
// activation between a product and the codes of its result.
#pragma once

#include <span>
#include <vector>

#include "quant/layers.h"
#include "twofour/quantize_options.h"

namespace twofour::quant {

/// A tensor that becomes codes, or one of the two where products need both types of it.
struct Place {
  Value* value;
  bool is_signed;
  size_t group;  // places of one group share their parameters; a number below places.size()
};
/// An input that reads the codes of a place.
struct Read {
  Node* node;
  size_t input;
  size_t place;
};
struct Placement {
  std::vector<Place> places;
  std::vector<Read> reads;
};

/// For `layers` that are kQuantised.
Placement place_codes(const Graph& graph, std::span<const Layer> layers, ActivationCodes activations);

}  // namespace twofour::quant
