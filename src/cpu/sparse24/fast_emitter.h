// The instructions that generated blocks mostly consist of, encoded once by the assembler and copied with
// their displacements filled in: a network has tens of millions of them.
#pragma once

#include <xbyak/xbyak.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "cpu/sparse24/product_kind.h"

namespace twofour::cpu {

/// zmm(row) += zmm(kSourceRegister of the kind + source) * weight.
struct Product {
  uint8_t row, source;
};

/// Accumulators are from zmm0 on, what they multiply by vfmadd231ps, vdpbf16ps or vpdpbusd in the last
/// registers.
struct ProductRegisters {
  int rows, first_source, sources;
};
constexpr ProductRegisters product_registers(ProductKind kind) {
  const int rows = static_cast<int>(max_block_rows(kind));
  const int sources = kind == ProductKind::kF32 ? 4 : kind == ProductKind::kBf16 ? 6 : 7;
  return {rows, 32 - sources, sources};
}

/// Registers of generated code: X at rdx, weights at rax.
class FastEmitter {
 public:
  static constexpr int64_t kProductBytes = 7;

  /// Writes where `out` stands. Until sync() nothing else may write there. One copy of eight bytes may touch
  /// the byte after the last instruction.
  FastEmitter(Xbyak::CodeGenerator& out, ProductKind kind) : out_(out), table_(table(kind)) { resume(); }

  /// For every product i, with the weights [rax + 4 * (element + i)]{1to16}; elements in [-128, 127].
  void products(std::span<const Product> list, int64_t element) {
    constexpr int kDisplacement = (kProductBytes - 1) * 8;
    auto displacement = static_cast<uint8_t>(element);
    uint8_t* at = at_;
    for (const Product& p : list) {
      const uint64_t code = table_.product[p.row * table_.sources + p.source] |
                            static_cast<uint64_t>(displacement++) << kDisplacement;
      std::memcpy(at, &code, sizeof code);
      at += kProductBytes;
    }
    at_ = at;
  }
  /// vmovups zmm(first_source + source), [rdx + bytes].
  void load_x(int source, int64_t bytes);

  /// Lets `out` go on after the last instruction; resume() then lets this go on after what `out` wrote.
  void sync() { out_.setSize(static_cast<size_t>(at_ - out_.getCode())); }
  void resume() { at_ = const_cast<uint8_t*>(out_.getCurr()); }

 private:
  static constexpr size_t kNearLoadBytes = 7;  // displacement: one byte, in lines
  static constexpr size_t kFarLoadBytes = 10;  // four bytes
  struct Loads {
    std::array<uint8_t, kNearLoadBytes> near;
    std::array<uint8_t, kFarLoadBytes> far;
  };
  struct Table {
    size_t sources;
    std::vector<uint64_t> product;  // [rows][sources]
    std::vector<Loads> loads;       // [sources]
    explicit Table(ProductKind kind);
  };
  static const Table& table(ProductKind kind);

  Xbyak::CodeGenerator& out_;
  const Table& table_;
  uint8_t* at_ = nullptr;
};

}  // namespace twofour::cpu
