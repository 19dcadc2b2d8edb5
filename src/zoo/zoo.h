// The networks that twofour can make from nothing: f32 graphs with random weights, ready to be trained.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "ir/graph.h"

namespace twofour::zoo {

struct Options {
  int64_t num_classes = 0;  // 0: the network's own, 10 or 1000
  Shape image_shape;        // C,H,W; rank 0: the network's own
  std::string batch = "N";  // symbol of the batch dimension
  uint64_t seed = 1;
};

struct Network {
  std::string_view name;
  std::string_view doc;  // one line
  Shape image_shape;
  int64_t num_classes;
};

/// Every network that make() knows, smallest first.
std::span<const Network> networks();

/// One input "input" f32[N,C,H,W], one output "logits" f32[N,num_classes]. Nodes and weights have the names
/// that torchvision gives them ("layer1.0.conv1", "layer1.0.conv1.weight"). Convolutions start from He's
/// normal distribution over the fan-out (He et al. 2015), batch norms from scale 1 and bias 0. Every weight
/// is a trainable constant; the same seed gives the same weights on every number of threads. Throws
/// Error{kNotFound} listing the names, Error{kInvalidArgument} on an image that the network cannot take.
Graph make(std::string_view name, const Options& options = {});

/// Trainable elements; running statistics are not counted.
int64_t num_parameters(const Graph& graph);

}  // namespace twofour::zoo
