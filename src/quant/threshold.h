// Where to clip a tensor, told from the histogram of its magnitudes.
#pragma once

#include <functional>
#include <span>

#include "quant/statistics.h"

namespace twofour::quant {

/// The number of bins, from 0 on and 128 at least, below the threshold with the least Kullback-Leibler
/// divergence between the values clipped there and the same in 128 levels; of equal ones the last. NVIDIA's
/// open calibrator (pytorch-quantization): bin 0 counts as bin 1, what is clipped joins the last bin, a level
/// spreads over those of its bins that are not empty.
size_t entropy_bins(std::span<const uint64_t> counts);

/// The number of bins that hold at least `fraction` of what was counted.
size_t percentile_bins(std::span<const uint64_t> counts, double fraction);

/// The bin centre, from bin 128 on, that gives the least mean square error as the threshold; of equal ones
/// the first. `step`: the distance of neighbouring codes for a threshold.
double mse_threshold(const Histogram& magnitudes, const std::function<double(double threshold)>& step);

}  // namespace twofour::quant
