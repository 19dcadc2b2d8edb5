// Y [N,M] = X [N,K] W^T in bytes: X as codes of one scale, signed or not, W as codes with a scale per row, Y
// in f32. X is quantised before time counts.
#include "sparse/codes.h"
#include "sparse/onednn_problem.h"

namespace twofour::bench {
namespace {

dnnl::primitive_attr attributes(const ProblemData& data, DType src) {
  constexpr int kEveryRow = 1 << 1;
  std::vector<float> scales;
  for (const float scale : data.scales.span<float>()) scales.push_back(scale * kSrcScale);
  dnnl::primitive_attr attr;
  attr.set_output_scales(kEveryRow, scales);
  if (src == DType::kU8) attr.set_zero_points(DNNL_ARG_SRC, 0, {kSrcZero});
  return attr;
}

OnednnOperand src_operand(const Problem& p, const ProblemData& data, DType src, const memory::desc& wanted) {
  return {DNNL_ARG_SRC, {p.n, p.k}, Tag::ab, src_codes(data.src, src), wanted};
}

OnednnOperand weight_operand(const ProblemData& data, const memory::dims& dims, Tag order,
                             const memory::desc& wanted) {
  return {DNNL_ARG_WEIGHTS, dims, order, weight_codes(data.weight, data.scales), wanted, true};
}

Candidate matmul(const Problem& p, const ProblemData& data, DType src) {
  const dnnl::matmul::desc op({{p.n, p.k}, cpu::onednn::type_of(src), Tag::ab},
                              {{p.k, p.m}, Type::s8, Tag::any}, {{p.n, p.m}, Type::f32, Tag::ab});
  const dnnl::matmul::primitive_desc pd(op, attributes(data, src), cpu_engine());
  return onednn_candidate(src == DType::kU8 ? "oneDNN matmul u8s8" : "oneDNN matmul s8s8", dnnl::matmul(pd),
                          {src_operand(p, data, src, pd.src_desc()),
                           weight_operand(data, {p.k, p.m}, Tag::ba, pd.weights_desc())},
                          pd.dst_desc(), data.copies);
}

Candidate inner_product(const Problem& p, const ProblemData& data) {
  const dnnl::inner_product_forward::desc op(
      dnnl::prop_kind::forward_inference, {{p.n, p.k}, Type::s8, Tag::any}, {{p.m, p.k}, Type::s8, Tag::any},
      {{p.n, p.m}, Type::f32, Tag::any});
  const dnnl::inner_product_forward::primitive_desc pd(op, attributes(data, DType::kI8), cpu_engine());
  return onednn_candidate("oneDNN inner product s8s8", dnnl::inner_product_forward(pd),
                          {src_operand(p, data, DType::kI8, pd.src_desc()),
                           weight_operand(data, {p.m, p.k}, Tag::ab, pd.weights_desc())},
                          pd.dst_desc(), data.copies);
}

}  // namespace

std::vector<Candidate> onednn_int8_gemms(const Problem& p, const ProblemData& data) {
  std::vector<Candidate> list;
  for (const DType src : {DType::kI8, DType::kU8})
    if_implemented([&] { list.push_back(matmul(p, data, src)); });
  if_implemented([&] { list.push_back(inner_product(p, data)); });
  return list;
}

}  // namespace twofour::bench
