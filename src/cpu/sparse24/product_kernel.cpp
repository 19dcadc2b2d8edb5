#include "cpu/sparse24/product_kernel.h"

namespace twofour::cpu {

ProductKernel::ProductKernel(Sparse24Created<Sparse24Conv2d> created, const NodeDesc& node, size_t residual)
    : product_(std::move(created.kernel)), residual_(residual), threads_(max_threads()) {
  TWOFOUR_CHECK(created.support, kFailedPrecondition, "{}: {}", node.label(), created.support.to_string());
  if (node.outputs[0].dtype == DType::kF32) late_.emplace(node);
}

void ProductKernel::run(const KernelArgs& args) const {
  product_->run(args.in<float>(0), args.in<float>(residual_), args.out<float>(), args.scratch, threads_);
  if (late_) late_->run(args.out<float>());
}

}  // namespace twofour::cpu
