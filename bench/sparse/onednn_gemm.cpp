// Y [N,M] = X [N,K] W^T as matmul, as inner product, as a 1x1 convolution over N pixels, and transposed.
#include "sparse/onednn_problem.h"

namespace twofour::bench {
namespace {

memory::desc desc(const memory::dims& dims, Type type, Tag tag) { return {dims, type, tag}; }

OnednnOperand src_operand(const ProblemData& data, const memory::dims& dims, Tag order,
                          const memory::desc& wanted) {
  return {DNNL_ARG_SRC, dims, order, data.src, wanted};
}

OnednnOperand weight_operand(const ProblemData& data, const memory::dims& dims, Tag order,
                             const memory::desc& wanted) {
  return {DNNL_ARG_WEIGHTS, dims, order, data.weight, wanted, true};
}

Candidate matmul(const Problem& p, const ProblemData& data, Type type) {
  const dnnl::matmul::desc op(desc({p.n, p.k}, type, Tag::ab), desc({p.k, p.m}, type, Tag::any),
                              desc({p.n, p.m}, type, Tag::ab));
  const dnnl::matmul::primitive_desc pd(op, cpu_engine());
  return onednn_candidate(typed_name("oneDNN matmul", type), dnnl::matmul(pd),
                          {src_operand(data, {p.n, p.k}, Tag::ab, pd.src_desc()),
                           weight_operand(data, {p.k, p.m}, Tag::ba, pd.weights_desc())},
                          pd.dst_desc(), data.copies);
}

Candidate inner_product(const Problem& p, const ProblemData& data, Type type) {
  const dnnl::inner_product_forward::desc op(
      dnnl::prop_kind::forward_inference, desc({p.n, p.k}, type, Tag::any), desc({p.m, p.k}, type, Tag::any),
      desc({p.n, p.m}, type, Tag::any));
  const dnnl::inner_product_forward::primitive_desc pd(op, cpu_engine());
  return onednn_candidate(typed_name("oneDNN inner product", type), dnnl::inner_product_forward(pd),
                          {src_operand(data, {p.n, p.k}, Tag::ab, pd.src_desc()),
                           weight_operand(data, {p.m, p.k}, Tag::ab, pd.weights_desc())},
                          pd.dst_desc(), data.copies);
}

Candidate convolution(const Problem& p, const ProblemData& data, Type type) {
  const memory::dims src = {1, p.k, 1, p.n}, weight = {p.m, p.k, 1, 1};
  const dnnl::convolution_forward::desc op(
      dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_direct, desc(src, type, Tag::nhwc),
      desc(weight, type, Tag::any), desc({1, p.m, 1, p.n}, type, Tag::nhwc), {1, 1}, {0, 0}, {0, 0});
  const dnnl::convolution_forward::primitive_desc pd(op, cpu_engine());
  return onednn_candidate(typed_name("oneDNN conv 1x1", type), dnnl::convolution_forward(pd),
                          {src_operand(data, src, Tag::nhwc, pd.src_desc()),
                           weight_operand(data, weight, Tag::nchw, pd.weights_desc())},
                          pd.dst_desc(), data.copies);
}

/// Y^T [M,N] = W X^T with both as columns.
Candidate transposed(const Problem& p, const ProblemData& data, Type type) {
  const dnnl::matmul::desc op(desc({p.m, p.k}, type, Tag::ab), desc({p.k, p.n}, type, Tag::ab),
                              desc({p.m, p.n}, type, Tag::ab));
  const dnnl::matmul::primitive_desc pd(op, cpu_engine());
  OnednnOperand weight = weight_operand(data, {p.m, p.k}, Tag::ab, pd.src_desc());
  OnednnOperand src = src_operand(data, {p.k, p.n}, Tag::ba, pd.weights_desc());
  std::swap(weight.argument, src.argument);
  return onednn_candidate(typed_name("oneDNN matmul columns", type), dnnl::matmul(pd), {weight, src},
                          pd.dst_desc(), data.copies);
}

}  // namespace

std::vector<Candidate> onednn_gemms(const Problem& p, const ProblemData& data) {
  std::vector<Candidate> list;
  for (const Type type : onednn_types(p))
    for (const auto& make : {matmul, inner_product, convolution, transposed})
      if_implemented([&] { list.push_back(make(p, data, type)); });
  return list;
}

}  // namespace twofour::bench
