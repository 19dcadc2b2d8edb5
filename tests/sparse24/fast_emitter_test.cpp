// Copied instructions are the assembler's, byte for byte.
#include "cpu/sparse24/fast_emitter.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace twofour::cpu {
namespace {

constexpr std::array kKinds = {ProductKind::kF32, ProductKind::kBf16, ProductKind::kCodes};

std::vector<uint8_t> bytes_of(const Xbyak::CodeGenerator& code) {
  return {code.getCode(), code.getCode() + code.getSize()};
}

void assemble(Xbyak::CodeGenerator& out, ProductKind kind, const Product& product, int element) {
  const Xbyak::Zmm sum(product.row), x(product_registers(kind).first_source + product.source);
  const auto weight = out.ptr_b[out.rax + element * 4];
  switch (kind) {
    case ProductKind::kF32: return out.vfmadd231ps(sum, x, weight);
    case ProductKind::kBf16: return out.vdpbf16ps(sum, x, weight);
    case ProductKind::kCodes: return out.vpdpbusd(sum, x, weight);
  }
}

TEST(FastEmitter, Products) {
  for (const ProductKind kind : kKinds)
    for (uint8_t row = 0; row < product_registers(kind).rows; ++row)
      for (uint8_t source = 0; source < product_registers(kind).sources; ++source)
        for (const int element : {-128, -1, 0, 1, 127}) {
          Xbyak::CodeGenerator expected, got;
          // The assembler has a shorter form for no displacement; ours always has one.
          assemble(expected, kind, {row, source}, element != 0 ? element : 1);
          if (element == 0) expected.rewrite(expected.getSize() - 1, 0, 1);
          FastEmitter fast(got, kind);
          fast.products(std::array{Product{row, source}}, element);
          fast.sync();
          EXPECT_EQ(bytes_of(got), bytes_of(expected)) << int{row} << " " << int{source} << " " << element;
        }
}

TEST(FastEmitter, ProductsWithConsecutiveWeights) {
  for (const ProductKind kind : kKinds) {
    Xbyak::CodeGenerator expected, got;
    const std::array<Product, 4> products = {{{5, 3}, {9, 0}, {7, 2}, {8, 1}}};
    for (int i = 0; i < 4; ++i) assemble(expected, kind, products[static_cast<size_t>(i)], -5 + i);
    FastEmitter fast(got, kind);
    fast.products(products, -5);
    fast.sync();
    EXPECT_EQ(bytes_of(got), bytes_of(expected));
  }
}

TEST(FastEmitter, LoadsNearAndFar) {
  for (const ProductKind kind : kKinds)
    for (int source = 0; source < 4; ++source)
      for (const int bytes : {-128 * 64, -64, 64, 127 * 64, -129 * 64, 128 * 64, 4, -60, 1 << 20}) {
        Xbyak::CodeGenerator expected, got;
        expected.vmovups(Xbyak::Zmm(product_registers(kind).first_source + source),
                         expected.ptr[expected.rdx + bytes]);
        FastEmitter fast(got, kind);
        fast.load_x(source, bytes);
        fast.sync();
        EXPECT_EQ(bytes_of(got), bytes_of(expected)) << source << " " << bytes;
      }
}

TEST(FastEmitter, TakesTurnsWithTheAssembler) {
  Xbyak::CodeGenerator expected, got;
  expected.vmovups(Xbyak::Zmm(28), expected.ptr[expected.rdx + 64]);
  expected.nop();
  expected.vmovups(Xbyak::Zmm(31), expected.ptr[expected.rdx + 128]);
  FastEmitter fast(got, ProductKind::kF32);
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
