// AveragePool and AveragePoolGrad through oneDNN, in either format, over one to three spatial axes. Its
// MaxPool drops NaN: native/pooling has one.
#include "cpu/onednn/conv_problem.h"
#include "cpu/onednn/unary_kernel.h"
#include "cpu/tactics.h"
#include "ops/pooling/pool_geometry.h"

namespace twofour::cpu {
namespace {

using namespace onednn;  // NOLINT(google-build-using-namespace): this file is an adapter to it
using Forward = dnnl::pooling_v2_forward;
using Backward = dnnl::pooling_v2_backward;

struct PoolProblem {
  dnnl::algorithm algorithm;
  memory::desc src, dst;
  memory::dims kernel, strides, dilation, pads_begin, pads_end;

  PoolProblem(const NodeDesc& node, const TensorDesc& src_tensor, const TensorDesc& dst_tensor) {
    const ops::Window3d window = ops::pool_window_from(node.attrs, to_dims(src_tensor.shape));
    algorithm = node.attrs.i("count_include_pad", 0) != 0 ? dnnl::algorithm::pooling_avg_include_padding
                                                          : dnnl::algorithm::pooling_avg_exclude_padding;
    const Format format = conv_format(src_tensor, dst_tensor);
    src = desc_in(src_tensor, format);
    dst = desc_in(dst_tensor, format);
    const ops::Sizes<3> in = ops::spatial_sizes(src_tensor.shape);
    const ops::Sizes<3> out = ops::spatial_sizes(dst_tensor.shape);
    for (size_t i = 5 - static_cast<size_t>(src.data.ndims); i < 3; ++i) {
      kernel.push_back(window.kernel[i]);
      strides.push_back(window.stride[i]);
      dilation.push_back(window.dilation[i] - 1);
      pads_begin.push_back(window.pads[i]);
      // Whatever the last window reaches, which under ceil_mode differs from the attribute.
      pads_end.push_back((out[i] - 1) * window.stride[i] + window.extent(i) - in[i] - window.pads[i]);
    }
  }

  Forward::primitive_desc make_forward(dnnl::prop_kind kind) const {
    return {{kind, algorithm, src, dst, strides, kernel, dilation, pads_begin, pads_end},
            user_scratchpad(),
            cpu_engine()};
  }
  Backward::primitive_desc make_backward() const {
    return {{algorithm, src, dst, strides, kernel, dilation, pads_begin, pads_end},
            user_scratchpad(),
            cpu_engine(),
            make_forward(dnnl::prop_kind::forward_training)};
  }
};

Support pool_ok(const NodeDesc& node) {
  const size_t rank = node.outputs[0].shape.rank();
  if (rank < 3 || rank > 5) return declined(Reason::kShape, node.outputs[0].to_string());
  if (Support no = all_of({types_ok(node), none_empty(node), any_one_format(node)}); !no) return no;
  // Under ceil_mode oneDNN would count the overhang as padding.
  if (node.attrs.i("count_include_pad", 0) != 0 && node.attrs.i("ceil_mode", 0) != 0)
    return declined(Reason::kAttribute, "count_include_pad with ceil_mode");
  return supported();
}

class OnednnPool final : public OpTactic {
 public:
  OnednnPool() : OpTactic("onednn.pool", {"AveragePool"}) {}

  std::unique_ptr<Kernel> make(const NodeDesc& node, std::span<const Tensor>) const override {
    const PoolProblem problem(node, node.inputs[0].desc, node.outputs[0]);
    return make_unary_kernel(problem.make_forward(dnnl::prop_kind::forward_inference),
                             {DNNL_ARG_SRC, problem.src}, {DNNL_ARG_DST, problem.dst});
  }

 protected:
  Support accepts(const NodeDesc& node) const override {
    if (Support no = pool_ok(node); !no) return no;
    return library_accepts([&] {
      PoolProblem(node, node.inputs[0].desc, node.outputs[0])
          .make_forward(dnnl::prop_kind::forward_inference);
    });
  }
};

class OnednnAveragePoolGrad final : public OpTactic {
 public:
  OnednnAveragePoolGrad() : OpTactic("onednn.average_pool_grad", {"AveragePoolGrad"}) {}

  std::unique_ptr<Kernel> make(const NodeDesc& node, std::span<const Tensor>) const override {
    const PoolProblem problem(node, node.outputs[0], node.inputs[0].desc);
    return make_unary_kernel(problem.make_backward(), {DNNL_ARG_DIFF_DST, problem.dst},
                             {DNNL_ARG_DIFF_SRC, problem.src});
  }

 protected:
  Support accepts(const NodeDesc& node) const override {
    if (Support no = pool_ok(node); !no) return no;
    return library_accepts([&] { PoolProblem(node, node.outputs[0], node.inputs[0].desc).make_backward(); });
  }
};

}  // namespace

TWOFOUR_DEFINE_TACTIC(OnednnPool)
TWOFOUR_DEFINE_TACTIC(OnednnAveragePoolGrad)

}  // namespace twofour::cpu
