// RotaryEmbedding on f32 in plain order: pairs of features turned by an angle that depends on the position.
#include "base/parallel.h"
#include "cpu/native/simd.h"
#include "cpu/op_tactic.h"
#include "cpu/tactics.h"
#include "ops/infer.h"

namespace twofour::cpu {
namespace {

constexpr int64_t kGrain = 8192;  // elements

struct Heads {
  int64_t batch, heads, sequence, size;
  int64_t half;      // pairs of a head that are turned
  bool heads_first;  // [batch, heads, sequence, size], else [batch, sequence, heads, size]
  bool interleaved;

  /// The position in the batch of a row of features.
  int64_t token(int64_t row) const {
    return heads_first ? row / (heads * sequence) * sequence + row % sequence : row / heads;
  }
};

/// src may be dst.
void turn(const Heads& h, const float* src, const float* cos, const float* sin, float* dst) {
  const int64_t step = h.interleaved ? 2 : 1, other = h.interleaved ? 1 : h.half, half = h.half;
  run_simd([=]() TWOFOUR_INLINE {
#pragma omp simd
    for (int64_t i = 0; i < half; ++i) {
      const float x = src[i * step], y = src[i * step + other];
      dst[i * step] = x * cos[i] - y * sin[i];
      dst[i * step + other] = x * sin[i] + y * cos[i];
    }
  });
  if (src != dst) std::copy(src + 2 * half, src + h.size, dst + 2 * half);
}

Heads heads_of(const NodeDesc& node) {
  const Shape& src = node.inputs[0].desc.shape;
  const bool heads_first = src.rank() == 4;
  const int64_t heads = heads_first ? src[1] : node.attrs.i("num_heads", 0);
  const int64_t size = heads_first ? src[3] : src[2] / heads;
  const int64_t turned = node.attrs.i("rotary_embedding_dim", 0);
  return {.batch = src[0],
          .heads = heads,
          .sequence = src[heads_first ? 2 : 1],
          .size = size,
          .half = (turned == 0 ? size : turned) / 2,
          .heads_first = heads_first,
          .interleaved = node.attrs.i("interleaved", 0) != 0};
}

/// Which row of the caches each token reads.
template <typename Index>
std::vector<int64_t> rows_at(const Index* positions, int64_t count, int64_t cached) {
  std::vector<int64_t> rows(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i)
    rows[static_cast<size_t>(i)] = ops::normalize_index(positions[i], cached);
  return rows;
}

void turn_all(const Heads& h, const KernelArgs& args, const std::vector<int64_t>& rows) {
  const int64_t grain = std::max<int64_t>(1, kGrain / h.size);
  parallel_ranges(h.batch * h.heads * h.sequence, grain, [&](int64_t first, int64_t last) {
    for (int64_t row = first; row < last; ++row) {
      const int64_t token = h.token(row);
      const int64_t angles = h.half * (rows.empty() ? token : rows[static_cast<size_t>(token)]);
      turn(h, args.in<float>(0) + row * h.size, args.in<float>(1) + angles, args.in<float>(2) + angles,
           args.out<float>() + row * h.size);
    }
  });
}

class NativeRotaryEmbedding final : public OpTactic {
 public:
  NativeRotaryEmbedding() : OpTactic("native.rotary_embedding", {"RotaryEmbedding"}) {}

  bool in_place(const NodeDesc& node, size_t input, size_t) const override {
    return input == 0 && same_layout(node.inputs[0].desc, node.outputs[0]);
  }

  std::unique_ptr<Kernel> make(const NodeDesc& node, std::span<const Tensor>) const override {
    const Heads heads = heads_of(node);
    if (!node.has_input(3))
      return make_kernel([heads](const KernelArgs& args) { turn_all(heads, args, {}); });
    return make_kernel([heads, count = heads.batch * heads.sequence, cached = node.inputs[1].desc.shape[0],
                        wide = node.inputs[3].desc.dtype == DType::kI64](const KernelArgs& args) {
      turn_all(
          heads, args,
          wide ? rows_at(args.in<int64_t>(3), count, cached) : rows_at(args.in<int32_t>(3), count, cached));
    });
  }

 protected:
  Support accepts(const NodeDesc& node) const override {
    for (size_t i = 0; i < 3; ++i)
      if (node.inputs[i].desc.dtype != DType::kF32)
        return declined(Reason::kDtype, node.inputs[i].desc.to_string());
    return all_of({all_plain(node), none_empty(node)});
  }
};

}  // namespace

TWOFOUR_DEFINE_TACTIC(NativeRotaryEmbedding)

}  // namespace twofour::cpu
