// The two instructions that generated blocks mostly consist of, encoded once by the assembler and copied with
// their displacements filled in: a network has tens of millions of them.
#pragma once

#include <xbyak/xbyak.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <span>

#include "cpu/sparse24/block_plan.h"

namespace twofour::cpu {

/// Registers of generated code: X rows in zmm28..31, X at rdx, weights at rax.
class FastEmitter {
 public:
  static constexpr int kXRegister = 28;
  static constexpr int64_t kFmaBytes = 7;

  /// Writes where `out` stands. Until sync() nothing else may write there. One copy of eight bytes may touch
  /// the byte after the last instruction.
  explicit FastEmitter(Xbyak::CodeGenerator& out) : out_(out), table_(table()) { resume(); }

  /// For i in [0, positions.size()):
  /// vfmadd231ps zmm(row + i), zmm(28 + positions[i]), [rax + 4 * (element + i)]{1to16}; elements in [-128,
  /// 127].
  void fmas(int row, std::span<const uint8_t> positions, int64_t element) {
    constexpr int kDisplacement = (kFmaBytes - 1) * 8;
    const uint64_t* codes = &table_.fma[static_cast<size_t>(row) * 4];
    auto displacement = static_cast<uint8_t>(element);
    uint8_t* at = at_;
    for (const uint8_t position : positions) {
      const uint64_t code = codes[position] | static_cast<uint64_t>(displacement++) << kDisplacement;
      std::memcpy(at, &code, sizeof code);
      at += kFmaBytes;
      codes += 4;
    }
    at_ = at;
  }
  /// vmovups zmm(28 + position), [rdx + bytes].
  void load_x(int position, int64_t bytes);

  /// Lets `out` go on after the last instruction; resume() then lets this go on after what `out` wrote.
  void sync() { out_.setSize(static_cast<size_t>(at_ - out_.getCode())); }
  void resume() { at_ = const_cast<uint8_t*>(out_.getCurr()); }

 private:
  static constexpr size_t kNearLoadBytes = 7;  // displacement: one byte, in lines
  static constexpr size_t kFarLoadBytes = 10;  // four bytes
  struct Table {
    std::array<uint64_t, static_cast<size_t>(kMaxBlockRows) * 4> fma{};
    std::array<std::array<uint8_t, kNearLoadBytes>, 4> near_load;
    std::array<std::array<uint8_t, kFarLoadBytes>, 4> far_load;
    Table();
  };
  static const Table& table();

  Xbyak::CodeGenerator& out_;
  const Table& table_;
  uint8_t* at_ = nullptr;
};

}  // namespace twofour::cpu
