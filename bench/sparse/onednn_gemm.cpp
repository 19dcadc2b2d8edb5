// Y [N,M] = X [N,K] W^T as matmul, as inner product, as a 1x1 convolution over N pixels, and transposed.
#include "sparse/onednn_problem.h"

namespace twofour::bench {
namespace {

memory::desc desc(const memory::dims& dims, Type type, Tag tag) { return {dims, type, tag}; }

OnednnOperand src_operand(const ProblemData& data, const memory::desc& plain, const memory::desc& wanted) {
  return {DNNL_ARG_SRC, plain, data.src, wanted};
}

OnednnOperand weight_operand(const ProblemData& data, const memory::desc& plain, const memory::desc& wanted) {
  return {DNNL_ARG_WEIGHTS, plain, data.weight, wanted, true};
}

Candidate matmul(const Problem& p, const ProblemData& data, Type type) {
  const dnnl::matmul::desc op(desc({p.n, p.k}, type, Tag::ab), desc({p.k, p.m}, type, Tag::any),
                              desc({p.n, p.m}, type, Tag::ab));
  const dnnl::matmul::primitive_desc pd(op, cpu_engine());
  return onednn_candidate(typed_name("oneDNN matmul", type), role_of(type, p.stored), dnnl::matmul(pd),
                          {src_operand(data, desc({p.n, p.k}, Type::f32, Tag::ab), pd.src_desc()),
                           weight_operand(data, desc({p.k, p.m}, Type::f32, Tag::ba), pd.weights_desc())},
                          pd.dst_desc(), data.copies);
}

Candidate inner_product(const Problem& p, const ProblemData& data, Type type) {
  const dnnl::inner_product_forward::desc op(
      dnnl::prop_kind::forward_inference, desc({p.n, p.k}, type, Tag::any), desc({p.m, p.k}, type, Tag::any),
      desc({p.n, p.m}, type, Tag::any));
  const dnnl::inner_product_forward::primitive_desc pd(op, cpu_engine());
  return onednn_candidate(typed_name("oneDNN inner product", type), role_of(type, p.stored),
                          dnnl::inner_product_forward(pd),
                          {src_operand(data, desc({p.n, p.k}, Type::f32, Tag::ab), pd.src_desc()),
                           weight_operand(data, desc({p.m, p.k}, Type::f32, Tag::ab), pd.weights_desc())},
                          pd.dst_desc(), data.copies);
}

Candidate convolution(const Problem& p, const ProblemData& data) {
  const dnnl::convolution_forward::desc op(
      dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_direct,
      desc({1, p.k, 1, p.n}, Type::f32, Tag::nhwc), desc({p.m, p.k, 1, 1}, Type::f32, Tag::any),
      desc({1, p.m, 1, p.n}, Type::f32, Tag::nhwc), {1, 1}, {0, 0}, {0, 0});
  const dnnl::convolution_forward::primitive_desc pd(op, cpu_engine());
  return onednn_candidate(
      "oneDNN conv 1x1", Role::kDense, dnnl::convolution_forward(pd),
      {src_operand(data, desc({1, p.k, 1, p.n}, Type::f32, Tag::nhwc), pd.src_desc()),
       weight_operand(data, desc({p.m, p.k, 1, 1}, Type::f32, Tag::nchw), pd.weights_desc())},
      pd.dst_desc(), data.copies);
}

/// Y^T [M,N] = W X^T with both as columns.
Candidate transposed(const Problem& p, const ProblemData& data) {
  const dnnl::matmul::desc op(desc({p.m, p.k}, Type::f32, Tag::ab), desc({p.k, p.n}, Type::f32, Tag::ab),
                              desc({p.m, p.n}, Type::f32, Tag::ab));
  const dnnl::matmul::primitive_desc pd(op, cpu_engine());
  OnednnOperand weight = weight_operand(data, desc({p.m, p.k}, Type::f32, Tag::ab), pd.src_desc());
  OnednnOperand src = src_operand(data, desc({p.k, p.n}, Type::f32, Tag::ba), pd.weights_desc());
  std::swap(weight.argument, src.argument);
  return onednn_candidate("oneDNN matmul columns", Role::kDense, dnnl::matmul(pd), {weight, src},
                          pd.dst_desc(), data.copies);
}

}  // namespace

std::vector<Candidate> onednn_gemms(const Problem& p, const ProblemData& data) {
  std::vector<Candidate> list;
  for (const Type type : onednn_types()) {
    if_implemented([&] { list.push_back(matmul(p, data, type)); });
    if_implemented([&] { list.push_back(inner_product(p, data, type)); });
  }
  if_implemented([&] { list.push_back(convolution(p, data)); });
  if_implemented([&] { list.push_back(transposed(p, data)); });
  return list;
}

}  // namespace twofour::bench
