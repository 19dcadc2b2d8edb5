#include "zoo/bert.h"

#include <gtest/gtest.h>

#include "base/errors.h"
#include "ir/verify.h"
#include "ops/evaluate.h"
#include "zoo/zoo.h"

namespace twofour::zoo {
namespace {

const BertOptions kSmall = {.layers = 2, .width = 24, .heads = 3, .vocabulary = 11, .sequence = 6};

Tensor tokens(std::vector<int64_t> values) { return Tensor::of<int64_t>({1, 6}, values); }

TEST(Bert, HasTheSizeOfItsLayers) {
  const Graph graph = make_bert(kSmall);
  EXPECT_NO_THROW(verify(graph));
  const int64_t embeddings = (11 + 6 + 2) * 24 + 2 * 24;
  const int64_t layer = 4 * (24 * 24 + 24) + 2 * 24 * 96 + 96 + 24 + 4 * 24;
  EXPECT_EQ(num_parameters(graph), embeddings + 2 * layer);
  EXPECT_EQ(graph.outputs()[0]->type().to_string(), "f32[N,6,24]");
}

// What a masked token is does not reach the others.
TEST(Bert, MaskedTokensDoNotCount) {
  const Graph graph = make_bert(kSmall);
  const auto run = [&](int64_t last) {
    const Tensor inputs[] = {tokens({1, 2, 3, 4, 5, last}), tokens({0, 0, 0, 1, 1, 1}),
                             tokens({1, 1, 1, 1, 1, 0})};
    return ops::evaluate(graph, inputs)[0];
  };
  const Tensor a = run(6), b = run(7);
  for (size_t i = 0; i < 5 * 24; ++i) EXPECT_EQ(a.span<float>()[i], b.span<float>()[i]);
  EXPECT_NE(a.span<float>()[5 * 24], b.span<float>()[5 * 24]);
}

TEST(Bert, HeadsMustDivideTheWidth) {
  EXPECT_ERROR(make_bert({.width = 10, .heads = 3}), kInvalidArgument, "3 heads do not divide a width of 10");
}

}  // namespace
}  // namespace twofour::zoo
