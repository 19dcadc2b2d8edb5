// 64-bit content hashes (XXH3, https://xxhash.com): checksums of file sections and cache keys, not security.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace twofour {

uint64_t hash_bytes(std::span<const std::byte> bytes, uint64_t seed = 0);
uint64_t hash_text(std::string_view text, uint64_t seed = 0);

}  // namespace twofour
