// Cross-layer equalisation (Nagel et al. 2019, https://arxiv.org/abs/1906.04721).
#pragma once

#include "ir/graph.h"

namespace twofour::quant {

/// Of a Conv that alone feeds another, with a Relu between or nothing: channel i of the first is divided by
/// sqrt(r1 / r2), r1 and r2 the largest weights of the channel in the two, and the second takes the factor.
/// Repeated until chains settle. What the network computes stays, up to rounding; zeros stay zeros. Returns
/// how many pairs there are.
size_t equalise(Graph& graph);

}  // namespace twofour::quant
