#include "ops/strided.h"

namespace twofour::ops {
namespace {

template <typename Word>
void copy_words(const std::byte* src, std::byte* dst, const Shape& extent,
                const std::array<std::vector<int64_t>, 2>& strides) {
  const auto* from = reinterpret_cast<const Word*>(src);
  auto* to = reinterpret_cast<Word*>(dst);
  for_each_offset(extent, strides, [&](const std::array<int64_t, 2>& at) { to[at[1]] = from[at[0]]; });
}

}  // namespace

std::vector<int64_t> broadcast_strides(const Shape& shape, const Shape& dst) {
  std::vector<int64_t> result(dst.rank(), 0);
  const std::vector<int64_t> own = shape.strides();
  const size_t extra = dst.rank() - shape.rank();
  for (size_t i = 0; i < shape.rank(); ++i) result[i + extra] = shape[i] == 1 ? 0 : own[i];
  return result;
}

void copy_strided(const Tensor& src, const Strided& from, const Tensor& dst, const Strided& to,
                  const Shape& extent) {
  TWOFOUR_ASSERT(src.dtype() == dst.dtype());
  const size_t size = dtype_size(src.dtype());
  const auto bytes = static_cast<int64_t>(size);
  const std::byte* begin = src.raw() + from.offset * bytes;
  std::byte* end = dst.raw() + to.offset * bytes;
  const std::array<std::vector<int64_t>, 2> strides = {from.strides, to.strides};
  dispatch_size(size, [&]<typename Word>(Word) { copy_words<Word>(begin, end, extent, strides); });
}

}  // namespace twofour::ops
