// Y [N,M] = X [N,K] W^T in bytes: X as codes of one scale, signed or with 128 added, W as codes with a scale
// per row, Y in f32. X is quantised before time counts.
#include <cmath>

#include "sparse/onednn_problem.h"

namespace twofour::bench {
namespace {

constexpr float kSrcScale = 1.0F / 128;

Tensor src_codes(const ProblemData& data, Type type) {
  const int shift = type == Type::u8 ? 128 : 0;
  Tensor codes(DType::kU8, data.src.shape());
  for (size_t i = 0; i < data.src.span<float>().size(); ++i)
    codes.span<uint8_t>()[i] =
        static_cast<uint8_t>(static_cast<int>(std::lround(data.src.span<float>()[i] / kSrcScale)) + shift);
  return codes;
}

Tensor weight_codes(const ProblemData& data) {
  Tensor codes(DType::kI8, data.weight.shape());
  const auto k = static_cast<size_t>(data.weight.shape()[1]);
  for (size_t i = 0; i < data.weight.span<float>().size(); ++i)
    codes.span<int8_t>()[i] =
        static_cast<int8_t>(std::lround(data.weight.span<float>()[i] / data.scales.span<float>()[i / k]));
  return codes;
}

dnnl::primitive_attr attributes(const ProblemData& data, Type src) {
  constexpr int kEveryRow = 1 << 1;
  std::vector<float> scales;
  for (const float scale : data.scales.span<float>()) scales.push_back(scale * kSrcScale);
  dnnl::primitive_attr attr;
  attr.set_output_scales(kEveryRow, scales);
  if (src == Type::u8) attr.set_zero_points(DNNL_ARG_SRC, 0, {128});
  return attr;
}

Candidate matmul(const Problem& p, const ProblemData& data, Type type) {
  const memory::desc src({p.n, p.k}, type, Tag::ab), dst({p.n, p.m}, Type::f32, Tag::ab);
  const memory::desc any({p.k, p.m}, Type::s8, Tag::any), rows({p.k, p.m}, Type::s8, Tag::ba);
  const dnnl::matmul::primitive_desc pd(dnnl::matmul::desc(src, any, dst), attributes(data, type),
                                        cpu_engine());
  return onednn_candidate(type == Type::u8 ? "oneDNN matmul u8s8" : "oneDNN matmul s8s8", Role::kDense,
                          dnnl::matmul(pd),
                          {{DNNL_ARG_SRC, src, src_codes(data, type), pd.src_desc()},
                           {DNNL_ARG_WEIGHTS, rows, weight_codes(data), pd.weights_desc(), true}},
                          pd.dst_desc(), data.copies);
}

Candidate inner_product(const Problem& p, const ProblemData& data) {
  const memory::desc src({p.n, p.k}, Type::s8, Tag::ab), rows({p.m, p.k}, Type::s8, Tag::ab);
  const dnnl::inner_product_forward::desc op(
      dnnl::prop_kind::forward_inference, {{p.n, p.k}, Type::s8, Tag::any}, {{p.m, p.k}, Type::s8, Tag::any},
      {{p.n, p.m}, Type::f32, Tag::any});
  const dnnl::inner_product_forward::primitive_desc pd(op, attributes(data, Type::s8), cpu_engine());
  return onednn_candidate("oneDNN inner product s8s8", Role::kDense, dnnl::inner_product_forward(pd),
                          {{DNNL_ARG_SRC, src, src_codes(data, Type::s8), pd.src_desc()},
                           {DNNL_ARG_WEIGHTS, rows, weight_codes(data), pd.weights_desc(), true}},
                          pd.dst_desc(), data.copies);
}

}  // namespace

std::vector<Candidate> onednn_int8_gemms(const Problem& p, const ProblemData& data) {
  std::vector<Candidate> list;
  for (const Type type : {Type::s8, Type::u8}) if_implemented([&] { list.push_back(matmul(p, data, type)); });
  if_implemented([&] { list.push_back(inner_product(p, data)); });
  return list;
}

}  // namespace twofour::bench
