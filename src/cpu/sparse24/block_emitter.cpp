#include "cpu/sparse24/block_emitter.h"

#include <algorithm>
#include <bit>
#include <cstddef>

#include "base/error.h"

namespace twofour::cpu {
namespace {

using Xbyak::Label;
using Xbyak::Reg64;
using Xbyak::Zmm;

constexpr int64_t kLine = 64;
constexpr int64_t kXBias =
    kMaxBlockColumns / 2 * kLine;                 // keeps displacements of X rows in [-128, 127] lines
constexpr int64_t kMaxOffset = INT32_MAX - 4096;  // of an X row: a displacement, prefetches included
constexpr int64_t kWeightReach = 508;             // highest 8-bit displacement of a broadcast of four bytes

}  // namespace

BlockFn BlockEmitter::emit() {
  out_.align(kLine);
  emit_data();
  out_.align(kLine);
  auto* entry = out_.getCurr<BlockFn>();
  emit_code();
  out_.align(kLine);
  out_.L(end_);
  return entry;
}

void BlockEmitter::put(const void* data, size_t bytes) {
  std::copy_n(static_cast<const uint8_t*>(data), bytes, data_at());
  out_.setSize(out_.getSize() + bytes);
}

void BlockEmitter::emit_data() {
  out_.L(weights_);
  emit_weights();
  out_.setSize(out_.getSize() + static_cast<size_t>(weight_count_) * sizeof(float));
  out_.L(starts_);
  const std::vector<uint32_t> starts = spec_.first ? this->starts() : std::vector<uint32_t>();
  has_starts_ = !starts.empty();
  put(starts.data(), starts.size() * sizeof(uint32_t));
  out_.L(constants_);
  const std::vector<float> constants = spec_.last ? finish_constants() : std::vector<float>();
  put(constants.data(), constants.size() * sizeof(float));
  out_.L(limits_);
  if (!has_limits()) return;
  put(&epilogue_.lo, sizeof(float));
  put(&epilogue_.hi, sizeof(float));
}

std::vector<uint32_t> BlockEmitter::starts() const {
  std::vector<uint32_t> bits;
  if (epilogue_.bias.empty()) return bits;
  for (int64_t m = spec_.rows.begin; m < spec_.rows.end; ++m)
    bits.push_back(std::bit_cast<uint32_t>(epilogue_.bias[static_cast<size_t>(m)]));
  return bits;
}

void BlockEmitter::emit_code() {
  Label loop;
  out_.mov(panels_, out_.ptr[args_ + offsetof(BlockArgs, panels)]);
  out_.mov(x_, out_.ptr[args_ + offsetof(BlockArgs, x)]);
  out_.mov(sum_, out_.ptr[args_ + offsetof(BlockArgs, sum)]);
  if (spec_.last) out_.mov(target_, out_.ptr[args_ + offsetof(BlockArgs, targets)]);
  out_.add(x_, static_cast<uint32_t>(kXBias));
  out_.lea(prefetch_, out_.ptr[out_.rip + end_]);
  prepare();
  out_.align(32);
  out_.L(loop);
  start_sums();
  multiply_panel();
  spec_.last ? finish_panel() : store_sums();
  out_.add(x_, out_.ptr[args_ + offsetof(BlockArgs, x_stride)]);
  out_.add(sum_, out_.ptr[args_ + offsetof(BlockArgs, sum_stride)]);
  out_.dec(panels_);
  out_.jnz(loop, Xbyak::CodeGenerator::T_NEAR);
  out_.vzeroupper();
  out_.ret();
}

void BlockEmitter::start_sums() {
  if (has_starts_) out_.lea(weight_, out_.ptr[out_.rip + starts_]);
  for (int row = 0; row < rows_; ++row) {
    if (has_starts_) {
      out_.vbroadcastss(Zmm(row), out_.ptr[weight_ + row * 4]);
    } else if (spec_.first) {
      out_.vpxord(Zmm(row), Zmm(row), Zmm(row));
    } else {
      out_.vmovups(Zmm(row), out_.ptr[sum_ + row * kLine]);
    }
  }
}

void BlockEmitter::multiply_panel() {
  out_.lea(weight_, out_.ptr[out_.rip + weights_]);
  out_.add(weight_, static_cast<uint32_t>(kWeightReach + 4));
  weight_base_ = kWeightReach + 4;
  next_weight_ = 0;
  prefetched_ = 0;
  next_prefetch_ = prefetch_lines() > 0 ? 1 : weight_count_ + 1;
  FastEmitter fast(out_, spec_.kind);
  multiply_all(fast);
  fast.sync();
  if (prefetch_lines() > 0) out_.add(prefetch_, static_cast<uint32_t>(prefetch_lines() * kLine));
}

void BlockEmitter::load_x(FastEmitter& fast, int source, int64_t x_row) {
  const int64_t displacement = x_displacement(x_row);
  fast.load_x(source, displacement);
  if (spec_.x_ahead == 0) return;
  fast.sync();
  out_.prefetcht0(out_.ptr[x_ + static_cast<int>(displacement + spec_.x_ahead)]);
  fast.resume();
}

int64_t BlockEmitter::x_displacement(int64_t row) const {
  const int64_t offset = spec_.row_offsets ? (*spec_.row_offsets)[static_cast<size_t>(row)]
                                           : (row - spec_.columns.begin) * kLine;
  TWOFOUR_ASSERT(offset <= kMaxOffset, "X row {} lies {} bytes off", row, offset);
  return offset - kXBias;
}

void BlockEmitter::multiply(FastEmitter& fast, std::span<const Product> products) {
  while (!products.empty()) {
    if (weights_in_reach() == 0) advance_weights(fast);
    const auto count = static_cast<size_t>(
        std::min({static_cast<int64_t>(products.size()), weights_in_reach(), next_prefetch_ - next_weight_}));
    fast.products(products.first(count), next_weight_ - weight_base_ / 4);
    products = products.subspan(count);
    next_weight_ += static_cast<int64_t>(count);
    if (next_weight_ == next_prefetch_) prefetch_next(fast);
  }
}

/// How many weights from the next one on have a displacement.
int64_t BlockEmitter::weights_in_reach() const {
  return (weight_base_ + kWeightReach) / 4 + 1 - next_weight_;
}

void BlockEmitter::advance_weights(FastEmitter& fast) {
  fast.sync();
  out_.add(weight_, static_cast<uint32_t>(2 * kWeightReach + 4));
  fast.resume();
  weight_base_ += 2 * kWeightReach + 4;
}

/// One line of the following blocks; spreads them evenly over the weights.
void BlockEmitter::prefetch_next(FastEmitter& fast) {
  fast.sync();
  out_.prefetcht0(out_.ptr[prefetch_ + static_cast<int>(prefetched_ * kLine)]);
  fast.resume();
  ++prefetched_;
  next_prefetch_ = prefetched_ * weight_count_ / prefetch_lines() + 1;
}

/// Lines of the following blocks (about as long as this one) to fetch while one panel is computed.
int64_t BlockEmitter::prefetch_lines() const {
  const int64_t lines = spec_.prefetch_blocks * weight_count_ * fetched_bytes_ / kLine;
  return (lines + spec_.tile_panels - 1) / spec_.tile_panels;
}

void BlockEmitter::store_sums() {
  for (int row = 0; row < rows_; ++row) out_.vmovups(out_.ptr[sum_ + row * kLine], Zmm(row));
}

const Reg64& BlockEmitter::load_constants() {
  out_.lea(weight_, out_.ptr[out_.rip + constants_]);
  return weight_;
}

const Reg64& BlockEmitter::load_target() {
  out_.mov(dst_, out_.ptr[target_ + offsetof(PanelTarget, dst)]);
  out_.mov(weight_, out_.ptr[target_ + offsetof(PanelTarget, row_stride)]);
  if (epilogue_.residual) out_.mov(residual_, out_.ptr[target_ + offsetof(PanelTarget, residual)]);
  return weight_;
}

void BlockEmitter::next_target() { out_.add(target_, static_cast<uint32_t>(sizeof(PanelTarget))); }

void BlockEmitter::finish_panel() {
  finish_sums(load_constants());
  const Reg64& stride = load_target();
  if (epilogue_.residual)
    for (int row = 0; row < rows_; ++row) {
      out_.vaddps(Zmm(row), Zmm(row), out_.ptr[residual_]);
      out_.add(residual_, stride);
    }
  activate();
  for (int row = 0; row < rows_; ++row) {
    out_.vmovups(out_.ptr[dst_], Zmm(row));
    out_.add(dst_, stride);
  }
  next_target();
}

void BlockEmitter::activate() {
  const Zmm lo(product_registers(spec_.kind).first_source), hi(lo.getIdx() + 1);
  if (epilogue_.activation == Activation::kNone) return;
  if (epilogue_.activation == Activation::kRelu) {
    out_.vpxord(lo, lo, lo);
  } else {
    out_.vbroadcastss(lo, out_.ptr[out_.rip + limits_]);
    out_.vbroadcastss(hi, out_.ptr[out_.rip + limits_ + 4]);
  }
  // max and min return their second operand when either is NaN.
  for (int row = 0; row < rows_; ++row) {
    out_.vmaxps(Zmm(row), lo, Zmm(row));
    if (epilogue_.activation == Activation::kClip) out_.vminps(Zmm(row), hi, Zmm(row));
  }
}

}  // namespace twofour::cpu
