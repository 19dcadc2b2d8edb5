#include "cpu/sparse24/executable_buffer.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/align.h"
#include "base/error.h"

namespace twofour::cpu {
namespace {

constexpr size_t kHugePage = size_t{2} << 20;

size_t page_bytes() { return static_cast<size_t>(sysconf(_SC_PAGESIZE)); }

/// mmap of `bytes` at a multiple of `alignment`; nullptr when the system refuses.
uint8_t* map_aligned(size_t bytes, size_t alignment) {
  const size_t reserved = bytes + alignment;
  void* mapped = mmap(nullptr, reserved, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) return nullptr;
  auto* base = static_cast<uint8_t*>(mapped);
  const auto address = reinterpret_cast<uintptr_t>(base);
  const size_t head = round_up(address, alignment) - address;
  if (head > 0) munmap(base, head);
  if (const size_t tail = reserved - head - bytes; tail > 0) munmap(base + head + bytes, tail);
  return base + head;
}

}  // namespace

ExecutableBuffer::ExecutableBuffer(size_t bytes) : size_(round_up(bytes, page_bytes())) {
  const bool huge = size_ >= kHugePage;
  data_ = map_aligned(size_, huge ? kHugePage : page_bytes());
  TWOFOUR_CHECK(data_, kResourceExhausted, "[sparse24] cannot map {} bytes for generated code: {}", size_,
                std::strerror(errno));
  if (huge) madvise(data_, size_, MADV_HUGEPAGE);
}

ExecutableBuffer::~ExecutableBuffer() {
  if (data_) munmap(data_, size_);
}

ExecutableBuffer::ExecutableBuffer(ExecutableBuffer&& other) noexcept { *this = std::move(other); }

ExecutableBuffer& ExecutableBuffer::operator=(ExecutableBuffer&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  std::swap(sealed_, other.sealed_);
  return *this;
}

void ExecutableBuffer::seal(size_t used) {
  TWOFOUR_ASSERT(!sealed_ && used <= size_, "seal of {} of {} bytes", used, size_);
  const size_t kept = round_up(used > 0 ? used : 1, page_bytes());
  if (kept < size_) munmap(data_ + kept, size_ - kept);
  size_ = kept;
  TWOFOUR_CHECK(mprotect(data_, size_, PROT_READ | PROT_EXEC) == 0, kUnsupported,
                "[sparse24] the system forbids executable memory: {}", std::strerror(errno));
  sealed_ = true;
}

}  // namespace twofour::cpu
