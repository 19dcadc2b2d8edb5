#include "engine/buffer_pool.h"

#include "base/align.h"

namespace twofour::engine {
namespace {

constexpr size_t kUnit = 256;
constexpr size_t kMostFree = 64;  // buffers

}  // namespace

std::shared_ptr<std::byte> BufferPool::take(size_t bytes) {
  size_t size = round_up(bytes, kUnit);
  std::shared_ptr<std::byte> buffer;
  const auto found = free_->lower_bound(size);
  if (found != free_->end() && found->first <= 2 * size) {
    size = found->first;
    buffer = std::move(found->second);
    free_->erase(found);
  } else {
    buffer = allocate_aligned(size);
  }
  std::byte* data = buffer.get();
  return {data, [size, buffer = std::move(buffer), pool = free_](std::byte*) mutable {
            if (pool->size() < kMostFree) pool->emplace(size, std::move(buffer));
          }};
}

Tensor BufferPool::tensor(DType dtype, const Shape& shape) {
  return {dtype, shape, take(static_cast<size_t>(shape.numel()) * dtype_size(dtype))};
}

}  // namespace twofour::engine
