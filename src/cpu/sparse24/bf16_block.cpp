#include "cpu/sparse24/bf16_block.h"

#include <array>
#include <bit>
#include <cstring>
#include <utility>

#include "cpu/sparse24/pair_place.h"
#include "twofour/half.h"

namespace twofour::cpu {
namespace {

using Xbyak::Opmask;
using Xbyak::Zmm;

/// To prefetch: weights and vdpbf16ps 11, and for all weights the pairs, the epilogue and the start of the
/// next block.
constexpr int64_t kFetchedBytes = 15;
constexpr int kPairs = product_registers(ProductKind::kBf16).first_source;
/// At the end of a panel the registers of X are free; the first two are the activation's.
const Zmm kOrder(kPairs + 2), kResidual(kPairs + 3), kTemporary(kPairs + 4);

/// vpermw's: the words of the lower half and of the higher one in turn.
std::array<uint16_t, 32> in_turn() {
  std::array<uint16_t, 32> order{};
  for (uint16_t i = 0; i < 16; ++i) {
    order[size_t{2} * i] = i;
    order[size_t{2} * i + 1] = static_cast<uint16_t>(16 + i);
  }
  return order;
}

}  // namespace

Bf16Block::Bf16Block(Xbyak::CodeGenerator& out, const backend::Sparse24View& matrix, const Epilogue& epilogue,
                     const BlockSpec& spec)
    : BlockEmitter(out, epilogue, spec, spec.rows.size() * spec.columns.size() / 2, kFetchedBytes),
      matrix_(matrix) {}

void Bf16Block::emit_weights() {
  uint8_t* at = data_at();
  for (int64_t block = spec_.columns.begin / 2; block < spec_.columns.end / 2; ++block)
    for (int64_t m = spec_.rows.begin; m < spec_.rows.end; ++m) {
      const auto [low, high] = matrix_.kept(m, block);
      std::array<bf16, 2> pair = {to_bf16(low), to_bf16(high)};
      if (pair_place(matrix_.nibble(m, block)).swapped) std::swap(pair[0], pair[1]);
      std::memcpy(at, pair.data(), sizeof pair);
      at += sizeof pair;
    }
}

/// The order in which the results of two rows lie.
std::vector<float> Bf16Block::finish_constants() const {
  if (!epilogue_.bf16_result) return {};
  const auto order = std::bit_cast<std::array<float, 16>>(in_turn());
  return {order.begin(), order.end()};
}

/// k1: odd words.
void Bf16Block::prepare() {
  out_.mov(scratch_.cvt32(), 0xAAAAAAAA);
  out_.kmovd(Opmask(1), scratch_.cvt32());
}

void Bf16Block::multiply_all(FastEmitter& fast) {
  std::vector<Product> products(static_cast<size_t>(rows_));
  for (int64_t x_row = spec_.columns.begin; x_row < spec_.columns.end; x_row += 2) {
    make_pairs(fast, x_row);
    for (int row = 0; row < rows_; ++row) {
      const int nibble = matrix_.nibble(spec_.rows.begin + row, x_row / 2);
      products[static_cast<size_t>(row)] = {static_cast<uint8_t>(row), pair_place(nibble).source};
    }
    multiply(fast, products);
  }
}

void Bf16Block::make_pairs(FastEmitter& fast, int64_t x_row) {
  const Zmm x01(kPairs), x23(kPairs + 1), x02(kPairs + 2), x03(kPairs + 3), x21(kPairs + 4), x31(kPairs + 5);
  const Zmm& x32 = x31;
  load_x(fast, 0, x_row);
  load_x(fast, 1, x_row + 1);
  fast.sync();
  out_.vprold(x32, x23, 16);
  out_.vpblendmw(x02 | Opmask(1), x01, x32);
  out_.vpblendmw(x03 | Opmask(1), x01, x23);
  out_.vpblendmw(x21 | Opmask(1), x23, x01);
  out_.vpblendmw(x31 | Opmask(1), x32, x01);
  fast.resume();
}

void Bf16Block::finish_panel() {
  if (!epilogue_.bf16_result) return BlockEmitter::finish_panel();
  out_.vmovups(kOrder, out_.ptr[load_constants()]);
  const Xbyak::Reg64& stride = load_target();
  if (epilogue_.residual)
    for (int row = 0; row < rows_; row += 2) {
      add_residual(row);
      out_.add(residual_, stride);
    }
  activate();
  for (int row = 0; row < rows_; row += 2) {
    out_.vcvtne2ps2bf16(Zmm(row), Zmm(row + 1), Zmm(row));
    out_.vpermw(Zmm(row), kOrder, Zmm(row));
    out_.vmovups(out_.ptr[dst_], Zmm(row));
    out_.add(dst_, stride);
  }
  next_target();
}

/// The even rows' values are the low words.
void Bf16Block::add_residual(int first_row) {
  out_.vmovups(kResidual, out_.ptr[residual_]);
  out_.vpslld(kTemporary, kResidual, 16);
  out_.vaddps(Zmm(first_row), Zmm(first_row), kTemporary);
  out_.vpsrld(kTemporary, kResidual, 16);
  out_.vpslld(kTemporary, kTemporary, 16);
  out_.vaddps(Zmm(first_row + 1), Zmm(first_row + 1), kTemporary);
}

}  // namespace twofour::cpu
