// QuantizedMatMul through oneDNN, on codes or on their values.
#include "cpu/onednn/matmul.h"
#include "cpu/onednn/quantized_f32.h"
#include "cpu/onednn/quantized_int8.h"
#include "cpu/tactics.h"

namespace twofour::cpu {
namespace {

using namespace onednn;  // NOLINT(google-build-using-namespace): this file is an adapter to it

bool trans_b(const NodeDesc& node) { return node.attrs.i("transB", 0) != 0; }

template <typename Sizes>
Sizes transposed(Sizes sizes) {
  std::swap(sizes[sizes.size() - 2], sizes[sizes.size() - 1]);
  return sizes;
}

/// b as [..., K, N], where it lies so or, with transB, as [..., N, K].
memory::desc right_side(const NodeDesc& node, const memory::dims& sizes) {
  const DType dtype = node.inputs[kWeight].desc.dtype;
  if (!trans_b(node)) return desc_of({dtype, Shape(sizes), Format::kPlain});
  std::vector<int> axes(sizes.size());
  for (size_t i = 0; i < axes.size(); ++i) axes[i] = static_cast<int>(i);
  return desc_of({dtype, Shape(transposed(sizes)), Format::kPlain}).permute_axes(transposed(axes));
}

Support accepts(const NodeDesc& node) {
  const TensorDesc& dst = node.outputs[0];
  if (dst.shape.rank() > DNNL_MAX_NDIMS) return declined(Reason::kShape, dst.to_string());
  return all_of({none_empty(node), all_plain(node)});
}

QuantizedProduct product_of(const NodeDesc& node) {
  const TensorDesc& src = node.inputs[kSrc].desc;
  const Shape& b = node.inputs[kWeight].desc.shape;
  const MatmulSizes sizes = matmul_sizes(src.shape, trans_b(node) ? Shape(transposed(b.dims())) : b);
  QuantizedProduct product;
  product.src = desc_of({src.dtype, Shape(sizes.a), Format::kPlain});
  product.weight = right_side(node, sizes.b);
  product.dst = desc_of({node.outputs[0].dtype, Shape(sizes.dst), Format::kPlain});
  product.channel_axis = sizes.dst.size() - 1;
  product.weight_axis = b.rank() - (trans_b(node) ? 2 : 1);
  product.terms = sizes.a.back();
  return product;
}

const QuantizedOp& matmul_op() {
  static const QuantizedOp op = {"QuantizedMatMul", accepts, product_of};
  return op;
}

class OnednnQuantizedMatMul final : public QuantizedInt8 {
 public:
  OnednnQuantizedMatMul() : QuantizedInt8("onednn.quantized_matmul", matmul_op()) {}
};

class OnednnQuantizedMatMulF32 final : public QuantizedF32 {
 public:
  OnednnQuantizedMatMulF32() : QuantizedF32("onednn.quantized_matmul_f32", matmul_op()) {}
};

}  // namespace

TWOFOUR_DEFINE_TACTIC(OnednnQuantizedMatMul)
TWOFOUR_DEFINE_TACTIC(OnednnQuantizedMatMulF32)

}  // namespace twofour::cpu
