// Sums over a block of memory seen as [outer, size, inner] along the middle axis. Pieces of fixed length are
// summed in double precision and then joined in order, so that a result does not depend on the number of
// threads.
#pragma once

#include <cstddef>
#include <cstdint>

namespace twofour::cpu {

enum class Term : uint8_t { kValue, kSquare, kMagnitude };

class SumOverAxis {
 public:
  SumOverAxis(int64_t outer, int64_t size, int64_t inner);

  size_t scratch_bytes() const;
  /// dst [outer, inner] in double precision. `scratch` may be anything of scratch_bytes().
  template <typename T>
  void run(const T* src, double* dst, std::byte* scratch, Term term = Term::kValue) const;

 private:
  int64_t outer_, size_, inner_;
  int64_t pieces_;  // that the summed axis is cut into
  int64_t column_blocks_;
};

}  // namespace twofour::cpu
