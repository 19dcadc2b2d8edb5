#include "cpu/sparse24/linear.h"

namespace twofour::cpu {

Sparse24Created<Sparse24Conv2d> create_sparse24_linear(const backend::Sparse24View& weights, int64_t items,
                                                       ItemLayout layout, const Epilogue& epilogue,
                                                       const Sparse24Options& options) {
  const ConvShape shape{.layout = layout == ItemLayout::kColumns ? ImageLayout::kNchw : ImageLayout::kNhwc,
                        .c = weights.k,
                        .h = 1,
                        .w = items,
                        .k = weights.m};
  return Sparse24Conv2d::create(weights, shape, epilogue, options);
}

}  // namespace twofour::cpu
