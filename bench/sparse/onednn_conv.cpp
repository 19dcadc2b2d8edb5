// Convolution with bias and ReLU in the three orders of activations, direct and Winograd.
#include "sparse/onednn_problem.h"

namespace twofour::bench {
namespace {

struct Way {
  const char* name;
  Tag activations;
  dnnl::algorithm algorithm;
};

constexpr std::array kWays = {
    Way{"oneDNN nhwc", Tag::nhwc, dnnl::algorithm::convolution_direct},
    Way{"oneDNN blocked", Tag::any, dnnl::algorithm::convolution_direct},
    Way{"oneDNN nchw", Tag::nchw, dnnl::algorithm::convolution_direct},
    Way{"oneDNN Winograd blocked", Tag::any, dnnl::algorithm::convolution_winograd},
    Way{"oneDNN Winograd nhwc", Tag::nhwc, dnnl::algorithm::convolution_winograd},
};

dnnl::primitive_attr with_relu() {
  dnnl::post_ops ops;
  ops.append_eltwise(1.0F, dnnl::algorithm::eltwise_relu, 0.0F, 0.0F);
  dnnl::primitive_attr attr;
  attr.set_post_ops(ops);
  return attr;
}

Candidate convolution(const Problem& p, const ProblemData& data, const Way& way, Type type) {
  const ConvLayer& v = p.conv;
  const auto desc = [](const memory::dims& dims, Tag tag, Type t) { return memory::desc(dims, t, tag); };
  const memory::dims src = {p.batch, v.c, v.h, v.w}, bias = {v.k}, dst = {p.batch, v.k, v.out_h(), v.out_w()};
  const bool grouped = v.groups > 1;
  const memory::dims weight = grouped ? memory::dims{v.groups, v.k / v.groups, v.c / v.groups, v.r, v.s}
                                      : memory::dims{v.k, v.c, v.r, v.s};
  const dnnl::convolution_forward::desc op(dnnl::prop_kind::forward_inference, way.algorithm,
                                           desc(src, way.activations, type), desc(weight, Tag::any, type),
                                           desc(bias, Tag::x, type), desc(dst, way.activations, type),
                                           {v.stride, v.stride}, {v.pad, v.pad}, {v.pad, v.pad});
  const dnnl::convolution_forward::primitive_desc pd(op, with_relu(), cpu_engine());
  const Tag filters = grouped ? Tag::goihw : Tag::oihw;
  return onednn_candidate(typed_name(way.name, type), dnnl::convolution_forward(pd),
                          {{DNNL_ARG_SRC, src, Tag::nchw, data.src, pd.src_desc()},
                           {DNNL_ARG_WEIGHTS, weight, filters, data.weight, pd.weights_desc(), true},
                           {DNNL_ARG_BIAS, bias, Tag::x, data.bias, pd.bias_desc()}},
                          pd.dst_desc(), data.copies);
}

}  // namespace

std::vector<Candidate> onednn_convs(const Problem& p, const ProblemData& data) {
  std::vector<Candidate> list;
  for (const Type type : onednn_types(p))
    for (const Way& way : kWays) if_implemented([&] { list.push_back(convolution(p, data, way, type)); });
  return list;
}

}  // namespace twofour::bench
