// CIFAR-10 batches from outside parse into whole records or give an Error that says why. Two files are read,
// as a data set of several batches is; the first byte says how many records the first one has.
#include "data/cifar_binary.h"

#include <algorithm>

#include "base/error.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const auto bytes = std::as_bytes(std::span(data + 1, size - 1));
  const size_t first = std::min(bytes.size(), data[0] % 4 * size_t{3073});
  twofour::data::CifarRecords records;
  try {
    if (first > 0) append_cifar_records(bytes.first(first), "first", records);
    append_cifar_records(bytes.subspan(first), "second", records);
    if (records.labels.size() * 3073 != bytes.size()) __builtin_trap();
  } catch (const twofour::Error& error) {
    if (error.code() == twofour::ErrorCode::kInternal) throw;
  }
  if (records.labels.size() * 3072 != records.pixels.size()) __builtin_trap();
  for (const int64_t label : records.labels)
    if (label < 0 || label > 9) __builtin_trap();
  return 0;
}
