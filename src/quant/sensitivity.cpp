#include "quant/sensitivity.h"

#include <algorithm>

#include "base/log.h"

namespace twofour::quant {
namespace {

class Search {
 public:
  Search(const Graph& real, const TensorRanges& ranges, const QuantizeOptions& options, const ScoreFn& score,
         const Corrections& corrections)
      : real_(real), ranges_(ranges), options_(options), score_(score), corrections_(corrections) {}

  double accuracy(const std::set<std::string>& real_layers) {
    Graph graph = real_.clone();
    corrections_.real_layers = real_layers;
    layers_.clear();
    for (const QuantizedLayer& layer : insert_codes(graph, ranges_, options_, corrections_).layers)
      if (layer.quantized) layers_.push_back(layer.layer);
    return score_(graph);
  }
  /// Those that were quantised last.
  const std::vector<std::string>& layers() const { return layers_; }

 private:
  const Graph& real_;
  const TensorRanges& ranges_;
  const QuantizeOptions& options_;
  const ScoreFn& score_;
  Corrections corrections_;
  std::vector<std::string> layers_;
};

/// Each layer alone in floating point, the most costly first.
std::vector<SensitivityStep> rank(Search& search, const std::map<std::string, OutputError>& errors) {
  std::vector<SensitivityStep> ranked;
  for (const std::string& layer : std::vector<std::string>(search.layers())) {
    ranked.push_back({layer, search.accuracy({layer})});
    log_info("accuracy {:.2f} % with \"{}\" in floating point", ranked.back().accuracy * 100, layer);
  }
  const auto snr_db = [&](const SensitivityStep& step) {
    const auto error = errors.find(step.layer);
    return error == errors.end() ? 0 : error->second.corrected_snr_db();
  };
  std::ranges::stable_sort(ranked, [&](const SensitivityStep& a, const SensitivityStep& b) {
    return a.accuracy != b.accuracy ? a.accuracy > b.accuracy : snr_db(a) < snr_db(b);
  });
  return ranked;
}

}  // namespace

Sensitivity find_real_layers(const Graph& real, const TensorRanges& ranges, const QuantizeOptions& options,
                             const std::map<std::string, OutputError>& errors, const ScoreFn& score,
                             Corrections& corrections) {
  Search search(real, ranges, options, score, corrections);
  Sensitivity found = {.float_accuracy = score(real), .alone = {}, .curve = {}};
  found.curve.push_back({"", search.accuracy({})});
  const auto met = [&] { return found.float_accuracy - found.curve.back().accuracy <= options.budget; };
  if (met()) return found;
  found.alone = rank(search, errors);
  for (auto step = found.alone.begin(); step != found.alone.end() && !met(); ++step) {
    corrections.real_layers.insert(step->layer);
    found.curve.push_back({step->layer, search.accuracy(corrections.real_layers)});
  }
  return found;
}

}  // namespace twofour::quant
