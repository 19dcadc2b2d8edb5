#include "zoo/zoo.h"

#include <algorithm>

#include "zoo/networks.h"

namespace twofour::zoo {
namespace {

using Body = Value* (*)(Layers&, Value*, int64_t);

const Network kNetworks[] = {
    {"lenet", "LeNet-5 with ReLU and max pooling", {1, 28, 28}, 10},
    {"cnn", "four 3x3 convolutions with batch norm, the demo's network", {1, 28, 28}, 10},
    {"mlp", "three fully connected layers", {1, 28, 28}, 10},
    {"resnet20", "ResNet-20 for CIFAR, projection shortcuts", {3, 32, 32}, 10},
    {"resnet56", "ResNet-56 for CIFAR, projection shortcuts", {3, 32, 32}, 10},
    {"resnet18", "ResNet-18 for ImageNet", {3, 224, 224}, 1000},
    {"resnet34", "ResNet-34 for ImageNet", {3, 224, 224}, 1000},
    {"resnet50", "ResNet-50 version 1.5 for ImageNet", {3, 224, 224}, 1000},
    {"resnext101_32x8d", "ResNeXt-101 with 32 groups of 8 for ImageNet", {3, 224, 224}, 1000},
};
constexpr Body kBodies[] = {lenet,    cnn,      mlp,      cifar_resnet<20>, cifar_resnet<56>,
                            resnet18, resnet34, resnet50, resnext101_32x8d};
static_assert(std::size(kNetworks) == std::size(kBodies));

size_t find(std::string_view name) {
  const auto* it = std::ranges::find(kNetworks, name, &Network::name);
  if (it == std::end(kNetworks)) {
    std::vector<std::string_view> names;
    for (const Network& network : kNetworks) names.push_back(network.name);
    fail(ErrorCode::kNotFound, "there is no network \"{}\"; there are: {}", name, fmt::join(names, ", "));
  }
  return static_cast<size_t>(it - std::begin(kNetworks));
}

}  // namespace

std::span<const Network> networks() { return kNetworks; }

Graph make(std::string_view name, const Options& options) {
  const size_t index = find(name);
  const Network& network = kNetworks[index];
  const Shape image = options.image_shape.rank() ? options.image_shape : network.image_shape;
  TWOFOUR_CHECK(
      image.rank() == 3 && std::ranges::all_of(image, [](int64_t d) { return d > 0 && d <= 1 << 16; }),
      kInvalidArgument, "an image has the shape CxHxW, got {}", image.to_string());
  const int64_t num_classes = options.num_classes ? options.num_classes : network.num_classes;
  TWOFOUR_CHECK(num_classes > 0 && num_classes <= 1 << 20, kInvalidArgument, "cannot have {} classes",
                num_classes);
  return with_context([&] { return fmt::format("making {} for images of {}", name, image.to_string()); },
                      [&] {
                        Graph graph{std::string(name)};
                        Layers layers(graph, options.seed);
                        Value* input = graph.add_input(
                            "input",
                            {DType::kF32, {Dim::named(options.batch), image[0], image[1], image[2]}});
                        Value* logits = kBodies[index](layers, input, num_classes);
                        graph.rename(logits, "logits");
                        graph.set_outputs({logits});
                        return graph;
                      });
}

int64_t num_parameters(const Graph& graph) {
  const auto is_state = [](const Value& value) {
    return std::ranges::any_of(value.users(), [&value](const Node* node) {
      const auto& ports = ops::get_op(node->op()).inputs;
      for (size_t i = 0; i < std::min(ports.size(), node->inputs().size()); ++i)
        if (node->input(i) == &value && ports[i].state) return true;
      return false;
    });
  };
  int64_t count = 0;
  for (const auto& value : graph.values())
    if (value->trainable() && !is_state(*value)) count += value->data().numel();
  return count;
}

}  // namespace twofour::zoo
