// The engine file, little-endian:
//
//   0   8 bytes  "24ENGINE"
//   8   u32      format version
//   12  u32      0
//   16  u64      bytes of the JSON header that starts at 64
//   24  u64      XXH3 of the padded header
//   32  u64      bytes of the whole file
//   40  24 zero bytes
//   64  JSON     {"plan": ..., "sections": [{"offset","dtype","shape","hash"}]}, zero-padded to a multiple of
//   64
//       sections, each 64-byte aligned, zero-padded to a multiple of 64; hash is XXH3 of the padded section
//
// It holds data, never machine code.
#pragma once

#include <filesystem>
#include <functional>

#include "engine/plan.h"

namespace twofour::engine {

inline constexpr uint32_t kFormatVersion = 3;

struct EngineFile {
  Plan plan;
  std::vector<Tensor> sections;  // views of the mapping, which they keep alive
};

/// Atomic; `check` as in write_file_atomic. Throws Error{kIo}.
void write_engine_file(const std::filesystem::path& path, const Plan& plan, std::span<const Tensor> sections,
                       const std::function<void(const std::filesystem::path&)>& check = {});
/// Bytes of that file.
size_t engine_file_bytes(const Plan& plan, std::span<const Tensor> sections);
/// Throws Error{kNotFound}, or Error{kDataCorrupt} saying what is wrong: not an engine, another format
/// version, truncated, or which part was altered.
EngineFile read_engine_file(const std::filesystem::path& path);
/// The same on the bytes of a file, 64-byte aligned, which `owner` keeps alive.
EngineFile parse_engine_file(std::span<const std::byte> bytes, const std::shared_ptr<const void>& owner);

}  // namespace twofour::engine
