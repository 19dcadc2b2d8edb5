// QuantizedConv through oneDNN, on codes or on their values.
#include "cpu/onednn/quantized_f32.h"
#include "cpu/onednn/quantized_int8.h"
#include "cpu/tactics.h"

namespace twofour::cpu {
namespace {

using namespace onednn;  // NOLINT(google-build-using-namespace): this file is an adapter to it

Support accepts(const NodeDesc& node) {
  const TensorDesc& dst = node.outputs[0];
  if (Support no = conv_shapes_ok(node.inputs[kSrc].desc, node.inputs[kWeight].desc, dst); !no) return no;
  if (!node.has_input(kResidual)) return supported();
  const TensorDesc& residual = node.inputs[kResidual].desc;
  return residual.format == dst.format || is_order_neutral(dst)
             ? supported()
             : declined(Reason::kFormat, "residual " + residual.to_string());
}

QuantizedProduct product_of(const NodeDesc& node) {
  const TensorDesc& src = node.inputs[kSrc].desc;
  const TensorDesc& weight = node.inputs[kWeight].desc;
  const Format format = conv_format(src, node.outputs[0]);
  QuantizedProduct product;
  product.conv = ConvProblem(node.attrs, src.shape, weight.shape);
  product.src = desc_in(src, format);
  product.weight = product.conv->plain_weight(weight.dtype);
  product.dst = desc_in(node.outputs[0], format);
  product.terms = weight.shape.numel(1, weight.shape.rank());
  return product;
}

const QuantizedOp& conv_op() {
  static const QuantizedOp op = {"QuantizedConv", accepts, product_of};
  return op;
}

class OnednnQuantizedConv final : public QuantizedInt8 {
 public:
  OnednnQuantizedConv() : QuantizedInt8("onednn.quantized_conv", conv_op()) {}
};

class OnednnQuantizedConvF32 final : public QuantizedF32 {
 public:
  OnednnQuantizedConvF32() : QuantizedF32("onednn.quantized_conv_f32", conv_op()) {}
};

}  // namespace

TWOFOUR_DEFINE_TACTIC(OnednnQuantizedConv)
TWOFOUR_DEFINE_TACTIC(OnednnQuantizedConvF32)

}  // namespace twofour::cpu
