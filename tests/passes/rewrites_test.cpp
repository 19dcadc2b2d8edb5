// Every *.graph file here: a graph, the pass, and what the pass must make of it. Both graphs must compute the
// same.
#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>

#include "base/file.h"
#include "base/rng.h"
#include "ir/parse.h"
#include "ir/print.h"
#include "ir/verify.h"
#include "ops/evaluate.h"
#include "passes/pipeline.h"
#include "source_dir.h"

namespace twofour::passes {
namespace {

struct GraphCase {
  std::string pass;
  Graph input;
  Graph expected;
};

Graph parse(std::string_view text, const std::string& source) {
  Graph graph = parse_graph(text, source);
  ops::infer_all(graph);
  return graph;
}

GraphCase read_case(const std::filesystem::path& path) {
  const std::string text = read_file(path);
  const std::string head = "# pass: ";
  const size_t middle = text.find("\n---\n");
  EXPECT_TRUE(text.starts_with(head)) << path;
  EXPECT_NE(middle, std::string::npos) << path;
  return {text.substr(head.size(), text.find('\n') - head.size()),
          parse(text.substr(0, middle), path.filename()), parse(text.substr(middle + 5), path.filename())};
}

/// Normal numbers, or any of the codes of 8 bits.
Tensor random_tensor(DType dtype, const Shape& shape, Rng& rng) {
  Tensor tensor(DType::kF32, shape);
  const float lowest = dtype == DType::kI8 ? -128 : 0;
  for (float& v : tensor.span<float>())
    v = is_float(dtype) ? rng.normal() : lowest + static_cast<float>(rng.below(256));
  return tensor.to(dtype);
}

std::vector<Tensor> random_inputs(const Graph& graph) {
  std::vector<Tensor> inputs;
  Rng rng(3);
  for (const Value* value : graph.inputs()) {
    Shape shape;
    for (const Dim& dim : value->dims()) shape.push_back(dim.known() ? dim.value : 2);
    inputs.push_back(random_tensor(value->dtype(), shape, rng));
  }
  return inputs;
}

void expect_same_results(const Graph& a, const Graph& b) {
  const std::vector<Tensor> inputs = random_inputs(a);
  const std::vector<Tensor> x = ops::evaluate(a, inputs);
  const std::vector<Tensor> y = ops::evaluate(b, inputs);
  ASSERT_EQ(x.size(), y.size());
  for (size_t i = 0; i < x.size(); ++i) {
    EXPECT_EQ(a.outputs()[i]->name(), b.outputs()[i]->name());
    ASSERT_EQ(x[i].shape(), y[i].shape());
    const Tensor p = x[i].to(DType::kF32);
    const Tensor q = y[i].to(DType::kF32);
    for (size_t j = 0; j < p.span<float>().size(); ++j) {
      const float v = p.span<float>()[j], w = q.span<float>()[j];
      const bool same = v == w || (std::isnan(v) && std::isnan(w));  // infinities have no difference
      if (!same) {
        ASSERT_NEAR(v, w, 1e-5 * (1 + std::abs(v)));
      }
    }
  }
}

std::vector<std::string> cases() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(TWOFOUR_SOURCE_DIR "/tests/passes"))
    if (entry.path().extension() == ".graph") names.push_back(entry.path().stem());
  std::ranges::sort(names);
  return names;
}

class RewriteTest : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Files, RewriteTest, testing::ValuesIn(cases()),
                         [](const auto& test) { return test.param; });

TEST_P(RewriteTest, MakesTheExpectedGraph) {
  const GraphCase c = read_case(TWOFOUR_SOURCE_DIR "/tests/passes/" + GetParam() + ".graph");
  const auto pass = std::ranges::find(inference_passes(), c.pass, &Pass::name);
  ASSERT_NE(pass, inference_passes().end()) << c.pass;
  Graph graph = c.input.clone();
  const size_t changed = pass->run(graph);
  EXPECT_NO_THROW(verify(graph));
  const PrintOptions all = {.max_elements = 1 << 20};
  EXPECT_EQ(print_graph(graph, all), print_graph(c.expected, all));
  EXPECT_EQ(changed == 0, print_graph(c.input, all) == print_graph(c.expected, all));
  EXPECT_EQ(pass->run(graph), 0u) << "a second run must find nothing";
  expect_same_results(c.input, graph);
}

}  // namespace
}  // namespace twofour::passes
