// The bodies of the networks: image [N,C,H,W] to logits [N,num_classes].
#pragma once

#include "zoo/layers.h"

namespace twofour::zoo {

Value* mlp(Layers& net, Value* image, int64_t num_classes);
/// LeCun et al. 1998 with ReLU and max pooling: 61,706 parameters for 1x28x28 and 10 classes.
Value* lenet(Layers& net, Value* image, int64_t num_classes);
/// Four 3x3 convolutions (16, 64, 64, 128) with batch norm: 121,786 parameters for 10 classes and one
/// channel. All but the first have channels that are multiples of 16, so they can be 2:4.
Value* cnn(Layers& net, Value* image, int64_t num_classes);

/// He et al. 2016, section 4.2: 3 stages of (depth - 2) / 6 basic blocks on 16, 32, 64 channels, with
/// projection shortcuts (option B) where the shape changes.
template <int kDepth>
Value* cifar_resnet(Layers& net, Value* image, int64_t num_classes);
extern template Value* cifar_resnet<20>(Layers&, Value*, int64_t);
extern template Value* cifar_resnet<56>(Layers&, Value*, int64_t);

Value* resnet18(Layers& net, Value* image, int64_t num_classes);
Value* resnet34(Layers& net, Value* image, int64_t num_classes);
/// Version 1.5: the stride of a bottleneck stands in its 3x3 convolution.
Value* resnet50(Layers& net, Value* image, int64_t num_classes);
/// Xie et al. 2017: as resnet50 with 101 layers, the 3x3 convolutions in 32 groups of 8 channels and more.
Value* resnext101_32x8d(Layers& net, Value* image, int64_t num_classes);

}  // namespace twofour::zoo
