// The recurrent layers in every form: sizes, directions, layouts, lengths, activations, constant and computed
// inputs.
#include <gtest/gtest.h>

#include <cmath>

#include "support/cpu_device.h"
#include "tactics/harness.h"

namespace twofour::tactic_test {
namespace {

struct Form {
  std::string op;
  int64_t seq = 5, batch = 3, input = 7, hidden = 9;
  std::string direction = "forward";
  int64_t layout = 0;
  bool constant_weights = true, constant_states = false, bias = true, lengths = false, peepholes = false;
  Attrs attrs;
};

Case case_of(const Form& f) {
  const int64_t gates = f.op == "LSTM" ? 4 : f.op == "GRU" ? 3 : 1;
  const int64_t dirs = f.direction == "bidirectional" ? 2 : 1;
  const bool first = f.layout == 1;
  const float tame = 1 / std::sqrt(static_cast<float>(f.hidden));  // larger weights make a chaotic system
  const Shape state = first ? Shape{f.batch, dirs, f.hidden} : Shape{dirs, f.batch, f.hidden};
  std::vector<float> lengths;
  for (int64_t i = 0; i < f.batch; ++i) lengths.push_back(static_cast<float>((i * 2) % (f.seq + 1)));
  std::vector<CaseInput> inputs = {
      {.shape = first ? Shape{f.batch, f.seq, f.input} : Shape{f.seq, f.batch, f.input}},
      {.shape = {dirs, gates * f.hidden, f.input}, .constant = f.constant_weights},
      {.shape = {dirs, gates * f.hidden, f.hidden},
       .low = -tame,
       .high = tame,
       .constant = f.constant_weights},
      {.shape = {dirs, 2 * gates * f.hidden}, .constant = f.constant_weights, .absent = !f.bias},
      {.dtype = DType::kI32, .shape = {f.batch}, .absent = !f.lengths, .values = lengths},
      {.shape = state, .constant = f.constant_states}};
  if (f.op == "LSTM") {
    inputs.push_back({.shape = state, .constant = f.constant_states});
    inputs.push_back({.shape = {dirs, 3 * f.hidden}, .constant = f.constant_weights, .absent = !f.peepholes});
  }
  Attrs attrs = f.attrs;
  attrs.set("direction", f.direction);
  attrs.set("layout", f.layout);
  return make_case(f.op, inputs, attrs, f.op == "LSTM" ? 3 : 2);
}

void check(const Form& form, const RunOptions& options = {}) {
  const Case test = case_of(form);
  expect_runs(*device().find_tactic("native.recurrent"), test, options, 2048);
  expect_runs(*device().find_tactic("half_storage:native.recurrent"), with_half(test, DType::kF16), options,
              64);
}

constexpr const char* kOps[] = {"RNN", "GRU", "LSTM"};

TEST(Recurrent, EverySize) {
  for (const char* op : kOps)
    for (const int64_t seq : {1, 2, 19})
      for (const int64_t batch : {1, 2, 8})
        for (const int64_t hidden : {1, 15, 16, 33})
          check({.op = op, .seq = seq, .batch = batch, .input = 13, .hidden = hidden},
                {.misalign = 4, .read_only_pack = true});
}

TEST(Recurrent, EveryDirectionAndLayout) {
  for (const char* op : kOps)
    for (const char* direction : {"forward", "reverse", "bidirectional"})
      for (const int64_t layout : {0, 1})
        for (const bool lengths : {false, true})
          check({.op = op, .direction = direction, .layout = layout, .lengths = lengths});
}

TEST(Recurrent, ConstantStatesAndComputedWeights) {
  for (const char* op : kOps)
    for (const bool weights : {false, true})
      for (const bool states : {false, true})
        check({.op = op,
               .direction = "bidirectional",
               .constant_weights = weights,
               .constant_states = states,
               .bias = states});
}

TEST(Recurrent, GruResetsBeforeOrAfterTheProduct) {
  for (const int64_t after : {0, 1})
    for (const bool bias : {false, true})
      for (const char* direction : {"reverse", "bidirectional"})
        check({.op = "GRU", .direction = direction, .bias = bias, .attrs = {{"linear_before_reset", after}}});
}

TEST(Recurrent, PeepholesAndCoupledGates) {
  for (const int64_t coupled : {0, 1})
    for (const bool lengths : {false, true})
      check({.op = "LSTM",
             .direction = "bidirectional",
             .lengths = lengths,
             .peepholes = true,
             .attrs = {{"input_forget", coupled}, {"clip", 0.7F}}});
}

TEST(Recurrent, EveryActivation) {
  for (const std::string name : {"Affine", "Elu", "HardSigmoid", "LeakyRelu", "Relu", "ScaledTanh", "Sigmoid",
                                 "Softplus", "Softsign", "Tanh", "ThresholdedRelu"})
    check({.op = "RNN",
           .hidden = 33,
           .attrs = {{"activations", std::vector<std::string>{name}},
                     {"activation_alpha", std::vector<float>{0.3F}},
                     {"activation_beta", std::vector<float>{0.4F}}}});
}

// Several chunks of steps.
TEST(Recurrent, LongSequences) {
  for (const char* op : kOps)
    for (const bool lengths : {false, true})
      check({.op = op,
             .seq = 170,
             .batch = 4,
             .input = 3,
             .hidden = 100,
             .direction = "bidirectional",
             .lengths = lengths});
}

TEST(Recurrent, AWrongLengthIsRefused) {
  Case test = case_of({.op = "GRU", .lengths = true});
  test.inputs[4].span<int32_t>()[1] = 6;
  EXPECT_ANY_THROW(run_tactic(*device().find_tactic("native.recurrent"), test));
}

}  // namespace
}  // namespace twofour::tactic_test
