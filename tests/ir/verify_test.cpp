// verify() accepts sound graphs and names what is broken in others.
#include "ir/verify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ir/parse.h"

namespace twofour {
namespace {

constexpr std::string_view kBase = R"(graph "g" {
  input %x: f32[2,3]
  const %c: f32[3] = [1, 2, 3]
  %a = Relu(%x)
  %y = Mul(%a, %c) "mul"
  output %y
})";

void expect_broken(const Graph& graph, std::string_view message) {
  try {
    verify(graph);
    ADD_FAILURE() << "accepted: " << message;
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInternal);
    EXPECT_THAT(error.what(), ::testing::HasSubstr(message));
    EXPECT_THAT(error.what(), ::testing::HasSubstr("while verifying graph \"g\""));
  }
}

TEST(Verify, AcceptsSoundGraphs) {
  verify(Graph());
  Graph graph = parse_graph(kBase);
  verify(graph);
  graph.set_input(graph.find_node("mul"), 1, graph.find_value("a"));
  verify(graph);
  graph.erase_dead();
  verify(graph);
  verify(graph.clone());
}

TEST(Verify, FindsUseBeforeDefinition) {
  Graph graph = parse_graph(kBase);
  graph.set_input(graph.find_node("a"), 0, graph.find_value("y"));
  expect_broken(graph, "node \"a\" (Relu) reads \"y\" before it is computed");
}

TEST(Verify, FindsValuesOfOtherGraphs) {
  Graph other = parse_graph(kBase);
  Graph graph = parse_graph(kBase);
  graph.set_outputs({other.find_value("y")});
  expect_broken(graph, "a graph output is not a value of the graph");
  graph.set_outputs({nullptr});
  expect_broken(graph, "a graph output is not a value of the graph");
  graph.set_outputs({});
  graph.set_input(graph.find_node("mul"), 0, other.find_value("a"));
  expect_broken(graph, "node \"mul\" (Mul) reads a value of another graph");
}

TEST(Verify, FindsConstantsThatDoNotMatchTheirType) {
  Graph graph = parse_graph(kBase);
  graph.find_value("c")->set_type({DType::kF16, {Dim(3)}});
  expect_broken(graph, "constant \"c\" is typed f16[3] but holds f32[3]");
}

TEST(Verify, FindsTrainableValuesWithoutData) {
  Graph graph = parse_graph(kBase);
  graph.find_value("a")->set_trainable(true);
  expect_broken(graph, "value \"a\" is trainable but has no data");
}

TEST(Verify, FindsDataOnInputsAndComputedValues) {
  Graph graph = parse_graph(kBase);
  graph.find_value("a")->set_data(Tensor::scalar(1));
  expect_broken(graph, "constant \"a\" is also computed by node \"a\" (Relu)");
  Graph second = parse_graph(kBase);
  second.find_value("x")->set_data(Tensor::scalar(1));
  expect_broken(second, "graph input \"x\" stands twice or is a constant");
}

TEST(Verify, FindsNodesWithoutOutputs) {
  Graph graph = parse_graph(kBase);
  graph.add_node("Print", {graph.find_value("y")}, 0, {}, "p");
  expect_broken(graph, "node \"p\" (Print) has no outputs");
}

TEST(Verify, FindsStaleUsers) {
  Graph other = parse_graph(kBase);
  Graph graph = parse_graph(kBase);
  // A node of another graph reads a value of this one: it is listed as a user here.
  other.set_input(other.find_node("mul"), 1, graph.find_value("c"));
  expect_broken(graph, "the list of users of \"c\" does not match");
}

}  // namespace
}  // namespace twofour
