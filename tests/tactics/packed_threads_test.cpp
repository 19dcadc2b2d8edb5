// What any number of threads packed serves any number: oneDNN prefers other orders of weights for other
// numbers.
#include <gtest/gtest.h>

#include "base/parallel.h"
#include "support/cpu_device.h"
#include "tactics/quantized_cases.h"

namespace twofour::tactic_test {
namespace {

using backend::Format;
using Ints = std::vector<int64_t>;

/// Packed by few threads and run by many, and the other way round.
void expect_any_threads(const char* tactic, const Case& test) {
  const int before = max_threads();
  for (const auto& [pack, run] : {std::pair(1, 16), {16, 1}, {4, 16}}) {
    set_max_threads(run);
    check_tactic(*device().find_tactic(tactic), test, {.pack_threads = pack}, 512);
  }
  set_max_threads(before);
}

TEST(PackedThreads, Products) {
  for (const int64_t m : {1, 16})
    for (const int64_t k : {64, 768}) {
      constexpr int64_t kN = 768;
      expect_any_threads("onednn.matmul",
                         make_case("MatMul", {{.shape = {m, k}}, {.shape = {k, kN}, .constant = true}}));
      expect_any_threads("onednn.gemm",
                         make_case("Gemm", {{.shape = {m, k}}, {.shape = {kN, k}, .constant = true}},
                                   {{"transB", int64_t{1}}}));
      const Case codes_case = around("QuantizedMatMul", codes(DType::kU8, {m, k}),
                                     codes(DType::kI8, {k, kN}, true), kN, k, {.zero_point = 3});
      expect_any_threads("onednn.quantized_matmul", codes_case);
      expect_any_threads("onednn.quantized_matmul_f32", codes_case);
    }
}

TEST(PackedThreads, Convolutions) {
  struct Sizes {
    Shape src, weight;
  };
  for (const Sizes& s : {Sizes{{1, 3, 7, 7}, {64, 3, 3, 3}}, Sizes{{1, 256, 7, 7}, {64, 256, 1, 1}},
                         Sizes{{1, 64, 7, 7}, {64, 64, 3, 3}}})
    for (const Format format : {Format::kPlain, Format::kChannelsLast}) {
      const int64_t pad = s.weight[2] / 2;
      const Attrs pads = {{"pads", Ints(4, pad)}};
      const Case conv = with_format(
          make_case("Conv", {{.shape = s.src}, {.shape = s.weight, .constant = true}}, pads), format);
      for (const char* tactic : {"onednn.conv", "onednn.conv_blocked", "onednn.conv_winograd"})
        expect_any_threads(tactic, conv);
      const Case codes_case =
          with_format(around("QuantizedConv", codes(DType::kU8, s.src), codes(DType::kI8, s.weight, true),
                             s.weight[0], s.weight.numel(1, 4), {.zero_point = 3, .attrs = pads}),
                      format);
      for (const char* tactic : {"onednn.quantized_conv", "onednn.quantized_conv_f32"})
        expect_any_threads(tactic, codes_case);
    }
}

TEST(PackedThreads, TransposedConvolutions) {
  for (const int64_t channels : {3, 64})
    for (const Format format : {Format::kPlain, Format::kChannelsLast})
      for (const char* tactic : {"onednn.conv_transpose", "onednn.conv_transpose_blocked"})
        expect_any_threads(tactic, with_format(make_case("ConvTranspose",
                                                         {{.shape = {1, channels, 7, 7}},
                                                          {.shape = {channels, 64, 3, 3}, .constant = true}}),
                                               format));
}

}  // namespace
}  // namespace twofour::tactic_test
