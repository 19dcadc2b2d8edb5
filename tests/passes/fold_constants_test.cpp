// How much folding may grow a graph, and what it leaves. A weight of 6 Mi codes is 18 MiB larger as f32.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/errors.h"
#include "base/rng.h"
#include "ir/parse.h"
#include "ops/builder.h"
#include "ops/evaluate.h"
#include "ops/infer.h"
#include "passes/pipeline.h"
#include "passes/rewrites.h"

namespace twofour::passes {
namespace {

constexpr int64_t kRows = 1536, kColumns = 4096;

class FoldGrowth : public ::testing::Test {
 protected:
  FoldGrowth() : b_(graph_) {}

  template <typename T>
  Value* random_codes() {
    Tensor codes(DTypeOf<T>::value, {kRows, kColumns});
    Rng rng(1);
    for (T& code : codes.span<T>()) code = static_cast<T>(static_cast<int>(rng.below(256)) - 128);
    return graph_.add_constant("codes", codes);
  }

  Value* scales() {
    Tensor scales(DType::kF32, {kRows});
    for (size_t i = 0; i < scales.span<float>().size(); ++i)
      scales.span<float>()[i] = 0.001F * static_cast<float>(i + 1);
    return graph_.add_constant("scales", scales);
  }

  Value* dequantised(Value* codes, Value* scale) {
    return b_.op("DequantizeLinear", {codes, scale}, {{"axis", int64_t{0}}}, "weight");
  }

  /// The values that reach the node which adds `weight` to an input, once the pass has run.
  const Value* read_after_folding(Value* weight) {
    Value* x = graph_.add_input("x", {weight->dtype(), {kRows, kColumns}});
    Value* sum = b_.op("Add", {x, weight}, {}, "sum");
    graph_.set_outputs({sum});
    ops::infer_all(graph_);
    fold_dequantised(graph_);
    return sum->producer()->input(1);
  }

  Graph graph_{"fold"};
  ops::Builder b_;
};

TEST_F(FoldGrowth, QuantisedWeightsOfAnySizeBecomeValues) {
  Value* codes = random_codes<int8_t>();
  const Tensor whole = codes->data();
  const Value* weight = read_after_folding(dequantised(codes, scales()));
  ASSERT_TRUE(weight->is_constant());
  for (int64_t row = 0; row < kRows; row += 97)
    for (int64_t column = 0; column < kColumns; column += 11) {
      const auto i = static_cast<size_t>(row * kColumns + column);
      ASSERT_EQ(weight->data().span<float>()[i],
                static_cast<float>(whole.span<int8_t>()[i]) * (0.001F * static_cast<float>(row + 1)));
    }
}

TEST_F(FoldGrowth, HalvesOfAnySizeBecomeFloats) {
  Tensor halves(DType::kF16, {kRows, kColumns});
  halves.span<f16>().back() = to_f16(0.75F);
  const Value* weight = read_after_folding(b_.cast(graph_.add_constant("halves", halves), DType::kF32));
  ASSERT_TRUE(weight->is_constant());
  EXPECT_EQ(weight->data().span<float>().back(), 0.75F);
}

TEST_F(FoldGrowth, MoreElementsStayComputed) {
  Value* one = graph_.add_constant("one", Tensor::of<float>({1}, std::array{1.0F}));
  Value* shape = graph_.add_constant("shape", Tensor::of<int64_t>({2}, std::array{kRows, kColumns}));
  EXPECT_FALSE(read_after_folding(b_.op("Expand", {one, shape}, {}, "large"))->is_constant());
}

TEST_F(FoldGrowth, CodesThatAreStillNeededStayComputed) {
  Value* codes = random_codes<int8_t>();
  b_.cast(codes, DType::kI32);
  EXPECT_FALSE(read_after_folding(dequantised(codes, scales()))->is_constant());
}

TEST_F(FoldGrowth, CodesThatTheSameNodesReadFoldOnceThoseAreOne) {
  Value* codes = random_codes<int8_t>();
  Value* scale = scales();
  Value* x = graph_.add_input("x", {DType::kF32, {kRows, kColumns}});
  Value* y = graph_.add_input("y", {DType::kF32, {kRows, kColumns}});
  Value* first = b_.op("Add", {x, dequantised(codes, scale)}, {}, "first");
  Value* second = b_.op("Add", {y, dequantised(codes, scale)}, {}, "second");
  graph_.set_outputs({first, second});
  ops::infer_all(graph_);
  optimise(graph_, {.verify_each = true});
  for (const Value* sum : {first, second}) EXPECT_TRUE(sum->producer()->input(1)->is_constant());
  EXPECT_EQ(graph_.nodes().size(), 2u);
}

TEST(FoldFailures, StayUntilTheyAreComputed) {
  Graph graph = parse_graph(R"(graph "g" {
    input %x: i64[3]
    const %a: i64[3] = [1, 2, 3]
    const %b: i64[3] = [1, 0, 1]
    const %c: i64[3] = [0, -1, -2]
    const %d: i64[3] = [0, 0, 0]
    %unused = Mod(%a, %b)
    %quotient = Div(%a, %b) "divide"
    %size = Size(%quotient)
    %power = Pow(%d, %c) "raise"
    %sum = Add(%x, %power)
    output %size, %sum
  })");
  ops::infer_all(graph);
  optimise(graph, {.verify_each = true});
  // Of the quotient only the size was needed.
  EXPECT_EQ(graph.find_node("divide"), nullptr);
  ASSERT_NE(graph.find_node("raise"), nullptr);
  EXPECT_ERROR(ops::evaluate(graph, {{Tensor::i64({1, 2, 3})}}), kInvalidArgument,
               "0 to the power -1 is no integer; while evaluating node \"raise\" (Pow)");
  graph.set_outputs({graph.find_value("size")});
  graph.erase_dead();
  EXPECT_EQ(ops::evaluate(graph, {{Tensor::i64({1, 2, 3})}})[0].span<int64_t>()[0], 3);
}

}  // namespace
}  // namespace twofour::passes
