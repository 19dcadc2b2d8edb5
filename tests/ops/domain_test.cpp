// Values drawn from what an op declares are values that it accepts.
#include "ops/domain.h"

#include <cmath>
#include <set>

#include "ops/example.h"
#include "ops/helpers.h"

namespace twofour::ops {
namespace {

class DomainOf : public testing::TestWithParam<ExampleCase> {};

TEST_P(DomainOf, SuitsTheReferenceKernel) {
  const Graph graph = example_graph(*GetParam().op, GetParam().get(), 1);
  const Node& node = *graph.nodes().front();
  for (uint64_t seed = 0; seed < 5; ++seed) {
    Rng rng(seed);
    std::vector<Tensor> inputs;
    for (size_t i = 0; i < node.inputs().size(); ++i) {
      const Value* input = node.input(i);
      if (!input || input->is_constant()) inputs.push_back(input ? input->data() : Tensor());
      else inputs.push_back(draw(domain_of(node, i), input->dtype(), input->shape(), rng));
    }
    EXPECT_NO_THROW(run_reference(node, inputs));
  }
}

// An open size is not a reason to fail.
TEST_P(DomainOf, TakesWhatIsKnown) {
  Graph graph = example_graph(*GetParam().op, GetParam().get(), 1);
  const Node& node = *graph.nodes().front();
  const auto open = [](Value* value) {
    ValueType type = value->type();
    for (Dim& dim : type.dims) dim = Dim();
    value->set_type(type);
  };
  for (Value* input : graph.inputs()) open(input);
  for (Value* output : node.outputs()) open(output);
  for (size_t i = 0; i < node.inputs().size(); ++i) {
    if (!node.input(i) || node.input(i)->is_constant()) continue;
    EXPECT_NO_THROW(domain_of(node, i)) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Ops, DomainOf, testing::ValuesIn(example_cases()), example_case_name);

TEST(Draw, IsUniformWithinTheDomain) {
  Rng rng(5);
  const Tensor floats = draw({-2, 3}, DType::kF32, {1000}, rng);
  const auto [low, high] = std::ranges::minmax(floats.span<float>());
  EXPECT_GE(low, -2);
  EXPECT_LT(low, -1.9);
  EXPECT_LT(high, 3);
  EXPECT_GT(high, 2.9);
  const Tensor integers = draw({-1, 3}, DType::kI64, {1000}, rng);
  EXPECT_EQ(std::set<int64_t>(integers.span<int64_t>().begin(), integers.span<int64_t>().end()),
            (std::set<int64_t>{-1, 0, 1, 2}));
  const Tensor half = draw({1, 2}, DType::kF16, {10}, rng);
  EXPECT_GE(to_float(half.span<f16>()[0]), 1);
}

TEST(Draw, TakesListedValuesInOrder) {
  Rng rng(5);
  const Tensor sizes = draw({0, 0, {-1, 7}}, DType::kI32, {2}, rng);
  EXPECT_EQ(sizes.span<int32_t>()[0], -1);
  EXPECT_EQ(sizes.span<int32_t>()[1], 7);
  EXPECT_EQ(draw({0, 0, {1}}, DType::kBool, {}, rng).span<bool>()[0], true);
  EXPECT_EQ(draw({0, 1}, DType::kI64, {0}, rng).numel(), 0);
}

}  // namespace
}  // namespace twofour::ops
