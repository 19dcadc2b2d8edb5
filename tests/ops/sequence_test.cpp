// Recurrent layers, attention, normalisation, Einsum and transforms: values by
// hand.
#include "ops/helpers.h"

namespace twofour::ops {
namespace {

using testing::ElementsAre;
using testing::FloatNear;
using testing::Pointwise;
using Floats = std::vector<float>;

float sigmoid(float v) { return 1 / (1 + std::exp(-v)); }

void expect_near(const Tensor& got, const Floats& expected) {
  EXPECT_THAT(values(got), Pointwise(FloatNear(1e-5F), expected));
}

TEST(Rnn, RunsBothWaysAndStopsAtTheLength) {
  const Tensor x = floats({2, 1, 1}, {1, 2});
  const Tensor w = floats({2, 1, 1}, {1, 1});
  const Tensor r = floats({2, 1, 1}, {10, 10});
  const Attrs attrs = {{"direction", std::string("bidirectional")},
                       {"activations", std::vector<std::string>{"Affine", "affine"}},
                       {"activation_alpha", std::vector<float>{1, 1}},
                       {"activation_beta", std::vector<float>{0, 0.5F}}};
  const auto both = run_n("RNN", {x, w, r}, 2, attrs);
  // Forward 1, then 2 + 10; backward 2.5, then 1 + 25 + 0.5.
  expect_near(both[0], {1, 26.5F, 12, 2.5F});
  expect_near(both[1], {12, 26.5F});
  const auto one = run_n("RNN", {x, w, r, Tensor(), ints({1}, {1}).to(DType::kI32)}, 2, attrs);
  expect_near(one[0], {1, 1.5F, 0, 0});
  expect_near(one[1], {1, 1.5F});
}

TEST(Gru, ResetsBeforeOrAfterTheProduct) {
  const Tensor x = floats({1, 1, 1}, {1});
  const Tensor w = floats({1, 3, 1}, {0.1F, 0.2F, 0.3F});
  const Tensor r = floats({1, 3, 1}, {0.4F, 0.5F, 0.6F});
  const Tensor b = floats({1, 6}, {0, 0, 0, 0, 0, 7});
  const Tensor h = floats({1, 1, 1}, {2});
  const float z = sigmoid(0.1F + 0.8F);
  const float reset = sigmoid(0.2F + 1.0F);
  const auto gru = [&](int64_t linear) {
    return run("GRU", {x, w, r, b, Tensor(), h}, {{"linear_before_reset", linear}});
  };
  expect_near(gru(0), {(1 - z) * std::tanh(0.3F + reset * 1.2F + 7) + z * 2});
  expect_near(gru(1), {(1 - z) * std::tanh(0.3F + reset * 8.2F) + z * 2});
}

TEST(Lstm, PeepsClipsAndCouples) {
  const Tensor x = floats({1, 1, 1}, {1});
  const Tensor w = floats({1, 4, 1}, {0.1F, 0.2F, 0.3F, 9});
  const Tensor r = floats({1, 4, 1}, {0, 0, 0, 0});
  const Tensor c = floats({1, 1, 1}, {2});
  const Tensor p = floats({1, 3}, {0.5F, 0.6F, 0.7F});
  const auto lstm = [&](Attrs attrs) {
    return run_n("LSTM", {x, w, r, Tensor(), Tensor(), Tensor(), c, p}, 3, std::move(attrs));
  };
  const float in = sigmoid(0.1F + 1.0F);
  const float cell = sigmoid(0.3F + 1.4F) * 2 + in * std::tanh(9.0F);
  const auto plain = lstm({});
  expect_near(plain[2], {cell});
  expect_near(plain[1], {sigmoid(0.2F + 0.6F * cell) * std::tanh(cell)});
  expect_near(lstm({{"clip", 1.0F}})[2], {sigmoid(1) * 2 + sigmoid(1) * std::tanh(1.0F)});
  expect_near(lstm({{"input_forget", int64_t{1}}})[2], {(1 - in) * 2 + in * std::tanh(9.0F)});
}

struct CodedWeight {
  Tensor codes, scale, zero_point, real;
};

/// Codes 1, 2, 3 and so on with a scale and a zero point for each row.
CodedWeight coded_weight(DType dtype, int64_t rows, int64_t columns) {
  std::vector<int64_t> codes, zero_points;
  Floats scales, reals;
  for (int64_t row = 0; row < rows; ++row) {
    zero_points.push_back(3 * row);
    scales.push_back(static_cast<float>(1 + row) / 4096);
    for (int64_t i = 0; i < columns; ++i) {
      codes.push_back(static_cast<int64_t>(codes.size()) + 1);
      reals.push_back(static_cast<float>(codes.back() - zero_points.back()) * scales.back());
    }
  }
  return {ints({1, rows, columns}, codes).to(dtype), floats({1, rows}, scales),
          ints({1, rows}, zero_points).to(dtype), floats({1, rows, columns}, reals)};
}

TEST(DynamicQuantizeLstm, IsLstmOfWhatTheCodesStandFor) {
  const CodedWeight w = coded_weight(DType::kU8, 12, 2), r = coded_weight(DType::kI8, 12, 3);
  const Tensor none;
  const Shape state = {1, 1, 3};
  // Ranges of 255: codes are whole numbers, and -0.5 makes the zero point 0.
  const auto got =
      run_n("DynamicQuantizeLSTM",
            {floats({1, 1, 2}, {254.5F, -0.5F}), w.codes, r.codes, none, none,
             floats(state, {-51, 204, 10.3F}), none, none, w.scale, w.zero_point, r.scale, r.zero_point},
            3);
  const auto expected = run_n(
      "LSTM", {floats({1, 1, 2}, {254, 0}), w.real, r.real, none, none, floats(state, {-51, 204, 10})}, 3);
  for (size_t i = 0; i < 3; ++i) expect_near(got[i], values(expected[i]));
}

TEST(DynamicQuantizeLstm, RefusesWhatDoesNotFit) {
  const CodedWeight w = coded_weight(DType::kI8, 4, 1);
  const auto refused = [&](ErrorCode code, const char* text, const Tensor& codes, const Tensor& scale,
                           const Tensor& zero_point) {
    const Tensor none;
    expect_error(code, text, [&] {
      run("DynamicQuantizeLSTM", {floats({1, 1, 1}, {1}), w.codes, codes, none, none, none, none, none,
                                  w.scale, w.zero_point, scale, zero_point});
    });
  };
  refused(ErrorCode::kUnsupported, "R is f32[1,4,1]", w.real, w.scale, w.zero_point);
  refused(ErrorCode::kInvalidArgument, "R_scale", w.codes, floats({4}, {1, 1, 1, 1}), w.zero_point);
  refused(ErrorCode::kInvalidArgument, "R_zero_point", w.codes, w.scale, w.zero_point.to(DType::kU8));
}

TEST(Recurrent, RefusesWhatDoesNotFit) {
  const Tensor x = iota({2, 1, 1});
  const Tensor w = iota({1, 1, 1});
  using Names = std::vector<std::string>;
  const auto refused = [&](const char* text, const Attrs& attrs, const Tensor& lengths = Tensor()) {
    expect_error(ErrorCode::kInvalidArgument, text, [&] { run("RNN", {x, w, w, Tensor(), lengths}, attrs); });
  };
  refused("direction \"up\" is not known", {{"direction", std::string("up")}});
  refused("activation \"Swish\" is not known", {{"activations", Names{"Swish"}}});
  refused("2 activations are given; 1 are expected", {{"activations", Names{"Tanh", "Tanh"}}});
  refused("hidden_size is 3", {{"hidden_size", int64_t{3}}});
  refused("clip is -1", {{"clip", -1.0F}});
  refused("layout is 2", {{"layout", int64_t{2}}});
  refused("a sequence length is 3", {}, ints({1}, {3}).to(DType::kI32));
}

TEST(Attention, MasksLimitsAndCaches) {
  // One head of size 1 with keys of zero: the scores are the bias alone.
  const Tensor q = floats({1, 1, 2, 1}, {0, 0});
  const Tensor k = floats({1, 1, 2, 1}, {0, 0});
  const Tensor v = floats({1, 1, 2, 1}, {1, 3});
  const Attrs causal = {{"is_causal", int64_t{1}}};
  expect_near(run("Attention", {q, k, v}), {2, 2});
  expect_near(run("Attention", {q, k, v}, causal), {1, 2});
  expect_near(run("Attention", {q, k, v, floats({2, 2}, {0, 1, 1, 0}).to(DType::kBool)}), {3, 1});
  expect_near(run("Attention", {q, k, v, floats({2, 2}, {0, 0, 1, 0}).to(DType::kBool)}), {0, 1});
  expect_near(run("Attention", {q, k, v, floats({1}, {0})}), {1, 1});  // a short mask hides the rest
  expect_near(run("Attention", {q, k, v}, {{"left_window_size", int64_t{0}}}), {2, 3});
  const auto cached = run_n("Attention", {q, k, v, Tensor(), k, floats({1, 1, 2, 1}, {5, 7})}, 3, causal);
  expect_near(cached[0], {13.0F / 3, 4});
  expect_near(cached[2], {5, 7, 1, 3});
  expect_near(run("Attention", {q, k, v, Tensor(), Tensor(), Tensor(), ints({1}, {1})}), {1, 1});
}

TEST(Attention, HeadsShareKeysInGroups) {
  const Tensor q = floats({1, 1, 4}, {0, 0, 0, 0});
  const Tensor k = floats({1, 1, 2}, {0, 0});
  const Tensor v = floats({1, 1, 2}, {1, 3});
  const Attrs attrs = {{"q_num_heads", int64_t{4}}, {"kv_num_heads", int64_t{2}}};
  expect_near(run("Attention", {q, k, v}, attrs), {1, 1, 3, 3});
  expect_error(ErrorCode::kInvalidArgument, "cannot share 2 heads of K", [&] {
    run("Attention", {floats({1, 1, 6}, {0, 0, 0, 0, 0, 0}), floats({1, 1, 4}, {0, 0, 0, 0}), v},
        {{"q_num_heads", int64_t{3}}, {"kv_num_heads", int64_t{2}}});
  });
  expect_error(ErrorCode::kInvalidArgument, "q_num_heads is 0", [&] { run("Attention", {q, k, v}); });
  expect_error(ErrorCode::kInvalidArgument, "past_key and past_value go together", [&] {
    run("Attention", {q, k, v, Tensor(), iota({1, 2, 1, 1})}, attrs);
  });
}

TEST(CausalConvWithState, GoesOnFromItsState) {
  const Tensor weight = floats({1, 1, 2}, {10, 1});
  const auto whole = run_n("CausalConvWithState", {floats({1, 1, 3}, {1, 2, 3}), weight}, 2);
  EXPECT_EQ(values(whole[0]), (Floats{1, 12, 23}));
  const auto next = run_n("CausalConvWithState", {floats({1, 1, 1}, {4}), weight, Tensor(), whole[1]}, 2);
  EXPECT_EQ(values(next[0]), Floats{34});
  EXPECT_EQ(values(next[1]), Floats{4});
  expect_error(ErrorCode::kInvalidArgument, "weight is f32[2,1,2]", [] {
    run("CausalConvWithState", {iota({1, 1, 3}), iota({2, 1, 2})});
  });
}

TEST(LinearAttention, DeltaRuleReplacesWhatTheKeyKnew) {
  Attrs attrs = {{"q_num_heads", int64_t{1}}, {"kv_num_heads", int64_t{1}}, {"scale", 1.0F}};
  const Tensor one = floats({1, 2, 1}, {1, 1});
  const Tensor value = floats({1, 2, 1}, {3, 5});
  const auto attend = [&](const char* rule, const Tensor& decay, const Tensor& beta) {
    attrs.set("update_rule", std::string(rule));
    return values(run("LinearAttention", {one, one, value, Tensor(), decay, beta}, attrs));
  };
  EXPECT_EQ(attend("linear", Tensor(), Tensor()), (Floats{3, 8}));
  EXPECT_EQ(attend("delta", Tensor(), one), (Floats{3, 5}));
  const Tensor halves = floats({1, 2, 1}, {std::log(0.5F), std::log(0.5F)});
  EXPECT_THAT(attend("gated", halves, Tensor()), Pointwise(FloatNear(1e-5F), Floats{3, 6.5F}));
  expect_error(ErrorCode::kInvalidArgument, "update_rule gated needs decay",
               [&] { attend("gated", Tensor(), Tensor()); });
  expect_error(ErrorCode::kInvalidArgument, "update_rule linear does not use beta",
               [&] { attend("linear", Tensor(), one); });
}

TEST(RotaryEmbedding, TurnsPairs) {
  const Tensor x = floats({1, 1, 1, 4}, {1, 2, 3, 4});
  const Tensor cos = floats({2, 2}, {1, 1, 0, 1});
  const Tensor sin = floats({2, 2}, {0, 0, 1, 0});
  const Tensor position = ints({1, 1}, {1});
  expect_near(run("RotaryEmbedding", {x, cos, sin, position}), {-3, 2, 1, 4});
  expect_near(run("RotaryEmbedding", {x, cos, sin, position}, {{"interleaved", int64_t{1}}}), {-2, 1, 3, 4});
  expect_error(ErrorCode::kInvalidArgument, "index 2 is outside [-2, 2)", [&] {
    run("RotaryEmbedding", {x, cos, sin, ints({1, 1}, {2})});
  });
}

TEST(LayerNormalization, GivesItsStatistics) {
  const Tensor src = floats({2, 2}, {1, 3, 5, 7});
  const auto all =
      run_n("LayerNormalization", {src, floats({2}, {1, 2}), floats({2}, {0, 1})}, 3, {{"epsilon", 0.0F}});
  EXPECT_EQ(values(all[0]), (Floats{-1, 3, -1, 3}));
  EXPECT_EQ(values(all[1]), (Floats{2, 6}));
  EXPECT_EQ(values(all[2]), (Floats{1, 1}));
  expect_error(ErrorCode::kInvalidArgument, "scale f32[3] does not broadcast to src", [&] {
    run("LayerNormalization", {src, iota({3})});
  });
}

TEST(GroupNormalization, GroupsOfChannels) {
  const Tensor src = floats({1, 4, 1}, {1, 3, 10, 30});
  const Tensor one = floats({4}, {1, 1, 1, 1});
  const Tensor zero = floats({4}, {0, 0, 0, 0});
  expect_near(run("GroupNormalization", {src, one, zero}, {{"num_groups", int64_t{2}}, {"epsilon", 0.0F}}),
              {-1, 1, -1, 1});
  expect_error(ErrorCode::kInvalidArgument, "num_groups is 3; it must divide the 4 channels", [&] {
    run("GroupNormalization", {src, one, zero}, {{"num_groups", int64_t{3}}});
  });
}

TEST(Lrn, WindowOfChannels) {
  const Attrs attrs = {{"size", int64_t{2}}, {"alpha", 2.0F}, {"beta", 1.0F}, {"bias", 1.0F}};
  expect_near(run("LRN", {floats({1, 3, 1}, {1, 2, 3})}, attrs), {1.0F / 6, 2.0F / 14, 3.0F / 10});
}

TEST(Einsum, FormsOfEquations) {
  const auto einsum = [](const char* equation, const std::vector<Tensor>& inputs) {
    return values(run("Einsum", inputs, {{"equation", std::string(equation)}}));
  };
  const Tensor m = floats({2, 2}, {1, 2, 3, 4});
  EXPECT_THAT(einsum("ii", {m}), ElementsAre(5));
  EXPECT_THAT(einsum("ii->i", {m}), ElementsAre(1, 4));
  EXPECT_THAT(einsum("ba", {m}), ElementsAre(1, 3, 2, 4));
  EXPECT_THAT(einsum("ij , jk", {m, m}), ElementsAre(7, 10, 15, 22));
  EXPECT_THAT(einsum("...i->...", {m}), ElementsAre(3, 7));
  EXPECT_THAT(einsum("i,j->", {floats({2}, {1, 2}), floats({2}, {3, 4})}), ElementsAre(21));
  const auto refused = [&](const char* text, const char* equation, const std::vector<Tensor>& inputs) {
    expect_error(ErrorCode::kInvalidArgument, text, [&] { einsum(equation, inputs); });
  };
  refused("has 2 terms for 1 inputs", "ij,jk", {m});
  refused("term \"ijk\" does not fit an input with 2 axes", "ijk", {m});
  refused("'1' in term", "i1", {m});
  refused("names a label twice, or one of no input", "ij->k", {m});
  refused("an axis has sizes 2 and 3 under one label", "ij,jk", {m, iota({3, 2})});
  refused("is not a term", "..ijk", {iota({2, 2})});
}

TEST(Dft, ForwardThenInverseIsTheSignal) {
  const Tensor signal = floats({1, 5, 1}, {1, -2, 3, 0.5F, 4});
  expect_near(run("DFT", {run("DFT", {signal})}, {{"inverse", int64_t{1}}}),
              {1, 0, -2, 0, 3, 0, 0.5F, 0, 4, 0});
  const Tensor half = run("DFT", {signal}, {{"onesided", int64_t{1}}});
  EXPECT_EQ(half.shape(), (Shape{1, 3, 2}));
  expect_near(run("DFT", {half, ints({}, {5})}, {{"inverse", int64_t{1}}, {"onesided", int64_t{1}}}),
              {1, -2, 3, 0.5F, 4});
  expect_near(run("DFT", {signal, ints({}, {1})}), {1, 0});
  expect_error(ErrorCode::kInvalidArgument, "is the one of real and imaginary part", [&] {
    run("DFT", {signal, Tensor(), ints({}, {-1})});
  });
  expect_error(ErrorCode::kInvalidArgument, "a transform of length 0", [&] {
    run("DFT", {signal, ints({}, {0})});
  });
}

TEST(Stft, FramesTimesWindow) {
  const Tensor signal = floats({1, 4, 1}, {1, 2, 3, 4});
  expect_near(run("STFT", {signal, ints({}, {2}), floats({2}, {1, 10})}), {21, 0, -19, 0, 43, 0, -37, 0});
  expect_error(ErrorCode::kInvalidArgument, "a frame of 5 does not fit a signal of 4", [&] {
    run("STFT", {signal, ints({}, {2}), Tensor(), ints({}, {5})});
  });
  expect_error(ErrorCode::kInvalidArgument, "frame_step is 0", [&] {
    run("STFT", {signal, ints({}, {0}), Tensor(), ints({}, {2})});
  });
}

}  // namespace
}  // namespace twofour::ops
