// Nodes merge when they compute the same from the same values, whatever the values are called.
#include <gtest/gtest.h>

#include <limits>

#include "ops/builder.h"
#include "ops/op_def.h"
#include "passes/pipeline.h"
#include "passes/rewrites.h"

namespace twofour::passes {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();

class MergeDuplicates : public ::testing::Test {
 protected:
  Value* input(const std::string& name) { return graph_.add_input(name, {DType::kF32, {}}); }
  Value* node(const char* op, std::vector<Value*> inputs, Attrs attrs = {}) {
    Node* node = graph_.add_node(op, std::move(inputs), 1, std::move(attrs));
    ops::infer_types(*node);
    return node->output();
  }
  /// How many of the nodes that are read once by a Sum merge.
  size_t merged(const std::vector<Value*>& values) {
    graph_.set_outputs({node("Sum", values)});
    return merge_duplicates(graph_);
  }

  Graph graph_;
};

TEST_F(MergeDuplicates, MissingInputsAreNoNames) {
  Value* x = input("x");
  Value* x_ = input("x_");
  Value* m = input("m");
  EXPECT_EQ(merged({node("Clip", {x, nullptr, m}), node("Clip", {x_, m})}), 0U);
}

TEST_F(MergeDuplicates, NamesMayHoldAnySeparator) {
  Value* a = input("a");
  for (const std::string separator : {"%", ",", "|", "_", "/", " ", "\"", "\n"}) {
    Value* ab = input("a" + separator + "b");
    Value* ba = input("b" + separator + "a");
    EXPECT_EQ(merged({node("Sum", {a, ba}), node("Sum", {ab, a})}), 0U) << separator;
  }
}

TEST_F(MergeDuplicates, InfinitiesDifferBySign) {
  Value* x = input("x");
  const auto elu = [&](float alpha) { return node("Elu", {x}, {{"alpha", alpha}}); };
  EXPECT_EQ(merged({elu(kInf), elu(-kInf), elu(0.0F), elu(-0.0F)}), 0U);
}

TEST_F(MergeDuplicates, OfNumbersTypeAndBitsCount) {
  Value* x = input("x");
  const auto plus = [&](float number, Shape shape) {
    return node("Add", {x, graph_.add_constant("c", Tensor::scalar(number).reshaped(std::move(shape)))});
  };
  EXPECT_EQ(merged({plus(1, {}), plus(1, {}), plus(2, {}), plus(0.0F, {}), plus(-0.0F, {}), plus(1, {1})}),
            1U);
}

TEST_F(MergeDuplicates, EqualOnesMerge) {
  Value* x = input("%_");
  const auto elu = [&] { return node("Elu", {x}, {{"alpha", kInf}}); };
  EXPECT_EQ(merged({elu(), elu(), node("Clip", {x, nullptr, x}), node("Clip", {x, nullptr, x})}), 2U);
}

}  // namespace
}  // namespace twofour::passes
