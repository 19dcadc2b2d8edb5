#include <span>

#include "zoo/networks.h"

namespace twofour::zoo {
namespace {

// What the blocks of a network have in common. The first stage has `width` channels inside its blocks and
// `out` behind them; every later stage twice the one before.
struct Family {
  bool bottleneck = false;
  int64_t width = 64, out = 64;
  int64_t groups = 1;  // of the 3x3 convolution of a bottleneck
};

// A residual block.
struct Block {
  std::string name;
  int64_t width, out, stride, groups;
};

Value* conv_bn(Layers& net, Value* src, const std::string& name, const std::string& index, int64_t k,
               int64_t kernel, int64_t stride, int64_t groups = 1) {
  Value* x = net.conv(src, name + ".conv" + index, k, kernel, stride, kernel / 2, groups);
  return net.batch_norm(x, name + ".bn" + index);
}

Value* shortcut(Layers& net, Value* src, const Block& block) {
  const int64_t k = block.out;
  if (block.stride == 1 && src->dims()[1].value == k) return src;
  Value* x = net.conv(src, block.name + ".downsample.0", k, 1, block.stride, 0);
  return net.batch_norm(x, block.name + ".downsample.1");
}

Value* basic_block(Layers& net, Value* src, const Block& block) {
  const std::string& name = block.name;
  Value* x = conv_bn(net, src, name, "1", block.width, 3, block.stride);
  x = conv_bn(net, net.relu(x, name + ".relu1"), name, "2", block.width, 3, 1);
  return net.relu(net.add(x, shortcut(net, src, block), name + ".add"), name + ".relu2");
}

Value* bottleneck(Layers& net, Value* src, const Block& block) {
  const std::string& name = block.name;
  Value* x = net.relu(conv_bn(net, src, name, "1", block.width, 1, 1), name + ".relu1");
  x = net.relu(conv_bn(net, x, name, "2", block.width, 3, block.stride, block.groups), name + ".relu2");
  x = conv_bn(net, x, name, "3", block.out, 1, 1);
  return net.relu(net.add(x, shortcut(net, src, block), name + ".add"), name + ".relu3");
}

// Stages of blocks; every stage but the first halves the image and doubles the width.
Value* stages(Layers& net, Value* x, std::span<const int> depths, const Family& family) {
  for (size_t stage = 0; stage < depths.size(); ++stage)
    for (int i = 0; i < depths[stage]; ++i) {
      const Block block = {fmt::format("layer{}.{}", stage + 1, i), family.width << stage,
                           family.out << stage, stage > 0 && i == 0 ? 2 : 1, family.groups};
      x = family.bottleneck ? bottleneck(net, x, block) : basic_block(net, x, block);
    }
  return x;
}

Value* classifier(Layers& net, Value* x, int64_t num_classes) {
  return net.linear(net.global_pool(x, "avgpool"), "fc", num_classes, 1);
}

Value* imagenet_resnet(Layers& net, Value* image, std::span<const int> depths, const Family& family,
                       int64_t num_classes) {
  Value* x = net.relu(net.batch_norm(net.conv(image, "conv1", 64, 7, 2, 3), "bn1"), "relu");
  x = net.max_pool(x, "maxpool", 3, 2, 1);
  return classifier(net, stages(net, x, depths, family), num_classes);
}

}  // namespace

template <int kDepth>
Value* cifar_resnet(Layers& net, Value* image, int64_t num_classes) {
  constexpr int kBlocks = (kDepth - 2) / 6;
  static_assert(kBlocks * 6 + 2 == kDepth);
  constexpr int kDepths[] = {kBlocks, kBlocks, kBlocks};
  Value* x = net.relu(net.batch_norm(net.conv(image, "conv1", 16, 3, 1, 1), "bn1"), "relu");
  return classifier(net, stages(net, x, kDepths, {.width = 16, .out = 16}), num_classes);
}
template Value* cifar_resnet<20>(Layers&, Value*, int64_t);
template Value* cifar_resnet<56>(Layers&, Value*, int64_t);

Value* resnet18(Layers& net, Value* image, int64_t num_classes) {
  constexpr int kDepths[] = {2, 2, 2, 2};
  return imagenet_resnet(net, image, kDepths, {}, num_classes);
}

Value* resnet34(Layers& net, Value* image, int64_t num_classes) {
  constexpr int kDepths[] = {3, 4, 6, 3};
  return imagenet_resnet(net, image, kDepths, {}, num_classes);
}

Value* resnet50(Layers& net, Value* image, int64_t num_classes) {
  constexpr int kDepths[] = {3, 4, 6, 3};
  return imagenet_resnet(net, image, kDepths, {.bottleneck = true, .out = 256}, num_classes);
}

Value* resnext101_32x8d(Layers& net, Value* image, int64_t num_classes) {
  constexpr int kDepths[] = {3, 4, 23, 3};
  return imagenet_resnet(net, image, kDepths, {.bottleneck = true, .width = 256, .out = 256, .groups = 32},
                         num_classes);
}

}  // namespace twofour::zoo
