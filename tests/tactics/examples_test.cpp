// Every tactic on every example of every op, in both formats, in f32 and through half storage.
#include <gtest/gtest.h>

#include <set>

#include "base/cpu.h"
#include "base/parallel.h"
#include "support/cpu_device.h"
#include "tactics/harness.h"

namespace twofour::tactic_test {
namespace {

using backend::Format;

template <typename Fn>
void for_each_case(const Fn& fn) {
  for (const ops::OpDef* op : ops::all_ops())
    for (const ops::Example& example : op->examples) {
      const Case plain = case_of_example(*op, example);
      for (const Format format : {Format::kPlain, Format::kChannelsLast}) {
        const Case test = with_format(plain, format);
        fn(test);
        for (const DType half : {DType::kF16, DType::kBF16}) fn(with_half(test, half));
      }
    }
}

void check_every_tactic(const RunOptions& options, std::set<std::string>* ran = nullptr) {
  for_each_case([&](const Case& test) {
    for (const backend::Tactic* tactic : device().tactics())
      if (check_tactic(*tactic, test, options) && ran) ran->insert(tactic->name());
  });
}

TEST(Examples, EveryTacticAgreesWithTheReference) {
  std::set<std::string> ran;
  check_every_tactic({}, &ran);
  if (max_isa() < Isa::kAvx512) return;  // Winograd needs it, and channel blocks at least AVX2
  for (const backend::Tactic* tactic : device().tactics())
    EXPECT_TRUE(ran.contains(tactic->name()) || tactic->is_sparse()) << tactic->name() << " runs no example";
}

TEST(Examples, InPlace) { check_every_tactic({.in_place = true}); }

TEST(Examples, Misaligned) { check_every_tactic({.misalign = 8}); }

TEST(Examples, PackedConstantsAreOnlyRead) { check_every_tactic({.read_only_pack = true}); }

TEST(Examples, OneToThreeThreads) {
  const int before = max_threads();
  for (const int threads : {1, 2, 3}) {
    set_max_threads(threads);
    check_every_tactic({});
  }
  set_max_threads(before);
}

// The last tactic runs whatever is in plain format.
TEST(Examples, EveryPlainCaseRuns) {
  for_each_case([&](const Case& test) {
    if (test.node.op.empty()) return;
    bool any = false;
    bool plain = true;
    for (const auto& input : test.node.inputs) plain &= input.desc.format == Format::kPlain;
    for (const auto& output : test.node.outputs) plain &= output.format == Format::kPlain;
    for (const backend::Tactic* tactic : device().tactics())
      any |= static_cast<bool>(tactic->supports(test.node));
    EXPECT_TRUE(any || !plain) << test.node.signature();
  });
}

}  // namespace
}  // namespace twofour::tactic_test
