#include "sparsity/axis.h"

#include "base/json.h"
#include "ops/builder.h"
#include "sparsity/eligibility.h"
#include "sparsity/prune.h"
#include "sparsity/report.h"
#include "testing.h"

namespace twofour::sparsity {
namespace {

using Ints = std::vector<int64_t>;

class AxisTest : public testing::Test {
 protected:
  Value* input(const Shape& shape) { return graph_.add_input("x", {DType::kF32, to_dims(shape)}); }
  Value* weight(const std::string& name, const Shape& shape) {
    return graph_.add_constant(name, random_tensor(shape, 3));
  }
  SparseWeight only() {
    const auto weights = sparse_weights(graph_);
    EXPECT_EQ(weights.size(), 1u);
    return weights.at(0);
  }

  Graph graph_;
  ops::Builder b_{graph_};
};

TEST_F(AxisTest, ConvolutionsRunAlongInputChannels) {
  b_.op("Conv", {input({1, 8, 5, 5}), weight("w", {6, 8, 3, 3})});
  EXPECT_EQ(only().axis, 1u);
  EXPECT_EQ(eligibility(only()), Reason::kEligible);
}

TEST_F(AxisTest, GemmFollowsTransB) {
  Value* x = input({2, 8});
  b_.op("Gemm", {x, weight("plain", {8, 6})});
  b_.op("Gemm", {x, weight("transposed", {6, 8})}, {{"transB", int64_t{1}}});
  const auto weights = sparse_weights(graph_);
  ASSERT_EQ(weights.size(), 2u);
  EXPECT_EQ(weights[0].axis, 0u);
  EXPECT_EQ(weights[1].axis, 1u);
  EXPECT_EQ(eligibility(weights[0]), Reason::kEligible);
  EXPECT_EQ(eligibility(weights[1]), Reason::kEligible);
}

TEST_F(AxisTest, MatMulReducesTheSecondLastAxis) {
  b_.op("MatMul", {input({2, 8}), weight("w", {8, 6})});
  EXPECT_EQ(only().axis, 0u);
}

TEST_F(AxisTest, MatMulOfHigherRankToo) {
  b_.op("MatMul", {input({3, 2, 8}), weight("w", {3, 8, 5})});
  EXPECT_EQ(only().axis, 1u);
  EXPECT_EQ(eligibility(only()), Reason::kEligible);
}

TEST_F(AxisTest, FollowsCastsAndTransposesBack) {
  // [5,8,6] -> transpose (2,0,1) -> [6,5,8]: MatMul reduces axis 1 of it, which is axis 0 of what is stored.
  Value* stored = weight("w", {5, 8, 6});
  Value* turned = b_.transpose(stored, {2, 0, 1});
  Value* cast = b_.cast(b_.cast(turned, DType::kF16), DType::kF32);
  b_.op("MatMul", {input({6, 2, 5}), cast});
  EXPECT_EQ(only().weight, stored);
  EXPECT_EQ(only().axis, 0u);
  EXPECT_EQ(eligibility(only()), Reason::kAxisNotMultipleOf4);
}

TEST_F(AxisTest, TransposeWithoutPermReversesTheAxes) {
  b_.op("MatMul", {input({2, 8}), b_.op("Transpose", {weight("w", {6, 8})})});
  EXPECT_EQ(only().axis, 1u);
}

TEST_F(AxisTest, FollowsCodesBackWhoseZeroIsZero) {
  const Tensor codes =
      Tensor::of<float>({2, 4}, std::vector<float>{1, -128, 127, 0, 5, 6, -7, -8}).to(DType::kI8);
  const auto product = [&](const char* name, const Tensor& zero_point) {
    Value* w = graph_.add_constant(name, codes);
    Value* zero = graph_.add_constant("", zero_point);
    Value* real = b_.op("DequantizeLinear", {w, graph_.add_constant("", random_tensor({2}, 1)), zero},
                        {{"axis", int64_t{0}}});
    b_.op("Gemm", {graph_.add_input("", {DType::kF32, {3, 4}}), real}, {{"transB", int64_t{1}}});
  };
  product("symmetric", Tensor(DType::kI8, {2}));
  product("asymmetric", Tensor::of<float>({2}, std::vector<float>{0, 1}).to(DType::kI8));
  const auto weights = sparse_weights(graph_);
  ASSERT_EQ(weights.size(), 2u);
  EXPECT_EQ(weights[0].weight->name(), "symmetric");
  EXPECT_EQ(weights[0].axis, 1u);
  EXPECT_EQ(eligibility(weights[1]), Reason::kNotConstant);
  prune(graph_);
  const Tensor pruned = graph_.find_value("symmetric")->data().to(DType::kF32);
  EXPECT_THAT(std::vector<float>(pruned.span<float>().begin(), pruned.span<float>().end()),
              testing::ElementsAre(0, -128, 127, 0, 0, 0, -7, -8));
}

TEST_F(AxisTest, SharedWeightsAppearOnce) {
  Value* w = weight("w", {8, 8});
  Value* x = input({2, 8});
  b_.op("Gemm", {b_.op("Gemm", {x, w}, {}, "first"), w}, {}, "second");
  EXPECT_EQ(only().node->name(), "first");
  EXPECT_EQ(layer_names(only()), "first, second");
  prune(graph_, {.include = {"sec*"}});
  EXPECT_TRUE(inspect(graph_)[0].is_sparse());
  EXPECT_EQ(inspect(graph_)[0].layer, "first, second");
  EXPECT_EQ(eligibility(only()), Reason::kEligible);
}

TEST_F(AxisTest, SharedWeightsWithTwoAxesAreNotEligible) {
  Value* w = weight("w", {8, 8});
  Value* x = input({2, 8});
  b_.op("Gemm", {b_.op("Gemm", {x, w}), w}, {{"transB", int64_t{1}}});
  EXPECT_EQ(eligibility(only()), Reason::kConflictingAxes);
  EXPECT_EQ(reason_text(Reason::kConflictingAxes),
            "the weight is shared by layers that reduce along different axes");
}

TEST_F(AxisTest, EveryReasonIsGiven) {
  Value* image = input({1, 3, 9, 9});
  Value* stem = b_.op("Conv", {image, weight("stem", {8, 3, 3, 3})});
  Value* grouped = b_.op("Conv", {stem, weight("grouped", {8, 2, 3, 3})}, {{"group", int64_t{4}}});
  Value* halves = b_.op("Conv", {grouped, weight("halves", {8, 4, 1, 1})}, {{"group", int64_t{2}}});
  b_.op("Conv", {halves, graph_.add_input("dynamic", {DType::kF32, {4, 8, 1, 1}})});
  const auto weights = sparse_weights(graph_);
  ASSERT_EQ(weights.size(), 4u);
  EXPECT_EQ(eligibility(weights[0]), Reason::kAxisNotMultipleOf4);
  EXPECT_EQ(eligibility(weights[1]), Reason::kGroupNotMultipleOf4);
  EXPECT_EQ(eligibility(weights[2]), Reason::kEligible);
  EXPECT_EQ(eligibility(weights[2], {.min_elements = 33}), Reason::kTooSmall);
  EXPECT_EQ(eligibility(weights[2], {.min_elements = 32}), Reason::kEligible);
  EXPECT_EQ(eligibility(weights[2], {.asp_sizes = true}), Reason::kAspSizes);
  EXPECT_EQ(eligibility(weights[3]), Reason::kNotConstant);
}

TEST_F(AxisTest, InspectCountsWhatIsThere) {
  Value* x = input({1, 4, 1, 1});
  b_.op("Conv", {x, graph_.add_constant("w", floats({2, 4, 1, 1}, {1, 0, 2, 0, 1, 2, 3, 0}))}, {}, "layer");
  b_.op("Conv", {x, graph_.add_input("dynamic", {DType::kF32, {4, 4, 1, 1}})}, {}, "free");
  const auto rows = inspect(graph_);
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].shape, "2x4x1x1");
  EXPECT_EQ(rows[0].zeros, 3.0 / 8);
  EXPECT_EQ(rows[0].violations.blocks, 2);
  EXPECT_EQ(rows[0].violations.count, 1);
  EXPECT_FALSE(rows[0].is_sparse());
  const Json json = to_json(rows[0]);
  EXPECT_EQ(json["first_violation"], Json({1, 0, 0, 0}));
  EXPECT_EQ(json["layer"], "layer");
  EXPECT_EQ(to_json(rows[1])["reason"], "the weight is not constant");
}

}  // namespace
}  // namespace twofour::sparsity
