// Memory of tensors whose sizes are known only when an engine runs, so that runs after the first allocate
// little.
#pragma once

#include <map>
#include <memory>

#include "base/tensor.h"

namespace twofour::engine {

/// Belongs to one thread at a time, and so do the buffers, which may outlive it.
class BufferPool {
 public:
  BufferPool() : free_(std::make_shared<Buffers>()) {}
  /// At least that many bytes, 64-byte aligned, contents undefined; goes back to the pool when nobody holds
  /// it.
  std::shared_ptr<std::byte> take(size_t bytes);
  Tensor tensor(DType dtype, const Shape& shape);

 private:
  using Buffers = std::multimap<size_t, std::shared_ptr<std::byte>>;  // by size
  std::shared_ptr<Buffers> free_;
};

}  // namespace twofour::engine
