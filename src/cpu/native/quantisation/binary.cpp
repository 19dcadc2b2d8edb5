// QuantizedAdd and QuantizedMul on tensors that broadcast, in either format: the loops that dequantise, add
// and quantise run one after the other over blocks that stay in the cache.
#include "cpu/native/elementwise/broadcast.h"
#include "cpu/native/elementwise/element_ops.h"
#include "cpu/native/quantisation/coded_result.h"
#include "cpu/tactics.h"
#include "ops/quantisation/on_codes.h"

namespace twofour::cpu {
namespace {

constexpr int64_t kBlock = 1024;  // elements

/// Rows of neighbours in dst.
struct Block {
  int64_t rows, length;
};

/// One input, codes or f32.
class Operand {
 public:
  Operand(DType dtype, const ops::InputCodes& codes)
      : bytes_(static_cast<int64_t>(dtype_size(dtype))),
        dequantize_(dequantize_run(dtype)),
        scale_(codes.scale),
        zero_point_(static_cast<int32_t>(codes.zero_point)) {}

  /// The real values of a block that begins at `src`: in `buffer`, or where they are. Elements of a row are
  /// neighbours (`step` 1) or one (0).
  const float* real(const std::byte* src, const Block& block, int64_t row_step, int64_t step,
                    float* buffer) const {
    const bool dense = step == 1 && (block.rows == 1 || row_step == block.length);
    if (dense && !dequantize_) return reinterpret_cast<const float*>(src);
    if (dense) {
      to_real(src, block.rows * block.length, buffer);
      return buffer;
    }
    for (int64_t row = 0; row < block.rows; ++row) {
      float* const to = buffer + row * block.length;
      if (row > 0 && row_step == 0) std::copy_n(buffer, block.length, to);
      else to_real(src + row * row_step * bytes_, step == 0 ? 1 : block.length, to);
      if (step == 0) std::fill_n(to, block.length, *to);
    }
    return buffer;
  }

  int64_t bytes() const { return bytes_; }

 private:
  void to_real(const std::byte* src, int64_t n, float* dst) const {
    if (dequantize_) dequantize_(n, src, &scale_, &zero_point_, 0, reinterpret_cast<std::byte*>(dst));
    else std::copy_n(reinterpret_cast<const float*>(src), n, dst);
  }

  int64_t bytes_;
  ScaledRun dequantize_;  // null for f32
  float scale_;
  int32_t zero_point_;
};

/// The loops over dst, a and b. Short rows are taken several at a time.
class BlockNest {
 public:
  explicit BlockNest(const NodeDesc& node) {
    const TensorDesc& dst = node.outputs[0];
    const auto strides = [&](size_t i) {
      return broadcast_strides_in_memory(node.inputs[i].desc, dst.shape);
    };
    nest_ = LoopNest<3>::make(dst.shape, {strides_in_memory(dst), strides(0), strides(1)});
    step_ = nest_.inner_strides();
    if (nest_.dims.size() == 1 || nest_.inner() > kBlock / 2) return;
    length_ = nest_.inner();
    nest_.dims.pop_back();
    nest_.strides.pop_back();
    row_step_ = nest_.inner_strides();
  }

  int64_t step(size_t operand) const { return step_[operand]; }
  int64_t row_step(size_t operand) const { return row_step_[operand]; }

  /// Calls fn(block, offsets), in parallel.
  template <typename Fn>
  void for_each_block(const Fn& fn) const {
    using Offsets = std::array<int64_t, 3>;
    const auto rows = [&](int64_t n, const Offsets& at) { fn(Block{n, length_}, at); };
    const auto row = [&](int64_t n, const Offsets& at) { fn(Block{1, n}, at); };
    if (length_ > 0) nest_.for_each_run(kBlock / length_, rows, length_);
    else nest_.for_each_run(kBlock, row);
  }

 private:
  LoopNest<3> nest_;
  std::array<int64_t, 3> step_{}, row_step_{};
  int64_t length_ = 0;  // of the short rows
};

std::unique_ptr<Kernel> make_binary(const NodeDesc& node, BinaryRun run) {
  const auto codes = ops::input_codes_from(node.attrs, 2);
  const std::array operands = {Operand(node.inputs[0].desc.dtype, codes[0]),
                               Operand(node.inputs[1].desc.dtype, codes[1])};
  return make_kernel([=, nest = BlockNest(node), result = CodedResult(node.attrs)](const KernelArgs& args) {
    nest.for_each_block([&](const Block& block, const std::array<int64_t, 3>& at) {
      float buffer_a[kBlock], buffer_b[kBlock], values[kBlock];
      const auto real = [&](size_t i, float* buffer) {
        const std::byte* src = args.src[i] + at[i + 1] * operands[i].bytes();
        return reinterpret_cast<const std::byte*>(
            operands[i].real(src, block, nest.row_step(i + 1), nest.step(i + 1), buffer));
      };
      const int64_t n = block.rows * block.length;
      run(n, real(0, buffer_a), 1, real(1, buffer_b), 1, reinterpret_cast<std::byte*>(values));
      result.store(values, n, args.dst[0] + at[0] * result.element_bytes());
    });
  });
}

class NativeQuantizedBinary final : public OpTactic {
 public:
  NativeQuantizedBinary() : OpTactic("native.quantized_binary", {"QuantizedAdd", "QuantizedMul"}) {}

  // A block is read before it is written.
  bool in_place(const NodeDesc& node, size_t input, size_t) const override {
    const TensorDesc& src = node.inputs[input].desc;
    return src.shape == node.outputs[0].shape && src.size_bytes() == node.outputs[0].size_bytes();
  }

  std::unique_ptr<Kernel> make(const NodeDesc& node, std::span<const Tensor>) const override {
    return make_binary(node, node.op == "QuantizedAdd" ? run_binary<float, float, element::AddOf>
                                                       : run_binary<float, float, element::MulOf>);
  }

 protected:
  Support accepts(const NodeDesc& node) const override {
    if (Support no = all_of({any_one_format(node), none_empty(node), ranks_ok(node)}); !no) return no;
    const BlockNest nest(node);
    for (size_t i = 0; i < 2; ++i)
      if (nest.step(i + 1) > 1)
        return declined(Reason::kFormat, node.inputs[i].desc.to_string() + " across its rows");
    return supported();
  }
};

}  // namespace

TWOFOUR_DEFINE_TACTIC(NativeQuantizedBinary)

}  // namespace twofour::cpu
