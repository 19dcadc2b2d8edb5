// The options of quantisation, and what it says of a model.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "twofour/names.h"

namespace twofour {

/// How the range of a tensor follows from its values in the calibration data. kMinMax: the extremes.
/// kMeanMinMax: the means over samples of each sample's extremes. kEntropy: the threshold whose 128 levels
/// lose least information (Kullback-Leibler divergence), the algorithm of NVIDIA's open calibrator; close to
/// TensorRT's, not equal to it bit by bit. kPercentile: what a share of the values lies within. kMse: the
/// least mean square error.
enum class CalibrationMethod : uint8_t { kMinMax, kMeanMinMax, kEntropy, kPercentile, kMse };
inline constexpr Names<CalibrationMethod, 5> kCalibrationMethodNames = {
    {{"minmax", CalibrationMethod::kMinMax},
     {"mean_minmax", CalibrationMethod::kMeanMinMax},
     {"entropy", CalibrationMethod::kEntropy},
     {"percentile", CalibrationMethod::kPercentile},
     {"mse", CalibrationMethod::kMse}}};

/// Codes of activations. kU8: 0 to 255 with a zero point, which fits any range. kS8: -127 to 127, symmetric.
enum class ActivationCodes : uint8_t { kU8, kS8 };
inline constexpr Names<ActivationCodes, 2> kActivationCodesNames = {
    {{"u8", ActivationCodes::kU8}, {"s8", ActivationCodes::kS8}}};

/// The values of one tensor that codes stand for; what lies outside is clipped.
struct TensorRange {
  float low = 0;
  float high = 0;
  double clipped = 0;  // fraction of the calibration data's values that lie outside
};
/// By tensor name.
using TensorRanges = std::map<std::string, TensorRange>;

struct QuantizeOptions {
  std::vector<std::string> include;  // layer name globs (*, ?, [a-z]); empty: every layer
  std::vector<std::string> exclude;
  ActivationCodes activations = ActivationCodes::kU8;
  CalibrationMethod method = CalibrationMethod::kEntropy;
  double percentile = 99.99;  // of kPercentile
  /// Known ranges: nothing is calibrated then. Layers whose tensors have none stay in floating point.
  TensorRanges ranges = {};
  /// Takes the mean error of each output channel, measured on the calibration data, out through the bias.
  bool bias_correction = true;
  /// Cross-layer equalisation (Nagel et al., https://arxiv.org/abs/1906.04721): channels between two
  /// convolutions get the same range, by factors that a ReLU lets through.
  bool equalize = false;
  /// SmoothQuant's alpha (Xiao et al., https://arxiv.org/abs/2211.10438): outliers of a LayerNormalization's
  /// channels move into the weights of the products that read it. 0: off.
  double smooth = 0;
  /// The drop of accuracy, as a fraction, that is allowed where accuracy can be measured: layers that cost
  /// most stay in floating point until it is met.
  double budget = 0.005;
};

/// A Conv, Gemm or MatMul.
struct QuantizedLayer {
  std::string layer;
  std::string op;
  bool quantized = false;
  std::string reason;     // why it stays in floating point
  float least_scale = 0;  // of its weight's output channels; 0 without a constant weight
  float largest_scale = 0;
  bool measured = false;       // on calibration data; the two that follow are 0 otherwise
  double snr_db = 0;           // 20 log10(|x| / |x - q|) of its output on real inputs, bias corrected
  double bias_correction = 0;  // the largest of any channel
};

/// A tensor that layers exchange as codes.
struct QuantizedTensor {
  std::string tensor;
  std::string codes;  // "u8" or "i8"
  TensorRange range;
  float scale = 1;
  int64_t zero_point = 0;
};

/// Accuracy with one more layer in floating point than the row before.
struct SensitivityStep {
  std::string layer;  // "" for the first: every layer quantised
  double accuracy = 0;
};
/// The search for layers that must stay in floating point; without one the lists are empty.
struct Sensitivity {
  double float_accuracy = 0;
  /// Of every layer, where it alone is in floating point; the most costly first.
  std::vector<SensitivityStep> alone;
  /// From all quantised to what was chosen.
  std::vector<SensitivityStep> curve;
};

struct QuantizeReport {
  std::vector<QuantizedLayer> layers;
  std::vector<QuantizedTensor> tensors;
  TensorRanges ranges;                       // all that are known, used or not
  std::map<std::string, double> outputs_db;  // of the network's outputs: their signal-to-noise ratio
  Sensitivity sensitivity;

  int64_t num_quantized() const;
  /// The whole report as JSON text.
  std::string json() const;
};

}  // namespace twofour
