// ReduceMax, ReduceMin and GlobalMaxPool of every type, ReduceProd of integers.
#include "cpu/native/elementwise/element_ops.h"
#include "cpu/native/reduction/fold.h"
#include "cpu/native/reduction/passes.h"
#include "cpu/tactics.h"

namespace twofour::cpu {
namespace {

constexpr int64_t kColumns = 512;  // of inner, folded together

/// dst[j] = the fold over `rows` rows of src[row * stride + j].
template <typename T, typename Op>
void fold_columns(const T* src, int64_t rows, int64_t stride, int64_t columns, T* dst) {
  std::copy_n(src, columns, dst);
  run_simd([=]() TWOFOUR_INLINE {
    constexpr Op op;
    for (int64_t row = 1; row < rows; ++row) {
      const T* line = src + row * stride;
#pragma omp simd
      for (int64_t j = 0; j < columns; ++j) dst[j] = op(dst[j], line[j]);
    }
  });
}

template <typename T, typename Op>
void fold_pass(const AxisPass& pass, const std::byte* src_bytes, std::byte* dst_bytes) {
  const auto* const src = reinterpret_cast<const T*>(src_bytes);
  auto* const dst = reinterpret_cast<T*>(dst_bytes);
  for_each_block(pass, kColumns, [&](int64_t from, int64_t columns, int64_t to) {
    if (pass.inner == 1) dst[to] = fold_row<T, Op>(src + from, pass.size);
    else fold_columns<T, Op>(src + from, pass.size, pass.inner, columns, dst + to);
  });
}

using PassFn = void (*)(const AxisPass& pass, const std::byte* src, std::byte* dst);

template <typename T>
PassFn pass_of(const std::string& op) {
  if (op == "ReduceMin") return fold_pass<T, element::MinOf>;
  if (op != "ReduceProd") return fold_pass<T, element::MaxOf>;
  if constexpr (std::is_floating_point_v<T>) return nullptr;  // a product needs more range on its way
  else return fold_pass<std::make_unsigned_t<T>, element::MulOf>;
}

/// Null: not here.
PassFn pass_of(const NodeDesc& node) {
  switch (node.inputs[0].desc.dtype) {
    case DType::kF32: return pass_of<float>(node.op);
    case DType::kF64: return pass_of<double>(node.op);
    case DType::kI8: return pass_of<int8_t>(node.op);
    case DType::kBool:
    case DType::kU8: return pass_of<uint8_t>(node.op);
    case DType::kI32: return pass_of<int32_t>(node.op);
    case DType::kI64: return pass_of<int64_t>(node.op);
    default: return nullptr;
  }
}

class NativeExtreme final : public OpTactic {
 public:
  NativeExtreme() : OpTactic("native.extreme", {"ReduceMax", "ReduceMin", "ReduceProd", "GlobalMaxPool"}) {}

  std::unique_ptr<Kernel> make(const NodeDesc& node, std::span<const Tensor>) const override {
    const auto passes = passes_over(node.inputs[0].desc, *reduced_axes(node));
    ScratchLayout layout;
    std::vector<size_t> between;  // what a pass leaves to the next one
    for (const AxisPass& pass : std::span(passes).first(passes.size() - 1))
      between.push_back(
          layout.add(static_cast<size_t>(pass.outer * pass.inner) * dtype_size(node.outputs[0].dtype)));
    return make_kernel(
        [passes, between, run = pass_of(node)](const KernelArgs& args) {
          const std::byte* from = args.src[0];
          for (size_t i = 0; i < passes.size(); ++i) {
            std::byte* to = i < between.size() ? args.scratch + between[i] : args.dst[0];
            run(passes[i], from, to);
            from = to;
          }
        },
        layout.size());
  }

 protected:
  Support accepts(const NodeDesc& node) const override {
    if (!pass_of(node)) return declined(Reason::kDtype, node.inputs[0].desc.to_string());
    return reduction_ok(node);
  }
};

}  // namespace

TWOFOUR_DEFINE_TACTIC(NativeExtreme)

}  // namespace twofour::cpu
