#include "cpu/sparse24/code_block.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace twofour::cpu {
namespace {

using Xbyak::Opmask;
using Xbyak::Zmm;

/// To prefetch: weights and vpdpbusd 11, blends 4, and for all weights the pairs, the epilogue and the start
/// of the next block.
constexpr int64_t kFetchedBytes = 19;
constexpr int kPairs = product_registers(ProductKind::kCodes).first_source;
constexpr uint8_t kBlended = 6;  // the source that vpblendmw makes

/// Where a pair stands: in which register, and whether its higher position comes first.
struct Place {
  uint8_t source;
  bool swapped;
};
/// By the nibble of the pair (backend/sparse24_format.h).
constexpr Place low_place(int nibble) {
  switch (nibble) {
    case 0x4: return {0, false};  // 01
    case 0xE: return {1, false};  // 23
    case 0x8: return {2, false};  // 02
    case 0xC: return {3, false};  // 03
    case 0x9: return {4, true};   // 12
    default: return {5, true};    // 13
  }
}
constexpr Place high_place(int nibble) {
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
    : BlockEmitter(out, epilogue, spec, ProductKind::kCodes,
                   spec.rows.size() * ((spec.columns.size() + 1) / 2), kFetchedBytes),
      matrix_(matrix) {}

std::vector<CodeBlock::Step> CodeBlock::steps_of(int64_t i) const {
  const int64_t a = spec_.columns.begin + 2 * i, b = a + 1;
  std::vector<Step> steps;
  for (int row = 0; row < rows_; ++row) {
    const int64_t m = spec_.rows.begin + row;
    const Place low = low_place(matrix_.nibble(m, a));
    Step& step = steps.emplace_back(Step{static_cast<uint8_t>(row), low.source, low.source, {}});
    place_weights(matrix_.kept(m, a), low.swapped, step.weights.data());
    if (b == spec_.columns.end) continue;  // an odd number of X rows: the last step has weights 0 for b
    const Place high = high_place(matrix_.nibble(m, b));
    step.high = high.source;
    place_weights(matrix_.kept(m, b), high.swapped, step.weights.data() + 2);
  }
  std::ranges::stable_sort(steps, {}, [](const Step& step) { return step.low * kBlended + step.high; });
  return steps;
}

void CodeBlock::emit_weights() {
  uint8_t* at = data_at();
  for (int64_t i = 0; i < num_steps(); ++i)
    for (const Step& step : steps_of(i)) {
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

/// The scales, then the biases if there are any.
std::vector<float> CodeBlock::finish_constants() const {
  const auto of_rows = [&](const std::vector<float>& all) {
    return std::span(all).subspan(static_cast<size_t>(spec_.rows.begin), static_cast<size_t>(rows_));
  };
  std::vector<float> constants(of_rows(epilogue_.codes->scale).begin(),
                               of_rows(epilogue_.codes->scale).end());
  if (!epilogue_.bias.empty())
    constants.insert(constants.end(), of_rows(epilogue_.bias).begin(), of_rows(epilogue_.bias).end());
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
  for (int64_t i = 0; i < num_steps(); ++i) {
    make_pairs(fast, i);
    int blended = -1;
    for (const Step& step : steps_of(i)) {
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

void CodeBlock::make_pairs(FastEmitter& fast, int64_t step) {
  const int64_t a = spec_.columns.begin + 2 * step;
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

}  // namespace twofour::cpu
