// SmoothQuant (Xiao et al. 2022, https://arxiv.org/abs/2211.10438).
#pragma once

#include "quant/run.h"

namespace twofour::quant {

/// Of a LayerNormalization over the last axis that only products with constant weights read: channel j is
/// divided by max|x_j|^alpha / max|w_j|^(1 - alpha), in its scale and bias, and the weights take the factor.
/// x on the calibration data, w over all the products. What the network computes stays, up to rounding.
/// Returns how many there are. Throws Error{kInvalidArgument} unless alpha is in (0, 1), and without data.
size_t smooth(Graph& graph, const RunFn& run, double alpha);

}  // namespace twofour::quant
