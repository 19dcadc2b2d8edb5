// Export, then import: the same graph comes back, for every standard operator and for whole graphs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "ir/hash.h"
#include "ir/parse.h"
#include "ir/print.h"
#include "model_file.h"
#include "onnx/export.h"
#include "ops/example.h"

namespace twofour::onnx_io {
namespace {

using ::testing::HasSubstr;

Graph again(const Graph& graph) { return ModelFile::import_bytes(export_model_bytes(graph)); }

/// Forms of the canonical op that ONNX spells differently: label smoothing is refused, a fill value gets a
/// dimension.
std::optional<Graph> exportable(const ops::OpDef& op, const ops::Example& example) {
  Graph graph = ops::example_graph(op, example, 1);
  Attrs& attrs = graph.node_list()[0]->attrs();
  if (attrs.f("label_smoothing", 0) != 0) return std::nullopt;
  if (attrs.has("value")) attrs.set("value", attrs.tensor("value").reshaped({1}));
  return graph;
}

TEST(RoundTrip, EveryExampleOfEveryStandardOp) {
  int count = 0;
  for (const ops::OpDef* op : ops::all_ops()) {
    if (!op->standard) continue;
    for (const ops::Example& example : op->examples) {
      const auto graph = exportable(*op, example);
      if (!graph) continue;
      const Graph copy = again(*graph);
      ASSERT_EQ(hash_graph(copy), hash_graph(*graph)) << print_graph(*graph) << print_graph(copy);
      ++count;
    }
  }
  EXPECT_GE(count, 100);
}

constexpr std::string_view kNet = R"(graph "net" {
  metadata "author" = "me"
  metadata "onnx.doc" = "what it is"
  metadata "onnx.domain" = "org.example"
  metadata "onnx.graph_doc" = "more"
  metadata "onnx.ir_version" = "4"
  metadata "onnx.opset" = "9"
  metadata "onnx.producer" = "pytorch 1.0"
  input %x: f32[N,2,?,4]
  input %k: i64[]
  trainable %w: f32[3,2,1,1] = [1, 2, 3, 4, 5, 6]
  trainable %"b 1": f32[3] = fill(0.5)
  const %frozen: f32[3,1,1] = [1, 2, 3]
  trainable %"one element": f32[1] = [1]
  %y = Conv(%x, %w, %"b 1") {pads=[1, 1, 1, 1]} "conv/1"
  %z = Add(%y, %frozen) "add"
  %"out 1" = Mul(%z, %"one element")
  output %"out 1", %z
}
)";

TEST(RoundTrip, NamesMetadataAndFlagsSurvive) {
  Graph graph = parse_graph(kNet);
  ops::infer_all(graph);
  const Graph copy = again(graph);
  EXPECT_EQ(print_graph(copy), print_graph(graph));
  EXPECT_EQ(export_model_bytes(copy), export_model_bytes(graph));
}

TEST(RoundTrip, GraphsMadeHereGainNoMetadata) {
  const Graph graph = parse_graph("graph \"g\" { input %x: f32[2]\n %y = Relu(%x) -> f32[2]\n output %y }");
  EXPECT_EQ(print_graph(again(graph)), print_graph(graph));
}

TEST(Export, WritesTypesNodesAndVersion) {
  onnx::ModelProto model;
  ASSERT_TRUE(model.ParseFromString(export_model_bytes(parse_graph(kNet))));
  EXPECT_EQ(model.ir_version(), 8);
  ASSERT_EQ(model.opset_import_size(), 1);
  EXPECT_EQ(model.opset_import(0).version(), 17);
  EXPECT_EQ(model.producer_name(), "twofour");
  EXPECT_EQ(model.doc_string(), "what it is");
  const onnx::GraphProto& graph = model.graph();
  EXPECT_EQ(graph.node(0).name(), "conv/1");
  EXPECT_EQ(graph.input(0).type().tensor_type().shape().dim(0).dim_param(), "N");
  EXPECT_FALSE(graph.input(0).type().tensor_type().shape().dim(2).has_dim_value());
  ASSERT_EQ(graph.value_info_size(), 1);  // "z" is an output
  EXPECT_EQ(graph.value_info(0).name(), "y");
  EXPECT_EQ(graph.value_info(0).type().tensor_type().shape().dim(1).dim_value(), 3);
  EXPECT_EQ(graph.initializer(0).raw_data().size(), 24U);
}

void expect_refused(const Graph& graph, ErrorCode code, std::string_view message) {
  try {
    export_model_bytes(graph);
    ADD_FAILURE() << "accepted, expected: " << message;
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    EXPECT_THAT(error.what(), HasSubstr(message));
    EXPECT_THAT(error.what(), HasSubstr("while exporting graph \"g\""));
  }
}

TEST(Export, RefusesOpsThatOnnxLacks) {
  expect_refused(parse_graph("graph \"g\" { input %x: f32[2]\n %y = ReluGrad(%x, %x) \"rg\"\n output %y }"),
                 ErrorCode::kUnsupported, "node \"rg\" (ReluGrad) is not an ONNX operator");
  expect_refused(parse_graph("graph \"g\" { input %x: f32[1,1,2,2]\n const %w: f32[1,1,1,1] = [1]\n %y = "
                             "FusedConv(%x, %w) output %y }"),
                 ErrorCode::kUnsupported,
                 "(FusedConv) is not an ONNX operator; export the graph before fusion");
  expect_refused(parse_graph("graph \"g\" { input %x: f32[2]\n %y = Nonsense(%x) output %y }"),
                 ErrorCode::kUnsupported, "Nonsense");
}

int64_t opset_of(std::string_view nodes) {
  const std::string text = fmt::format(
      "graph \"g\" {{ input %x: f32[1,1,9,9]\n const %axes: i64[1] = [1]\n {} output %y }}", nodes);
  onnx::ModelProto model;
  EXPECT_TRUE(model.ParseFromString(export_model_bytes(parse_graph(text))));
  return model.opset_import(0).version();
}

TEST(Export, TakesTheLowestOpsetThatHasEveryOperator) {
  EXPECT_EQ(opset_of("%y = ReduceSum(%x, %axes)"), 17);
  EXPECT_EQ(opset_of("%y = ReduceMean(%x, %axes)"), 18);
  EXPECT_EQ(opset_of("%y = AveragePool(%x) {kernel_shape=[2, 2]}"), 17);
  EXPECT_EQ(opset_of("%y = AveragePool(%x) {kernel_shape=[2, 2], dilations=[2, 2]}"), 19);
  EXPECT_EQ(opset_of("%a = Gelu(%x)\n %y = ReduceMean(%a, %axes)"), 20);
}

TEST(Export, SplitsWithoutSizesCountTheirParts) {
  const Graph graph = parse_graph(
      "graph \"g\" { input %x: f32[4]\n %a, %b = Split(%x) -> f32[2], f32[2]\n"
      "%c = Mish(%a) -> f32[2]\n output %b, %c }");
  EXPECT_EQ(print_graph(again(graph)), print_graph(graph));
}

TEST(Export, RefusesWhatIsNotAGraph) {
  Graph twice = parse_graph("graph \"g\" { input %x: f32[2]\n %y = Relu(%x) output %y, %y }");
  expect_refused(twice, ErrorCode::kUnsupported, "\"y\" is a graph output twice");
  Graph mismatch =
      parse_graph("graph \"g\" { input %x: f32[2]\n input %z: f32[3]\n %y = Add(%x, %z) output %y }");
  expect_refused(mismatch, ErrorCode::kInvalidArgument, "node \"y\" (Add)");
  Graph broken = parse_graph("graph \"g\" { input %x: f32[2]\n %y = Relu(%x)\n %z = Relu(%y) output %z }");
  broken.set_input(broken.find_node("y"), 0, broken.find_value("z"));
  expect_refused(broken, ErrorCode::kInternal, "before it is computed");
}

TEST(Export, RefusesMoreThanTwoGigabytes) {
  Graph graph("g");
  // Views of one small buffer: nothing of this size is allocated.
  const auto byte = allocate_aligned(64);
  Value* big = graph.add_constant("big", Tensor(DType::kF32, {int64_t{1} << 30}, byte));
  graph.set_outputs({big});
  expect_refused(graph, ErrorCode::kUnsupported, "an ONNX file without external data ends at 2 GB");
}

}  // namespace
}  // namespace twofour::onnx_io
