#include "cpu/onednn/matmul.h"

namespace twofour::cpu::onednn {

dnnl::matmul::primitive_desc MatmulProblem::make() const {
  dnnl::primitive_attr attr = user_scratchpad();
  if (alpha != 1) attr.set_output_scales(0, {alpha});
  dnnl::post_ops post_ops;
  if (add_to_dst) post_ops.append_sum();
  for (int i = 0; i < activation.len(); ++i) {
    float scale, low, high;
    dnnl::algorithm algorithm;
    activation.get_params_eltwise(i, scale, algorithm, low, high);
    post_ops.append_eltwise(scale, algorithm, low, high);
  }
  attr.set_post_ops(post_ops);
  const memory::desc weights = pack_b ? memory::desc(b.dims(), b.data_type(), memory::format_tag::any) : b;
  return {bias.is_zero() ? dnnl::matmul::desc(a, weights, dst) : dnnl::matmul::desc(a, weights, bias, dst),
          attr, cpu_engine()};
}

MatmulKernel::MatmulKernel(const MatmulProblem& problem, ScratchLayout& layout) {
  const auto desc = problem.make();
  a_ = desc.src_desc();
  b_ = desc.weights_desc();
  bias_ = desc.bias_desc();
  dst_ = desc.dst_desc();
  matmul_ = {desc, layout};
}

void MatmulKernel::run(const void* a, const void* b, const void* bias, void* dst, std::byte* scratch) const {
  Arguments arguments;
  arguments.read(DNNL_ARG_SRC, a_, a).read(DNNL_ARG_WEIGHTS, b_, b).write(DNNL_ARG_DST, dst_, dst);
  if (bias) arguments.read(DNNL_ARG_BIAS, bias_, bias);
  matmul_.run(std::move(arguments), scratch);
}

}  // namespace twofour::cpu::onednn
