#include "cpu/sparse24/block_generator.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <span>

#include "base/error.h"
#include "cpu/sparse24/fast_emitter.h"

namespace twofour::cpu {
namespace {

using Xbyak::Label;
using Xbyak::Reg64;
using Xbyak::Zmm;

constexpr int64_t kLine = 64;
constexpr int kXRegister = FastEmitter::kXRegister;
constexpr int64_t kXBias =
    kMaxBlockColumns / 2 * kLine;                 // keeps displacements of X rows in [-128, 127] lines
constexpr int64_t kMaxOffset = INT32_MAX - 4096;  // of an X row: a displacement, prefetches included
/// To prefetch: value, FMA, and for all weights loads of X, epilogue and the start of the block after it.
constexpr int64_t kFetchedBytes = 15;
constexpr int64_t kWeightReach = 508;  // highest 8-bit displacement of a broadcast f32

class BlockEmitter {
 public:
  BlockEmitter(Xbyak::CodeGenerator& out, const backend::Sparse24View& matrix, const Epilogue& epilogue,
               const BlockSpec& spec)
      : out_(out),
        matrix_(matrix),
        epilogue_(epilogue),
        spec_(spec),
        rows_(static_cast<int>(spec.rows.size())) {}

  BlockFn emit() {
    out_.align(kLine);
    emit_data();
    out_.align(kLine);
    auto* entry = out_.getCurr<BlockFn>();
    emit_code();
    out_.align(kLine);
    out_.L(end_);
    return entry;
  }

 private:
  bool has_bias() const { return spec_.first && !epilogue_.bias.empty(); }
  bool has_limits() const { return spec_.last && epilogue_.activation == Activation::kClip; }
  int64_t weight_count() const { return spec_.rows.size() * spec_.columns.size() / 2; }

  void emit_data() {
    out_.L(weights_);
    emit_weights();
    out_.L(constants_);
    if (has_bias())
      for (int64_t m = spec_.rows.begin; m < spec_.rows.end; ++m) put(epilogue_.bias[static_cast<size_t>(m)]);
    if (has_limits()) {
      put(epilogue_.lo);
      put(epilogue_.hi);
    }
  }

  /// In the order of their use: for each quad the first kept value of every row, then the
  /// second. Rows are the outer loop because they are what lies together in the matrix.
  void emit_weights() {
    auto* code = const_cast<uint8_t*>(out_.getCurr());
    const auto quads = static_cast<size_t>(spec_.columns.size() / 4);
    const auto rows = static_cast<size_t>(rows_);
    for (size_t row = 0; row < rows; ++row) {
      const auto m = static_cast<size_t>(spec_.rows.begin) + row;
      const auto first =
          m * static_cast<size_t>(matrix_.k / 2) + static_cast<size_t>(spec_.columns.begin / 2);
      const float* kept = &matrix_.values[first];
      for (size_t i = 0; i < quads * 2; ++i)
        std::memcpy(code + (i * rows + row) * sizeof(float), kept + i, sizeof(float));
    }
    out_.setSize(out_.getSize() + quads * 2 * rows * sizeof(float));
  }

  void put(float value) {
    std::memcpy(const_cast<uint8_t*>(out_.getCurr()), &value, sizeof value);
    out_.setSize(out_.getSize() + sizeof value);
  }

  void emit_code() {
    Label loop;
    out_.mov(panels_, out_.ptr[args_ + offsetof(BlockArgs, panels)]);
    out_.mov(x_, out_.ptr[args_ + offsetof(BlockArgs, x)]);
    out_.mov(sum_, out_.ptr[args_ + offsetof(BlockArgs, sum)]);
    if (spec_.last) out_.mov(target_, out_.ptr[args_ + offsetof(BlockArgs, targets)]);
    out_.add(x_, static_cast<uint32_t>(kXBias));
    out_.lea(prefetch_, out_.ptr[out_.rip + end_]);
    out_.align(32);
    out_.L(loop);
    start_sums();
    multiply();
    spec_.last ? finish_panel() : store_sums();
    out_.add(x_, out_.ptr[args_ + offsetof(BlockArgs, x_stride)]);
    out_.add(sum_, out_.ptr[args_ + offsetof(BlockArgs, sum_stride)]);
    out_.dec(panels_);
    out_.jnz(loop, Xbyak::CodeGenerator::T_NEAR);
    out_.vzeroupper();
    out_.ret();
  }

  void start_sums() {
    if (has_bias()) out_.lea(weight_, out_.ptr[out_.rip + constants_]);
    for (int row = 0; row < rows_; ++row) {
      if (has_bias()) {
        out_.vbroadcastss(Zmm(row), out_.ptr[weight_ + row * 4]);
      } else if (spec_.first) {
        out_.vpxord(Zmm(row), Zmm(row), Zmm(row));
      } else {
        out_.vmovups(Zmm(row), out_.ptr[sum_ + row * kLine]);
      }
    }
  }

  void multiply() {
    out_.lea(weight_, out_.ptr[out_.rip + weights_]);
    out_.add(weight_, static_cast<uint32_t>(kWeightReach + 4));
    weight_base_ = kWeightReach + 4;
    next_weight_ = 0;
    prefetched_ = 0;
    next_prefetch_ = prefetch_lines() > 0 ? 1 : weight_count() + 1;
    FastEmitter fast(out_);
    for (int64_t quad = spec_.columns.begin / 4; quad < spec_.columns.end / 4; ++quad)
      multiply_quad(fast, quad);
    fast.sync();
    if (prefetch_lines() > 0) out_.add(prefetch_, static_cast<uint32_t>(prefetch_lines() * kLine));
  }

  void multiply_quad(FastEmitter& fast, int64_t quad) {
    std::array<std::array<uint8_t, kMaxBlockRows>, 2> positions;  // by kept value and row
    int used = 0;
    for (int row = 0; row < rows_; ++row) {
      const auto kept = matrix_.positions(spec_.rows.begin + row, quad);
      for (size_t i = 0; i < 2; ++i) positions[i][static_cast<size_t>(row)] = static_cast<uint8_t>(kept[i]);
      used |= 1 << kept[0] | 1 << kept[1];
    }
    for (int i = 0; i < 4; ++i)
      if (used >> i & 1) load_x(fast, i, x_displacement(quad * 4 + i));
    for (const auto& of_rows : positions)
      multiply_add(fast, std::span(of_rows).first(static_cast<size_t>(rows_)));
  }

  void load_x(FastEmitter& fast, int position, int64_t displacement) {
    fast.load_x(position, displacement);
    if (spec_.x_ahead == 0) return;
    fast.sync();
    out_.prefetcht0(out_.ptr[x_ + static_cast<int>(displacement + spec_.x_ahead)]);
    fast.resume();
  }

  int64_t x_displacement(int64_t row) const {
    const int64_t offset = spec_.row_offsets ? (*spec_.row_offsets)[static_cast<size_t>(row)]
                                             : (row - spec_.columns.begin) * kLine;
    TWOFOUR_ASSERT(offset <= kMaxOffset, "X row {} lies {} bytes off", row, offset);
    return offset - kXBias;
  }

  /// One kept value of every row, in runs between the weight pointer's steps and the prefetches.
  void multiply_add(FastEmitter& fast, std::span<const uint8_t> positions) {
    for (int row = 0; row < rows_;) {
      if (weights_in_reach() == 0) advance_weights(fast);
      const auto count =
          std::min({static_cast<int64_t>(rows_ - row), weights_in_reach(), next_prefetch_ - next_weight_});
      fast.fmas(row, positions.subspan(static_cast<size_t>(row), static_cast<size_t>(count)),
                next_weight_ - weight_base_ / 4);
      row += static_cast<int>(count);
      next_weight_ += count;
      if (next_weight_ == next_prefetch_) prefetch_next(fast);
    }
  }

  /// How many weights from the next one on have a displacement.
  int64_t weights_in_reach() const { return (weight_base_ + kWeightReach) / 4 + 1 - next_weight_; }

  void advance_weights(FastEmitter& fast) {
    fast.sync();
    out_.add(weight_, static_cast<uint32_t>(2 * kWeightReach + 4));
    fast.resume();
    weight_base_ += 2 * kWeightReach + 4;
  }

  /// One line of the following blocks; spreads them evenly over the weights.
  void prefetch_next(FastEmitter& fast) {
    fast.sync();
    out_.prefetcht0(out_.ptr[prefetch_ + static_cast<int>(prefetched_ * kLine)]);
    fast.resume();
    ++prefetched_;
    next_prefetch_ = prefetched_ * weight_count() / prefetch_lines() + 1;
  }

  /// Lines of the following blocks (about as long as this one) to fetch while one panel is computed.
  int64_t prefetch_lines() const {
    const int64_t lines = spec_.prefetch_blocks * weight_count() * kFetchedBytes / kLine;
    return (lines + spec_.tile_panels - 1) / spec_.tile_panels;
  }

  void store_sums() {
    for (int row = 0; row < rows_; ++row) out_.vmovups(out_.ptr[sum_ + row * kLine], Zmm(row));
  }

  void finish_panel() {
    const Reg64& stride = weight_;
    out_.mov(dst_, out_.ptr[target_ + offsetof(PanelTarget, dst)]);
    out_.mov(stride, out_.ptr[target_ + offsetof(PanelTarget, row_stride)]);
    if (epilogue_.residual) {
      out_.mov(residual_, out_.ptr[target_ + offsetof(PanelTarget, residual)]);
      for (int row = 0; row < rows_; ++row) {
        out_.vaddps(Zmm(row), Zmm(row), out_.ptr[residual_]);
        out_.add(residual_, stride);
      }
    }
    activate();
    for (int row = 0; row < rows_; ++row) {
      out_.vmovups(out_.ptr[dst_], Zmm(row));
      out_.add(dst_, stride);
    }
    out_.add(target_, static_cast<uint32_t>(sizeof(PanelTarget)));
  }

  void activate() {
    const Zmm lo(kXRegister);
    const Zmm hi(kXRegister + 1);
    if (epilogue_.activation == Activation::kNone) return;
    if (epilogue_.activation == Activation::kRelu) {
      out_.vpxord(lo, lo, lo);
    } else {
      const int limits = has_bias() ? rows_ * 4 : 0;
      out_.vbroadcastss(lo, out_.ptr[out_.rip + constants_ + limits]);
      out_.vbroadcastss(hi, out_.ptr[out_.rip + constants_ + limits + 4]);
    }
    // max and min return their second operand when either is NaN.
    for (int row = 0; row < rows_; ++row) {
      out_.vmaxps(Zmm(row), lo, Zmm(row));
      if (epilogue_.activation == Activation::kClip) out_.vminps(Zmm(row), hi, Zmm(row));
    }
  }

  Xbyak::CodeGenerator& out_;
  const backend::Sparse24View& matrix_;
  const Epilogue& epilogue_;
  const BlockSpec& spec_;
  const int rows_;
  Label weights_, constants_, end_;
  int64_t weight_base_ = 0;  // what weight_ points at, in bytes from weights_
  int64_t next_weight_ = 0;
  int64_t prefetched_ = 0;
  int64_t next_prefetch_ = 0;  // the number of weights at which the next prefetch is due
  const Reg64 args_{Xbyak::Operand::RDI}, weight_{Xbyak::Operand::RAX}, panels_{Xbyak::Operand::RCX},
      x_{Xbyak::Operand::RDX}, sum_{Xbyak::Operand::RSI}, target_{Xbyak::Operand::R8},
      residual_{Xbyak::Operand::R9}, prefetch_{Xbyak::Operand::R10}, dst_{Xbyak::Operand::R11};
};

}  // namespace

int64_t block_bytes_bound(const BlockSpec& spec) {
  const int64_t per_weight = 4 + 7 + 2 * spec.prefetch_blocks;  // value, FMA, share of the prefetches
  constexpr int64_t kPerColumn = 10 + 8;                        // load of an X row, prefetch
  constexpr int64_t kPerRow = 4 + 64;                           // bias, start and epilogue
  constexpr int64_t kFixed = 512;
  return spec.rows.size() * spec.columns.size() / 2 * per_weight + spec.columns.size() * kPerColumn +
         spec.rows.size() * kPerRow + kFixed;
}

BlockFn generate_block(Xbyak::CodeGenerator& out, const backend::Sparse24View& matrix,
                       const Epilogue& epilogue, const BlockSpec& spec) {
  return BlockEmitter(out, matrix, epilogue, spec).emit();
}

}  // namespace twofour::cpu
