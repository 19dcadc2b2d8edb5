// The weights and biases of quantised layers, as codes behind a DequantizeLinear.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "quant/layers.h"
#include "twofour/quantize_options.h"

namespace twofour::quant {

class WeightInserter {
 public:
  /// `corrections`: what is added to the bias of layers, by name; outlives the inserter.
  WeightInserter(Graph& graph, const std::map<std::string, std::vector<float>>& corrections)
      : graph_(graph), corrections_(corrections) {}

  /// A weighted layer, which reads codes of scale `src_scale`. Nothing is changed yet: layers that share a
  /// weight share its scales.
  void add(const Layer& layer, float src_scale);
  /// Changes the graph and sets scales and corrections in the layers' rows. Returns the names of the codes by
  /// those of the weights.
  std::map<std::string, std::string> insert(std::vector<QuantizedLayer>& rows);

 private:
  struct Weight {
    std::vector<float> scales;
    Value* real = nullptr;  // behind the DequantizeLinear
  };
  using Key = std::pair<Value*, size_t>;  // the weight and its axis of channels
  struct Product {
    Layer layer;
    Key weight;
    float src_scale;
    BiasInput bias_input;  // node null: it has no bias
    Shape bias_shape;
    std::vector<float> bias;  // corrected
    bool corrected;
  };

  Value* dequantised(const std::string& name, Tensor codes, const std::vector<float>& scales, size_t axis,
                     const Node* before);
  void set_weight(const Product& product);
  void set_bias(const Product& product);

  Graph& graph_;
  const std::map<std::string, std::vector<float>>& corrections_;
  std::vector<Product> products_;
  std::map<Key, Weight> weights_;
  std::map<std::string, std::string> codes_of_;
};

}  // namespace twofour::quant
