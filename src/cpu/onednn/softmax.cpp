// Softmax and LogSoftmax through oneDNN.
#include "cpu/onednn/primitive.h"
#include "cpu/onednn/unary_kernel.h"
#include "cpu/tactics.h"

namespace twofour::cpu {
namespace {

using namespace onednn;  // NOLINT(google-build-using-namespace): this file is an adapter to it
using Softmax = dnnl::softmax_v2_forward;

Softmax::primitive_desc make_softmax(const NodeDesc& node) {
  const auto rank = static_cast<int64_t>(node.outputs[0].shape.rank());
  const int64_t axis = node.attrs.i("axis", -1);
  const auto algorithm =
      node.op == "Softmax" ? dnnl::algorithm::softmax_accurate : dnnl::algorithm::softmax_log;
  return {{dnnl::prop_kind::forward_inference, algorithm, desc_of(node.inputs[0].desc),
           desc_of(node.outputs[0]), static_cast<int>(axis < 0 ? axis + rank : axis)},
          user_scratchpad(),
          cpu_engine()};
}

class OnednnSoftmax final : public OpTactic {
 public:
  OnednnSoftmax() : OpTactic("onednn.softmax", {"Softmax", "LogSoftmax"}) {}

  bool in_place(const NodeDesc& node, size_t, size_t) const override {
    return same_layout(node.inputs[0].desc, node.outputs[0]);
  }

  std::unique_ptr<Kernel> make(const NodeDesc& node, std::span<const Tensor>) const override {
    return make_unary_kernel(make_softmax(node));
  }

 protected:
  Support accepts(const NodeDesc& node) const override {
    if (Support no = all_of({types_ok(node), none_empty(node)}); !no) return no;
    if (node.inputs[0].desc.format != node.outputs[0].format)
      return declined(Reason::kFormat, node.outputs[0].to_string());
    return library_accepts([&] { make_softmax(node); });
  }
};

}  // namespace

TWOFOUR_DEFINE_TACTIC(OnednnSoftmax)

}  // namespace twofour::cpu
