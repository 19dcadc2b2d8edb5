#include "cpu/sparse24/fast_emitter.h"

#include <algorithm>

#include "base/error.h"

namespace twofour::cpu {
namespace {

constexpr int64_t kLine = 64;

}  // namespace

FastEmitter::Table::Table(ProductKind kind) : sources(static_cast<size_t>(product_registers(kind).sources)) {
  const ProductRegisters registers = product_registers(kind);
  Xbyak::CodeGenerator out(Xbyak::DEFAULT_MAX_CODE_SIZE, Xbyak::DontSetProtectRWE);
  const auto take = [&](uint8_t* code, size_t bytes) {
    TWOFOUR_ASSERT(out.getSize() == bytes, "an instruction takes {} bytes, expected {}", out.getSize(),
                   bytes);
    std::copy_n(out.getCode(), bytes, code);
    out.reset();
  };
  for (int row = 0; row < registers.rows; ++row)
    for (int source = 0; source < registers.sources; ++source) {
      const Xbyak::Zmm sum(row), x(registers.first_source + source);
      const auto weight = out.ptr_b[out.rax + 4];
      switch (kind) {
        case ProductKind::kF32: out.vfmadd231ps(sum, x, weight); break;
        case ProductKind::kBf16: out.vdpbf16ps(sum, x, weight); break;
        case ProductKind::kCodes: out.vpdpbusd(sum, x, weight); break;
      }
      uint64_t& code = product.emplace_back(0);
      take(reinterpret_cast<uint8_t*>(&code), kProductBytes);
      reinterpret_cast<uint8_t*>(&code)[kProductBytes - 1] = 0;
    }
  for (int source = 0; source < registers.sources; ++source) {
    const Xbyak::Zmm x(registers.first_source + source);
    Loads& load = loads.emplace_back();
    out.vmovups(x, out.ptr[out.rdx + kLine]);
    take(load.near.data(), kNearLoadBytes);
    out.vmovups(x, out.ptr[out.rdx + 1]);
    take(load.far.data(), kFarLoadBytes);
  }
}

const FastEmitter::Table& FastEmitter::table(ProductKind kind) {
  static const std::array tables = {Table(ProductKind::kF32), Table(ProductKind::kBf16),
                                    Table(ProductKind::kCodes)};
  return tables[static_cast<size_t>(kind)];
}

void FastEmitter::load_x(int source, int64_t bytes) {
  const Loads& load = table_.loads[static_cast<size_t>(source)];
  if (bytes % kLine == 0 && bytes / kLine >= INT8_MIN && bytes / kLine <= INT8_MAX) {
    at_ = std::ranges::copy(load.near, at_).out;
    at_[-1] = static_cast<uint8_t>(bytes / kLine);
    return;
  }
  at_ = std::ranges::copy(load.far, at_).out;
  const auto displacement = static_cast<int32_t>(bytes);
  std::memcpy(at_ - sizeof displacement, &displacement, sizeof displacement);
}

}  // namespace twofour::cpu
