#include "zoo/networks.h"

namespace twofour::zoo {

Value* mlp(Layers& net, Value* image, int64_t num_classes) {
  Value* x = net.flatten(image, "flatten");
  x = net.relu(net.linear(x, "fc1", 256, 2), "relu1");
  x = net.relu(net.linear(x, "fc2", 128, 2), "relu2");
  return net.linear(x, "fc3", num_classes, 1);
}

Value* lenet(Layers& net, Value* image, int64_t num_classes) {
  Value* x = net.relu(net.conv_bias(image, "conv1", 6, 5, 2), "relu1");
  x = net.max_pool(x, "pool1", 2, 2, 0);
  x = net.relu(net.conv_bias(x, "conv2", 16, 5, 0), "relu2");
  x = net.flatten(net.max_pool(x, "pool2", 2, 2, 0), "flatten");
  x = net.relu(net.linear(x, "fc1", 120, 2), "relu3");
  x = net.relu(net.linear(x, "fc2", 84, 2), "relu4");
  return net.linear(x, "fc3", num_classes, 1);
}

Value* cnn(Layers& net, Value* image, int64_t num_classes) {
  const auto stage = [&net](Value* src, const std::string& index, int64_t k) {
    return net.relu(net.batch_norm(net.conv(src, "conv" + index, k, 3, 1, 1), "bn" + index), "relu" + index);
  };
  Value* x = net.max_pool(stage(image, "1", 16), "pool1", 2, 2, 0);
  x = stage(x, "2", 64);
  x = net.max_pool(stage(x, "3", 64), "pool2", 2, 2, 0);
  x = net.global_pool(stage(x, "4", 128), "pool3");
  return net.linear(x, "fc", num_classes, 1);
}

}  // namespace twofour::zoo
