#include "cpu/sparse24/fast_emitter.h"

#include <algorithm>

#include "base/error.h"

namespace twofour::cpu {
namespace {

constexpr int64_t kLine = 64;

}  // namespace

FastEmitter::Table::Table() {
  Xbyak::CodeGenerator out;
  const auto take = [&](uint8_t* code, size_t bytes) {
    TWOFOUR_ASSERT(out.getSize() == bytes, "an instruction takes {} bytes, expected {}", out.getSize(),
                   bytes);
    std::copy_n(out.getCode(), bytes, code);
    out.reset();
  };
  for (int position = 0; position < 4; ++position) {
    const Xbyak::Zmm x(kXRegister + position);
    const auto i = static_cast<size_t>(position);
    for (int row = 0; row < kMaxBlockRows; ++row) {
      out.vfmadd231ps(Xbyak::Zmm(row), x, out.ptr_b[out.rax + 4]);
      uint8_t* code = reinterpret_cast<uint8_t*>(&fma[static_cast<size_t>(row * 4 + position)]);
      take(code, kFmaBytes);
      code[kFmaBytes - 1] = 0;
    }
    out.vmovups(x, out.ptr[out.rdx + kLine]);
    take(near_load[i].data(), kNearLoadBytes);
    out.vmovups(x, out.ptr[out.rdx + 1]);
    take(far_load[i].data(), kFarLoadBytes);
  }
}

const FastEmitter::Table& FastEmitter::table() {
  static const Table table;
  return table;
}

void FastEmitter::load_x(int position, int64_t bytes) {
  const auto i = static_cast<size_t>(position);
  if (bytes % kLine == 0 && bytes / kLine >= INT8_MIN && bytes / kLine <= INT8_MAX) {
    at_ = std::ranges::copy(table_.near_load[i], at_).out;
    at_[-1] = static_cast<uint8_t>(bytes / kLine);
    return;
  }
  at_ = std::ranges::copy(table_.far_load[i], at_).out;
  const auto displacement = static_cast<int32_t>(bytes);
  std::memcpy(at_ - sizeof displacement, &displacement, sizeof displacement);
}

}  // namespace twofour::cpu
