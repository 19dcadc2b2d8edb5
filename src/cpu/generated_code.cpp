#include "cpu/generated_code.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace twofour::cpu {
namespace {

backend::Support try_one_page() {
  const auto bytes = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  void* page = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return backend::supported();  // no answer; whoever needs memory will say so
  *static_cast<volatile char*>(page) = 0;
  const int failure = mprotect(page, bytes, PROT_READ | PROT_EXEC) == 0 ? 0 : errno;
  munmap(page, bytes);
  if (failure == 0) return backend::supported();
  return backend::declined(backend::Reason::kNoGeneratedCode, std::strerror(failure));
}

}  // namespace

const backend::Support& generated_code_ok() {
  static const backend::Support answer = try_one_page();
  return answer;
}

}  // namespace twofour::cpu
