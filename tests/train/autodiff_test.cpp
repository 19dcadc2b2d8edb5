#include "train/autodiff.h"

#include <gmock/gmock.h>

#include "base/errors.h"
#include "ops/builder.h"
#include "ops/evaluate.h"

namespace twofour::train {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class AutodiffTest : public testing::Test {
 protected:
  Value* input(const std::string& name, const Dims& dims) {
    return graph.add_input(name, {DType::kF32, dims});
  }

  std::vector<float> gradient_of(Value* value, const std::vector<Tensor>& inputs) {
    graph.set_outputs({value});
    graph.erase_dead();
    const auto values = ops::evaluate(graph, inputs)[0];
    return {values.span<float>().begin(), values.span<float>().end()};
  }

  Graph graph;
  ops::Builder builder{graph};
};

TEST_F(AutodiffTest, SumsOverAllUsers) {
  Value* x = input("x", {});
  Value* y = builder.add(builder.mul(x, x), x);  // dy/dx = 2x + 1
  Value* wrt[] = {x};
  EXPECT_EQ(gradient_of(append_gradients(graph, y, wrt, builder.scalar(10)).at(x), {Tensor::scalar(3)}),
            std::vector<float>{70});
}

TEST_F(AutodiffTest, OneValueReadTwiceByOneNode) {
  Value* x = input("x", {});
  Value* y = builder.add(x, x);
  Value* wrt[] = {x};
  EXPECT_EQ(gradient_of(append_gradients(graph, y, wrt, builder.scalar(1)).at(x), {Tensor::scalar(5)}),
            std::vector<float>{2});
}

TEST_F(AutodiffTest, NullWhereTheLossDoesNotDepend) {
  Value* x = input("x", {});
  Value* unused = input("unused", {});
  Value* wrt[] = {x, unused};
  const auto gradients = append_gradients(graph, builder.mul(x, x), wrt, builder.scalar(1));
  EXPECT_NE(gradients.at(x), nullptr);
  EXPECT_EQ(gradients.at(unused), nullptr);
}

TEST_F(AutodiffTest, BranchesWithoutParametersGetNoBackwardPart) {
  Value* x = input("x", {2});
  Value* w = input("w", {2});
  Value* features = builder.op("Relu", {x}, {}, "frozen");
  Value* loss = builder.reduce_sum(builder.mul(features, w), {0}, false);
  Value* wrt[] = {w};
  append_gradients(graph, loss, wrt, builder.scalar(1));
  for (const auto& node : graph.nodes()) EXPECT_NE(node->op(), "ReluGrad");
}

TEST_F(AutodiffTest, NamesTheNodeThatIsNotDifferentiable) {
  Value* w = input("w", {3});
  Value* y = input("y", {3});
  Value* relu_grad = builder.op("ReluGrad", {w, y}, {}, "culprit");
  Value* loss = builder.reduce_sum(relu_grad, {0}, false);
  Value* wrt[] = {w};
  const Error error = error_of([&] { append_gradients(graph, loss, wrt, builder.scalar(1)); });
  EXPECT_EQ(error.code(), ErrorCode::kUnsupported);
  EXPECT_THAT(error.what(), AllOf(HasSubstr("\"culprit\" (ReluGrad)"), HasSubstr("second derivatives")));
}

TEST_F(AutodiffTest, NonDifferentiableNodesBesideThePathDoNotMatter) {
  Value* w = input("w", {3});
  Value* y = input("y", {3});
  Value* fixed = builder.op("ReluGrad", {y, y});
  Value* loss = builder.reduce_sum(builder.mul(w, fixed), {0}, false);
  Value* wrt[] = {w};
  EXPECT_NE(append_gradients(graph, loss, wrt, builder.scalar(1)).at(w), nullptr);
}

TEST_F(AutodiffTest, RefusesASeedOfAnotherType) {
  Value* x = input("x", {2});
  Value* wrt[] = {x};
  EXPECT_THROW(append_gradients(graph, builder.op("Relu", {x}), wrt, builder.scalar(1)), Error);
}

}  // namespace
}  // namespace twofour::train
