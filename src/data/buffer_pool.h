// BufferPool: aligned memory that comes back when its last user lets go, so that a steady stream of batches
// allocates nothing after the first few.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

namespace twofour::data {

class BufferPool : public std::enable_shared_from_this<BufferPool> {
 public:
  /// All buffers have `bytes` bytes; at most `keep` unused ones are held.
  static std::shared_ptr<BufferPool> create(size_t bytes, size_t keep);
  /// Content is arbitrary. Thread-safe; a buffer may outlive the pool.
  std::shared_ptr<std::byte> acquire();
  size_t idle() const;

 private:
  BufferPool(size_t bytes, size_t keep) : bytes_(bytes), keep_(keep) {}
  void give_back(std::shared_ptr<std::byte> memory);

  const size_t bytes_;
  const size_t keep_;
  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<std::byte>> idle_;
};

}  // namespace twofour::data
