// Elementwise functions with exponentials through oneDNN's generated code; any format. Not its logarithm,
// which is 1e-6 off at 1 (2.6.3).
#include "cpu/onednn/primitive.h"
#include "cpu/onednn/unary_kernel.h"
#include "cpu/tactics.h"

namespace twofour::cpu {
namespace {

using namespace onednn;  // NOLINT(google-build-using-namespace): this file is an adapter to it
using Eltwise = dnnl::eltwise_forward;

dnnl::algorithm algorithm_of(const NodeDesc& node) {
  if (node.op == "Exp") return dnnl::algorithm::eltwise_exp;
  if (node.op == "Tanh") return dnnl::algorithm::eltwise_tanh;
  if (node.op == "Swish") return dnnl::algorithm::eltwise_swish;
  if (node.op == "HardSwish") return dnnl::algorithm::eltwise_hardswish;
  if (node.op == "Elu") return dnnl::algorithm::eltwise_elu;
  if (node.op == "Gelu")
    return node.attrs.s("approximate", "none") == "tanh" ? dnnl::algorithm::eltwise_gelu_tanh
                                                         : dnnl::algorithm::eltwise_gelu_erf;
  return dnnl::algorithm::eltwise_logistic;
}

Eltwise::primitive_desc make_eltwise(const NodeDesc& node) {
  const memory::dims count = {node.outputs[0].shape.numel()};
  const memory::desc flat(count, type_of(node.outputs[0].dtype), memory::format_tag::a);
  return {{dnnl::prop_kind::forward_inference, algorithm_of(node), flat, node.attrs.f("alpha", 1), 0.0F},
          user_scratchpad(),
          cpu_engine()};
}

class OnednnEltwise final : public OpTactic {
 public:
  OnednnEltwise()
      : OpTactic("onednn.eltwise", {"Exp", "Tanh", "Sigmoid", "Swish", "HardSwish", "Elu", "Gelu"}) {}

  bool in_place(const NodeDesc& node, size_t, size_t) const override {
    return same_layout(node.inputs[0].desc, node.outputs[0]);
  }

  std::unique_ptr<Kernel> make(const NodeDesc& node, std::span<const Tensor>) const override {
    return make_unary_kernel(make_eltwise(node));
  }

 protected:
  Support accepts(const NodeDesc& node) const override {
    if (Support no = all_of({types_ok(node), none_empty(node), any_one_format(node)}); !no) return no;
    return library_accepts([&] { make_eltwise(node); });
  }
};

}  // namespace

TWOFOUR_DEFINE_TACTIC(OnednnEltwise)

}  // namespace twofour::cpu
