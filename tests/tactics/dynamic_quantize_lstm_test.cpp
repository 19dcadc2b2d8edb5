// DynamicQuantizeLSTM on codes. Every code and sum of a single step is the reference's, so that its results
// differ by the rounding of f32 alone. From then on the hidden states may lie on both sides of the middle
// between two codes: `kOneCode` is what that may change.
#include <gtest/gtest.h>

#include <cmath>

#include "support/cpu_device.h"
#include "tactics/harness.h"

namespace twofour::tactic_test {
namespace {

struct Form {
  int64_t seq = 1, batch = 3, input = 7, hidden = 9;
  std::string direction = "bidirectional";
  int64_t layout = 0;
  DType w = DType::kI8, r = DType::kI8;
  bool column_scales = true, column_zero_points = true, zero_points = true, constant = true;
  bool bias = true, lengths = false, states = true, peepholes = false;
  Attrs attrs = {};
};

/// Larger recurrent weights make a chaotic system.
float largest_recurrent_weight(int64_t hidden) { return 0.5F / static_cast<float>(hidden); }

CaseInput codes_of(DType dtype, Shape shape, bool constant) {
  const float low = dtype == DType::kU8 ? 0 : -128;
  return {.dtype = dtype, .shape = std::move(shape), .low = low, .high = low + 256, .constant = constant};
}

CaseInput zero_points_of(const Form& f, DType dtype, int64_t dirs) {
  const float middle = dtype == DType::kU8 ? 128 : 0, spread = f.zero_points ? 30 : 0;
  return {.dtype = dtype,
          .shape = f.column_zero_points ? Shape{dirs, 4 * f.hidden} : Shape{dirs},
          .low = middle - spread,
          .high = middle + spread,
          .constant = f.constant};
}

Case case_of(const Form& f) {
  const int64_t dirs = f.direction == "bidirectional" ? 2 : 1, gates = 4 * f.hidden;
  const bool first = f.layout == 1;
  const Shape state = first ? Shape{f.batch, dirs, f.hidden} : Shape{dirs, f.batch, f.hidden};
  const Shape scales = f.column_scales ? Shape{dirs, gates} : Shape{dirs};
  const float unit = largest_recurrent_weight(f.hidden) / 160;
  std::vector<float> lengths;
  for (int64_t i = 0; i < f.batch; ++i) lengths.push_back(static_cast<float>((i * 2) % (f.seq + 1)));
  const std::vector<CaseInput> inputs = {
      {.shape = first ? Shape{f.batch, f.seq, f.input} : Shape{f.seq, f.batch, f.input}},
      codes_of(f.w, {dirs, gates, f.input}, f.constant),
      codes_of(f.r, {dirs, gates, f.hidden}, f.constant),
      {.shape = {dirs, 2 * gates}, .constant = f.constant, .absent = !f.bias},
      {.dtype = DType::kI32, .shape = {f.batch}, .absent = !f.lengths, .values = lengths},
      {.shape = state, .absent = !f.states},
      {.shape = state, .absent = !f.states},
      {.shape = {dirs, 3 * f.hidden}, .constant = f.constant, .absent = !f.peepholes},
      {.shape = scales, .low = 0.002F, .high = 0.004F, .constant = f.constant},
      zero_points_of(f, f.w, dirs),
      {.shape = scales, .low = unit / 2, .high = unit, .constant = f.constant},
      zero_points_of(f, f.r, dirs)};
  Attrs attrs = f.attrs;
  attrs.set("direction", f.direction);
  attrs.set("layout", f.layout);
  return make_case("DynamicQuantizeLSTM", inputs, attrs, 3);
}

/// States lie in (-1, 1), so that the next code is 2 / 255 away at most, also when all states of a step are
/// rounded the other way. A row of R adds up to 0.5 at most: a gate moves by half of that, c and h by 2.25
/// times what the gate does (while |c| < 3), and all later steps together by less than they did.
constexpr double kOneCode = 2 / 255.0 * 0.5 * 2.25 * 2;

void check(const Form& form, const RunOptions& options = {}) {
  const double eps = form.seq == 1 ? 256 : kOneCode * 0x1p23;
  expect_runs(*device().find_tactic("native.dynamic_quantize_lstm"), case_of(form), options, eps);
}

constexpr DType kCodes[] = {DType::kI8, DType::kU8};

TEST(DynamicQuantizeLstm, EverySize) {
  for (const int64_t batch : {1, 2, 9, 34})
    for (const int64_t input : {1, 4, 5, 38})
      for (const int64_t hidden : {1, 3, 16, 67})
        check({.batch = batch, .input = input, .hidden = hidden}, {.misalign = 4, .read_only_pack = true});
}

TEST(DynamicQuantizeLstm, EveryKindOfCodes) {
  for (const DType w : kCodes)
    for (const DType r : kCodes)
      for (const bool column_scales : {false, true})
        for (const bool column_zero_points : {false, true})
          for (const bool constant : {false, true})
            check({.w = w,
                   .r = r,
                   .column_scales = column_scales,
                   .column_zero_points = column_zero_points,
                   .zero_points = !column_zero_points || column_scales,
                   .constant = constant});
}

TEST(DynamicQuantizeLstm, EveryDirectionAndLayout) {
  for (const char* direction : {"forward", "reverse", "bidirectional"})
    for (const int64_t layout : {0, 1})
      for (const bool lengths : {false, true})
        for (const int64_t seq : {1, 5})
          check({.seq = seq, .direction = direction, .layout = layout, .lengths = lengths});
}

TEST(DynamicQuantizeLstm, OptionalInputs) {
  for (const bool bias : {false, true})
    for (const bool states : {false, true})
      for (const bool peepholes : {false, true})
        for (const int64_t coupled : {0, 1})
          for (const int64_t seq : {1, 5})
            check({.seq = seq,
                   .bias = bias,
                   .states = states,
                   .peepholes = peepholes,
                   .attrs = {{"input_forget", coupled}, {"clip", 0.7F}}});
}

// Several chunks of steps.
TEST(DynamicQuantizeLstm, LongSequences) {
  for (const bool lengths : {false, true})
    check({.seq = 170, .batch = 4, .input = 3, .hidden = 100, .lengths = lengths});
}

TEST(DynamicQuantizeLstm, AllZeros) {
  Case test = case_of({.seq = 2});
  for (const size_t i : {0, 5}) std::ranges::fill(test.inputs[i].span<float>(), 0.0F);
  expect_runs(*device().find_tactic("native.dynamic_quantize_lstm"), test, {}, kOneCode * 0x1p23);
}

TEST(DynamicQuantizeLstm, DeclinesSumsThatMayOverflow) {
  const Case test = case_of({.batch = 1, .input = 33026, .hidden = 1});
  EXPECT_EQ(device().find_tactic("native.dynamic_quantize_lstm")->supports(test.node).reason,
            backend::Reason::kShape);
}

}  // namespace
}  // namespace twofour::tactic_test
