// Hooks of the reference evaluation: values seen, and values given.
#include "helpers.h"

namespace twofour::ops {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

// y = relu(x + 1) * 2.
Graph chain() {
  Graph graph;
  Builder b(graph);
  Value* x = graph.add_input("x", {DType::kF32, {3}});
  Value* sum = b.op("Add", {x, b.constant("one", floats({1}, {1}))}, {}, "sum");
  Value* relu = b.op("Relu", {sum}, {}, "relu");
  graph.set_outputs({b.op("Mul", {relu, b.constant("two", floats({1}, {2}))}, {}, "y")});
  return graph;
}

const std::vector<Tensor> kInputs = {floats({3}, {-5, 0, 5})};

TEST(EvaluateHooks, SeeEveryValueInOrder) {
  std::vector<std::pair<std::string, std::vector<float>>> seen;
  const auto observe = [&](const std::string& name, const Tensor& t) { seen.emplace_back(name, values(t)); };
  evaluate(chain(), kInputs, {.given = {}, .observe = observe});
  EXPECT_THAT(seen, ElementsAre(Pair("sum", ElementsAre(-4, 1, 6)), Pair("relu", ElementsAre(0, 1, 6)),
                                Pair("y", ElementsAre(0, 2, 12))));
}

TEST(EvaluateHooks, GivenValuesReplaceWhatTheyAreMadeOf) {
  std::vector<std::string> computed;
  const auto observe = [&](const std::string& name, const Tensor&) { computed.push_back(name); };
  const EvaluateHooks hooks{.given = {{"relu", floats({3}, {7, 8, 9})}}, .observe = observe};
  EXPECT_THAT(values(evaluate(chain(), kInputs, hooks)[0]), ElementsAre(14, 16, 18));
  EXPECT_THAT(computed, ElementsAre("y"));
  // A given output; a name that the graph does not have is no matter.
  const EvaluateHooks all{.given = {{"y", floats({3}, {1, 2, 3})}, {"other", floats({1}, {0})}},
                          .observe = {}};
  EXPECT_THAT(values(evaluate(chain(), kInputs, all)[0]), ElementsAre(1, 2, 3));
}

TEST(EvaluateHooks, GivenValuesMustFit) {
  expect_error(ErrorCode::kInvalidArgument, "relu", [] {
    evaluate(chain(), kInputs, {.given = {{"relu", floats({4}, {1, 2, 3, 4})}}, .observe = {}});
  });
  expect_error(ErrorCode::kInvalidArgument, "relu", [] {
    evaluate(chain(), kInputs, {.given = {{"relu", ints({3}, {1, 2, 3})}}, .observe = {}});
  });
}

}  // namespace
}  // namespace twofour::ops
