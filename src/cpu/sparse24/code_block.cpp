#include "cpu/sparse24/code_block.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "cpu/sparse24/pair_place.h"

namespace twofour::cpu {
namespace {

using Xbyak::Opmask;
using Xbyak::Zmm;

/// To prefetch: weights and vpdpbusd 11, blends 4, and for all weights the pairs, the epilogue and the start
/// of the next block.
constexpr int64_t kFetchedBytes = 19;
constexpr int kPairs = product_registers(ProductKind::kCodes).first_source;
/// At the end of a panel the registers of X are free.
const Zmm kLow(25), kHigh(26), kOrder(27), kResidualScale(28), kResidual(29), kTemporary(30);
constexpr uint8_t kBlended = 6;  // the source that vpblendmw makes

/// Of the high words, whose pairs stand beside those of pair_place().
constexpr PairPlace high_place(int nibble) {
  switch (nibble) {
    case 0x4: return {1, false};
    case 0xE: return {0, false};
    case 0x8: return {2, true};
    case 0xC: return {4, false};
    case 0x9: return {3, true};
    default: return {5, false};
  }
}

void place_weights(const std::array<float, 2>& kept, bool swapped, int8_t* to) {
  to[0] = static_cast<int8_t>(kept[swapped ? 1 : 0]);
  to[1] = static_cast<int8_t>(kept[swapped ? 0 : 1]);
}

}  // namespace

CodeBlock::CodeBlock(Xbyak::CodeGenerator& out, const backend::Sparse24View& matrix, const Epilogue& epilogue,
                     const BlockSpec& spec)
    : BlockEmitter(out, epilogue, spec, spec.rows.size() * ((spec.columns.size() + 1) / 2), kFetchedBytes),
      matrix_(matrix) {
  for (int64_t a = spec.columns.begin; a < spec.columns.end; a += 2) steps_.push_back(steps_of(a));
}

std::vector<CodeBlock::Step> CodeBlock::steps_of(int64_t a) const {
  const int64_t b = a + 1;
  std::vector<Step> steps;
  for (int row = 0; row < rows_; ++row) {
    const int64_t m = spec_.rows.begin + row;
    const PairPlace low = pair_place(matrix_.nibble(m, a));
    Step& step = steps.emplace_back(Step{static_cast<uint8_t>(row), low.source, low.source, {}});
    place_weights(matrix_.kept(m, a), low.swapped, step.weights.data());
    if (b == spec_.columns.end) continue;  // an odd number of X rows: the last step has weights 0 for b
    const PairPlace high = high_place(matrix_.nibble(m, b));
    step.high = high.source;
    place_weights(matrix_.kept(m, b), high.swapped, step.weights.data() + 2);
  }
  std::ranges::stable_sort(steps, {}, [](const Step& step) { return step.low * kBlended + step.high; });
  return steps;
}

void CodeBlock::emit_weights() {
  uint8_t* at = data_at();
  for (const std::vector<Step>& steps : steps_)
    for (const Step& step : steps) {
      std::memcpy(at, step.weights.data(), step.weights.size());
      at += step.weights.size();
    }
}

std::vector<uint32_t> CodeBlock::starts() const {
  std::vector<uint32_t> bits;
  for (int64_t m = spec_.rows.begin; m < spec_.rows.end; ++m)
    bits.push_back(std::bit_cast<uint32_t>(epilogue_.codes->start[static_cast<size_t>(m)]));
  return bits;
}

/// The scales, then the biases if there are any, then of a result in codes residual scale, bounds and the
/// order of its bytes.
std::vector<float> CodeBlock::finish_constants() const {
  const auto of_rows = [&](const std::vector<float>& all) {
    return std::span(all).subspan(static_cast<size_t>(spec_.rows.begin), static_cast<size_t>(rows_));
  };
  std::vector<float> constants(of_rows(epilogue_.codes->scale).begin(),
                               of_rows(epilogue_.codes->scale).end());
  if (!epilogue_.bias.empty())
    constants.insert(constants.end(), of_rows(epilogue_.bias).begin(), of_rows(epilogue_.bias).end());
  if (!epilogue_.result) return constants;
  for (const float v : {epilogue_.result->residual_scale, epilogue_.result->low, epilogue_.result->high})
    constants.push_back(v);
  for (const uint32_t bytes : {0x0C080400U, 0x0D090501U, 0x0E0A0602U, 0x0F0B0703U})
    constants.push_back(std::bit_cast<float>(bytes));
  return constants;
}

/// k1: odd words, k2: odd bytes.
void CodeBlock::prepare() {
  out_.mov(scratch_, 0xAAAAAAAAAAAAAAAA);
  out_.kmovq(Opmask(2), scratch_);
  out_.kmovd(Opmask(1), scratch_.cvt32());
}

void CodeBlock::multiply_all(FastEmitter& fast) {
  std::vector<Product> products;
  const auto flush = [&] {
    multiply(fast, products);
    products.clear();
  };
  for (size_t i = 0; i < steps_.size(); ++i) {
    make_pairs(fast, spec_.columns.begin + 2 * static_cast<int64_t>(i));
    int blended = -1;
    for (const Step& step : steps_[i]) {
      const int both = step.low * kBlended + step.high;
      if (step.low != step.high && both != blended) {
        flush();
        fast.sync();
        out_.vpblendmw(Zmm(kPairs + kBlended) | Opmask(1), Zmm(kPairs + step.low), Zmm(kPairs + step.high));
        fast.resume();
        blended = both;
      }
      products.push_back({step.row, step.low == step.high ? step.low : kBlended});
    }
    flush();
  }
}

void CodeBlock::make_pairs(FastEmitter& fast, int64_t a) {
  const Zmm first(kPairs), second(kPairs + 1), turned(kPairs + 5), a02(kPairs + 2), a03(kPairs + 3),
      a21(kPairs + 4);
  const Zmm &x_a = a02, &x_b = a03;
  load_x(fast, 2, a);
  load_x(fast, 3, std::min(a + 1, spec_.columns.end - 1));
  fast.sync();
  out_.vpblendmw(first | Opmask(1), x_a, x_b);        // a0 a1 b2 b3
  out_.vpshldd(second, x_b, x_a, 16);                 // a2 a3 b0 b1
  out_.vpshldw(turned, second, second, 8);            // a3 a2 b1 b0
  out_.vpblendmb(a02 | Opmask(2), first, turned);     // a0 a2 b2 b0
  out_.vpblendmb(a03 | Opmask(2), first, second);     // a0 a3 b2 b1
  out_.vpblendmb(a21 | Opmask(2), second, first);     // a2 a1 b0 b3
  out_.vpblendmb(turned | Opmask(2), turned, first);  // a3 a1 b1 b3
  fast.resume();
}

void CodeBlock::finish_sums(const Xbyak::Reg64& constants) {
  for (int row = 0; row < rows_; ++row) {
    const Zmm sum(row);
    out_.vcvtdq2ps(sum, sum);
    out_.vmulps(sum, sum, out_.ptr_b[constants + row * 4]);
    if (!epilogue_.bias.empty()) out_.vaddps(sum, sum, out_.ptr_b[constants + (rows_ + row) * 4]);
  }
}

void CodeBlock::finish_panel() {
  if (!epilogue_.result) return BlockEmitter::finish_panel();
  const Xbyak::Reg64& constants = load_constants();
  finish_sums(constants);
  const int after_rows = rows_ * (epilogue_.bias.empty() ? 4 : 8);
  if (epilogue_.residual) out_.vbroadcastss(kResidualScale, out_.ptr[constants + after_rows]);
  out_.vbroadcastss(kLow, out_.ptr[constants + after_rows + 4]);
  out_.vbroadcastss(kHigh, out_.ptr[constants + after_rows + 8]);
  out_.vbroadcasti32x4(kOrder, out_.ptr[constants + after_rows + 12]);
  const Xbyak::Reg64& stride = load_target();
  for (int row = 0; row < rows_; row += 4) {
    if (epilogue_.residual) {
      add_residual(row);
      out_.add(residual_, stride);
    }
    pack_four(row);
    out_.vmovups(out_.ptr[dst_], Zmm(row));
    out_.add(dst_, stride);
  }
  next_target();
}

/// Four codes of each column, one for each of the rows.
void CodeBlock::add_residual(int first_row) {
  const bool is_signed = epilogue_.result->residual_signed;
  out_.vmovups(kResidual, out_.ptr[residual_]);
  for (int i = 0; i < 4; ++i) {
    out_.vpslld(kTemporary, kResidual, static_cast<uint8_t>(24 - 8 * i));
    is_signed ? out_.vpsrad(kTemporary, kTemporary, 24) : out_.vpsrld(kTemporary, kTemporary, 24);
    out_.vcvtdq2ps(kTemporary, kTemporary);
    out_.vfmadd231ps(Zmm(first_row + i), kTemporary, kResidualScale);
  }
}

/// Rounds, saturates, and leaves the codes of four rows in the first of them. Within 128 bits the packs put
/// four columns of a row side by side; the order brings the rows of a column together.
void CodeBlock::pack_four(int first_row) {
  const Zmm a(first_row), b(first_row + 1), c(first_row + 2), d(first_row + 3);
  for (const Zmm& v : {a, b, c, d}) {
    out_.vmaxps(v, v, kLow);
    out_.vminps(v, v, kHigh);
    out_.vcvtps2dq(v | Xbyak::util::T_rn_sae, v);
  }
  out_.vpackssdw(a, a, b);
  out_.vpackssdw(c, c, d);
  epilogue_.result->is_signed ? out_.vpacksswb(a, a, c) : out_.vpackuswb(a, a, c);
  out_.vpshufb(a, a, kOrder);
}

}  // namespace twofour::cpu
