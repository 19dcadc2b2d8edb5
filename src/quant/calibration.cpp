#include "quant/calibration.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "base/log.h"
#include "base/parallel.h"
#include "quant/kinds.h"
#include "quant/statistics.h"
#include "quant/threshold.h"

namespace twofour::quant {
namespace {

struct Tensors {
  Extremes extremes;
  std::vector<Histogram> histograms;  // of the values, and of their magnitudes
  bool is_input = false;
  bool infinite = false;
};
using TensorsByName = std::map<std::string, Tensors>;

/// Samples that lie one after the other in the tensor; 1 when it has no batch.
int64_t samples_in(const Observation& o) {
  const Shape& shape = o.tensor.shape();
  return shape.rank() > 0 && shape[0] % o.samples == 0 ? o.samples : 1;
}

/// Throws unless it is an infinity on the way, which masks have.
void check_non_finite(const Observation& o, size_t position, bool is_input) {
  const float value = o.tensor.span<float>()[position];
  const auto size = static_cast<size_t>(o.tensor.numel() / samples_in(o));
  TWOFOUR_CHECK(!is_input && !std::isnan(value), kInvalidArgument,
                "{} \"{}\" is {} in sample {} of the calibration data{}", is_input ? "input" : "tensor",
                o.name, value, o.first_sample + static_cast<int64_t>(position / size),
                is_input ? "" : "; does the model expect data that are scaled in another way?");
}

class Calibration {
 public:
  Calibration(const Graph& graph, const RunFn& run, const QuantizeOptions& options)
      : graph_(graph), run_(run), options_(options) {
    for (const Value* value : quantisable_values(graph)) tensors_[value->name()];
    for (const Value* input : graph.inputs())
      if (input->dtype() == DType::kF32) tensors_[input->name()].is_input = true;
  }

  TensorRanges ranges() {
    take_extremes();
    if (options_.method != CalibrationMethod::kMinMax) take_histograms();
    std::vector<const TensorsByName::value_type*> known;
    for (const auto& item : tensors_)
      if (!item.second.infinite && !item.second.extremes.empty()) known.push_back(&item);
    std::vector<TensorRange> found(known.size());
    parallel_each(static_cast<int64_t>(known.size()), [&](int64_t i) {
      const auto at = static_cast<size_t>(i);
      found[at] = range_of(known[at]->second);
    });
    TensorRanges ranges;
    for (size_t i = 0; i < known.size(); ++i) ranges[known[i]->first] = found[i];
    return ranges;
  }

 private:
  template <typename Fn>
  void for_each_tensor(const Fn& fn) {
    run_(graph_, [&](const Observation& o) {
      samples_ = std::max(samples_, o.first_sample + o.samples);
      const auto it = tensors_.find(o.name);
      if (it != tensors_.end() && o.tensor.dtype() == DType::kF32) fn(o, it->second);
    });
  }

  void take_extremes() {
    for_each_tensor([](const Observation& o, Tensors& tensor) {
      const auto values = o.tensor.span<float>();
      if (const auto position = first_non_finite(values)) {
        check_non_finite(o, *position, tensor.is_input);
        tensor.infinite = true;
      }
      if (!tensor.infinite) tensor.extremes.add(values, samples_in(o));
    });
    TWOFOUR_CHECK(samples_ > 0, kInvalidArgument,
                  "there are no calibration data; some hundred samples are expected");
    if (samples_ == 1)
      log_warning("the calibration data are one sample: ranges fit it alone; some hundred are expected");
  }

  void take_histograms() {
    for (auto& [name, tensor] : tensors_) {
      const Extremes& e = tensor.extremes;
      if (tensor.infinite || e.empty()) continue;
      tensor.histograms.emplace_back(e.low(), e.high());
      tensor.histograms.emplace_back(0.0F, std::max(-e.low(), e.high()));
    }
    for_each_tensor([](const Observation& o, Tensors& tensor) {
      if (tensor.histograms.empty()) return;
      tensor.histograms[0].add(o.tensor.span<float>());
      tensor.histograms[1].add_magnitudes(o.tensor.span<float>());
    });
  }

  TensorRange range_of(const Tensors& tensor) const {
    const Extremes& e = tensor.extremes;
    TensorRange range = {e.low(), e.high()};
    if (tensor.histograms.empty() || e.low() == e.high()) return range;
    const Histogram& values = tensor.histograms[0];
    const Histogram& magnitudes = tensor.histograms[1];
    switch (options_.method) {
      case CalibrationMethod::kMinMax: break;
      case CalibrationMethod::kMeanMinMax: range = {e.mean_low(), e.mean_high()}; break;
      case CalibrationMethod::kEntropy:
        range = clipped(e, magnitudes.edge(entropy_bins(magnitudes.counts())));
        break;
      case CalibrationMethod::kPercentile: range = percentile(e, values, magnitudes); break;
      case CalibrationMethod::kMse:
        range = clipped(e, mse_threshold(magnitudes, [&](double t) { return step(clipped(e, t)); }));
    }
    range.clipped = values.share_outside(double{range.low}, double{range.high});
    return range;
  }

  static TensorRange clipped(const Extremes& e, double threshold) {
    const auto most = static_cast<float>(threshold);
    return {std::max(e.low(), -most), std::min(e.high(), most)};
  }

  bool is_symmetric() const { return options_.activations == ActivationCodes::kS8; }

  /// The distance of neighbouring codes.
  double step(const TensorRange& range) const {
    const double low = std::min(double{range.low}, 0.0);
    const double high = std::max(double{range.high}, 0.0);
    return is_symmetric() ? std::max(-low, high) / 127 : (high - low) / 255;
  }

  TensorRange percentile(const Extremes& e, const Histogram& values, const Histogram& magnitudes) const {
    const double inside = options_.percentile / 100;
    if (is_symmetric()) return clipped(e, magnitudes.edge(percentile_bins(magnitudes.counts(), inside)));
    const double tail = (1 - inside) / 2;
    return {static_cast<float>(values.edge(percentile_bins(values.counts(), tail) - 1)),
            static_cast<float>(values.edge(percentile_bins(values.counts(), 1 - tail)))};
  }

  const Graph& graph_;
  const RunFn& run_;
  const QuantizeOptions& options_;
  TensorsByName tensors_;
  int64_t samples_ = 0;
};

}  // namespace

std::vector<const Value*> quantisable_values(const Graph& graph) {
  std::vector<const Value*> values;
  const auto add = [&](const Value* value) {
    if (!value->is_constant() && value->dtype() == DType::kF32 &&
        std::ranges::find(values, value) == values.end())
      values.push_back(value);
  };
  for (const auto& node : graph.nodes()) {
    if (!works_on_codes(*node)) continue;
    for (const size_t i : real_inputs(*node)) add(node->input(i));
    for (const Value* output : node->outputs()) add(output);
  }
  return values;
}

TensorRanges calibrate(const Graph& graph, const RunFn& run, const QuantizeOptions& options) {
  TWOFOUR_CHECK(options.percentile > 0 && options.percentile <= 100, kInvalidArgument,
                "the percentile is {}; above 0 and at most 100 is expected", options.percentile);
  return Calibration(graph, run, options).ranges();
}

}  // namespace twofour::quant
