#include "data/buffer_pool.h"

#include "base/tensor.h"

namespace twofour::data {

std::shared_ptr<BufferPool> BufferPool::create(size_t bytes, size_t keep) {
  std::shared_ptr<BufferPool> pool(new BufferPool(bytes, keep));
  pool->idle_.reserve(keep);
  return pool;
}

std::shared_ptr<std::byte> BufferPool::acquire() {
  std::shared_ptr<std::byte> memory;
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      memory = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  if (!memory) memory = allocate_aligned(bytes_);
  std::byte* raw = memory.get();
  return {raw, [memory = std::move(memory), pool = weak_from_this()](std::byte*) mutable {
            if (const auto alive = pool.lock()) alive->give_back(std::move(memory));
          }};
}

size_t BufferPool::idle() const {
  const std::lock_guard lock(mutex_);
  return idle_.size();
}

void BufferPool::give_back(std::shared_ptr<std::byte> memory) {
  const std::lock_guard lock(mutex_);
  if (idle_.size() < keep_) idle_.push_back(std::move(memory));
}

}  // namespace twofour::data
