// What codes cost: outputs of quantised layers and networks against the real ones, on the calibration data.
// The differences are part of a graph that computes both, so that nothing is kept between batches.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "quant/run.h"

namespace twofour::quant {

/// Means over the calibration data.
struct OutputError {
  double signal = 0;         // of the squares of the real output
  double noise = 0;          // of the squares of real - quantised
  std::vector<double> bias;  // of real - quantised, for each output channel of a layer

  /// 10 log10(signal / noise); infinite without noise.
  double snr_db() const;
  /// The same once each channel's bias is taken out.
  double corrected_snr_db() const;
};

/// Of every Conv, Gemm and MatMul of `quantised` whose inputs are codes, by name: what it gives for the real
/// values of its inputs. `quantised` is `real` after insert_codes().
std::map<std::string, OutputError> layer_errors(const Graph& real, const Graph& quantised, const RunFn& run);

/// Of the network's f32 outputs, by name: 10 log10(signal / noise).
std::map<std::string, double> output_snr_db(const Graph& real, const Graph& quantised, const RunFn& run);

}  // namespace twofour::quant
