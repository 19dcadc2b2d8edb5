// Copied instructions are the assembler's, byte for byte.
#include "cpu/sparse24/fast_emitter.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace twofour::cpu {
namespace {

std::vector<uint8_t> bytes_of(const Xbyak::CodeGenerator& code) {
  return {code.getCode(), code.getCode() + code.getSize()};
}

TEST(FastEmitter, MultiplyAdd) {
  for (int row = 0; row < kMaxBlockRows; ++row)
    for (int position = 0; position < 4; ++position)
      for (const int element : {-128, -1, 0, 1, 127}) {
        Xbyak::CodeGenerator expected, got;
        // The assembler has a shorter form for no displacement; ours always has one.
        if (element != 0) {
          expected.vfmadd231ps(Xbyak::Zmm(row), Xbyak::Zmm(28 + position),
                               expected.ptr_b[expected.rax + element * 4]);
        } else {
          expected.vfmadd231ps(Xbyak::Zmm(row), Xbyak::Zmm(28 + position), expected.ptr_b[expected.rax + 4]);
          expected.rewrite(expected.getSize() - 1, 0, 1);
        }
        FastEmitter fast(got);
        fast.fmas(row, std::array{static_cast<uint8_t>(position)}, element);
        fast.sync();
        EXPECT_EQ(bytes_of(got), bytes_of(expected)) << row << " " << position << " " << element;
      }
}

TEST(FastEmitter, MultiplyAddsOfConsecutiveRows) {
  Xbyak::CodeGenerator expected, got;
  const std::array<uint8_t, 4> positions = {3, 0, 2, 1};
  for (int i = 0; i < 4; ++i)
    expected.vfmadd231ps(Xbyak::Zmm(5 + i), Xbyak::Zmm(28 + positions[static_cast<size_t>(i)]),
                         expected.ptr_b[expected.rax + (-5 + i) * 4]);
  FastEmitter fast(got);
  fast.fmas(5, positions, -5);
  fast.sync();
  EXPECT_EQ(bytes_of(got), bytes_of(expected));
}

TEST(FastEmitter, LoadsNearAndFar) {
  for (int position = 0; position < 4; ++position)
    for (const int bytes : {-128 * 64, -64, 64, 127 * 64, -129 * 64, 128 * 64, 4, -60, 1 << 20}) {
      Xbyak::CodeGenerator expected, got;
      expected.vmovups(Xbyak::Zmm(28 + position), expected.ptr[expected.rdx + bytes]);
      FastEmitter fast(got);
      fast.load_x(position, bytes);
      fast.sync();
      EXPECT_EQ(bytes_of(got), bytes_of(expected)) << position << " " << bytes;
    }
}

TEST(FastEmitter, TakesTurnsWithTheAssembler) {
  Xbyak::CodeGenerator expected, got;
  expected.vmovups(Xbyak::Zmm(28), expected.ptr[expected.rdx + 64]);
  expected.nop();
  expected.vmovups(Xbyak::Zmm(31), expected.ptr[expected.rdx + 128]);
  FastEmitter fast(got);
  fast.load_x(0, 64);
  fast.sync();
  got.nop();
  fast.resume();
  fast.load_x(3, 128);
  fast.sync();
  EXPECT_EQ(bytes_of(got), bytes_of(expected));
}

}  // namespace
}  // namespace twofour::cpu
