// MaxPool on f32, bf16 and codes of 8 bits over one to three spatial dimensions, in either format. NaN wins,
// which oneDNN's drops.
#include <cmath>
#include <limits>

#include "cpu/native/elementwise/element_ops.h"
#include "cpu/native/pooling/window_fold.h"
#include "cpu/op_tactic.h"
#include "cpu/tactics.h"

namespace twofour::cpu {
namespace {

/// One of the two as it is: nothing has to be rounded.
struct MaxOfBf16 {
  TWOFOUR_INLINE bf16 operator()(bf16 a, bf16 b) const {
    const bf16 larger = to_float(a) < to_float(b) ? b : a;
    return to_float(b) != to_float(b) ? b : larger;
  }
};

template <typename T>
constexpr T lowest() {
  using Limits = std::numeric_limits<T>;
  return Limits::has_infinity ? -Limits::infinity() : Limits::lowest();
}

template <typename T, typename Op = element::MaxOf>
std::unique_ptr<Kernel> make_pool(const NodeDesc& node, T least = lowest<T>()) {
  const TensorDesc& src = node.inputs[0].desc;
  const int64_t inner = src.format == Format::kChannelsLast ? src.shape[1] : 1;
  const ops::Pool3d pool = ops::pool3d_from(node.attrs, src.shape);
  return make_kernel([pool, inner, least, rows = PooledRows(pool, inner)](const KernelArgs& args) {
    rows.parallel([&](int64_t first, int64_t last) {
      WindowFold<T, T, Op> fold(pool, inner, least);
      for (int64_t row = first; row < last; ++row)
        fold.run(args.in<T>(0) + row / rows.per_image * rows.image, row % rows.per_image,
                 args.out<T>() + row * rows.length);
    });
  });
}

class NativeMaxPool final : public OpTactic {
 public:
  NativeMaxPool() : OpTactic("native.max_pool", {"MaxPool"}) {}

  std::unique_ptr<Kernel> make(const NodeDesc& node, std::span<const Tensor>) const override {
    switch (node.outputs[0].dtype) {
      case DType::kF32: return make_pool<float>(node);
      case DType::kBF16: return make_pool<bf16, MaxOfBf16>(node, to_bf16(-INFINITY));
      case DType::kI8: return make_pool<int8_t>(node);
      default: return make_pool<uint8_t>(node);
    }
  }

 protected:
  Support accepts(const NodeDesc& node) const override {
    if (node.outputs.size() > 1) return declined(Reason::kAttribute, "it also gives indices");
    const TensorDesc& dst = node.outputs[0];
    if (dst.dtype != DType::kF32 && dst.dtype != DType::kBF16 && !is_byte(dst.dtype))
      return declined(Reason::kDtype, dst.to_string());
    if (Support no = all_of({none_empty(node), any_one_format(node)}); !no) return no;
    // With one pixel or one channel on one side, the format of the other decides how its memory lies.
    return node.inputs[0].desc.format == dst.format ? supported()
                                                    : declined(Reason::kFormat, dst.to_string());
  }
};

}  // namespace

TWOFOUR_DEFINE_TACTIC(NativeMaxPool)

}  // namespace twofour::cpu
