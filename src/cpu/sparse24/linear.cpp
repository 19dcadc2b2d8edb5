#include "cpu/sparse24/linear.h"

namespace twofour::cpu {

ConvShape linear_shape(int64_t m, int64_t k, int64_t items, ItemLayout layout) {
  return {.layout = layout == ItemLayout::kColumns ? ImageLayout::kNchw : ImageLayout::kNhwc,
          .c = k,
          .h = 1,
          .w = items,
          .k = m};
}

Sparse24Created<Sparse24Conv2d> create_sparse24_linear(const backend::Sparse24View& weights, int64_t items,
                                                       ItemLayout layout, const Epilogue& epilogue,
                                                       const Sparse24Options& options,
                                                       std::unique_ptr<LateOutput> late) {
  return Sparse24Conv2d::create(weights, linear_shape(weights.m, weights.k, items, layout).as(options.kind),
                                epilogue, options, std::move(late));
}

}  // namespace twofour::cpu
