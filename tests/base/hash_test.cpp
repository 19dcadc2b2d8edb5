#include "base/hash.h"

#include <gtest/gtest.h>

#include <string>

namespace twofour {
namespace {

// Files hold these hashes, so they may never change. The first two are published XXH3 values.
TEST(Hash, ValuesAreFixed) {
  EXPECT_EQ(hash_text(""), 0x2d06800538d394c2ULL);
  EXPECT_EQ(hash_text("a"), 0xe6c632b61e964e1fULL);
}

TEST(Hash, EveryByteAndTheSeedCount) {
  for (const size_t size : {1, 16, 17, 128, 240, 241, 5000}) {
    const std::string text(size, 'x');
    EXPECT_NE(hash_text(text), hash_text(text, 1));
    EXPECT_NE(hash_text(text), hash_text(text + 'x'));
    for (size_t i = 0; i < size; i += 13) {
      std::string changed = text;
      changed[i] ^= 1;
      EXPECT_NE(hash_text(changed), hash_text(text)) << size << " at " << i;
    }
  }
}

TEST(Hash, TextAndBytesAgree) {
  const std::string text = "twofour";
  EXPECT_EQ(hash_bytes(std::as_bytes(std::span(text)), 5), hash_text(text, 5));
}

}  // namespace
}  // namespace twofour
