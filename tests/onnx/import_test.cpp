// What the importer keeps, names, types and turns into constants.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ir/verify.h"
#include "model_file.h"

namespace twofour::onnx_io {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> node_names(const Graph& graph) {
  std::vector<std::string> names;
  for (const auto& node : graph.nodes()) names.push_back(node->name());
  return names;
}

/// input x -> Conv(w, b) -> Relu -> Add(c) -> y
ModelFile small_net() {
  ModelFile file;
  file.input("x", {-1, 2, 4, 4});
  file.graph()
      .mutable_input(0)
      ->mutable_type()
      ->mutable_tensor_type()
      ->mutable_shape()
      ->mutable_dim(0)
      ->set_dim_param("N");
  file.floats("w", {3, 2, 1, 1}, {1, 2, 3, 4, 5, 6}).floats("b", {3}, {1, 2, 3}).floats("c", {1}, {7});
  file.node("Conv", {"x", "w", "b"}, {"conv out"}, "first/conv");
  file.attr("pads", std::vector<int64_t>{1, 1, 1, 1});
  file.node("Relu", {"conv out"}, {"r"}).node("Add", {"r", "c"}, {"y"}).output("y");
  return file;
}

TEST(Import, KeepsNamesTypesAndOrder) {
  const Graph graph = small_net().import();
  verify(graph);
  EXPECT_EQ(graph.name(), "net");
  EXPECT_THAT(node_names(graph), ElementsAre("first/conv", "Relu_0", "Add_0"));
  ASSERT_EQ(graph.inputs().size(), 1U);
  EXPECT_EQ(graph.inputs()[0]->type().to_string(), "f32[N,2,4,4]");
  ASSERT_EQ(graph.outputs().size(), 1U);
  EXPECT_EQ(graph.outputs()[0]->name(), "y");
  EXPECT_EQ(graph.outputs()[0]->type().to_string(), "f32[N,3,6,6]");
  EXPECT_EQ(graph.find_node("first/conv")->output()->name(), "conv out");
  EXPECT_EQ(graph.find_node("first/conv")->attrs().ints("pads"), (std::vector<int64_t>{1, 1, 1, 1}));
}

TEST(Import, ParametersAreTrainable) {
  const Graph graph = small_net().import();
  EXPECT_TRUE(graph.find_value("w")->trainable());
  EXPECT_TRUE(graph.find_value("b")->trainable());
  EXPECT_TRUE(graph.find_value("c")->trainable());  // one element
  EXPECT_EQ(graph.find_value("w")->data().span<float>()[5], 6);
}

TEST(Import, RunningStatisticsAreNotTrainable) {
  ModelFile file;
  file.input("x", {1, 2, 3, 3}).floats("scale", {2}, {1, 1}).floats("bias", {2}, {1, 1});
  file.floats("mean", {2}, {1, 1}).floats("var", {2}, {1, 1});
  file.node("BatchNormalization", {"x", "scale", "bias", "mean", "var"}, {"y"}).output("y");
  const Graph graph = file.import();
  EXPECT_TRUE(graph.find_value("scale")->trainable());
  EXPECT_TRUE(graph.find_value("bias")->trainable());
  EXPECT_FALSE(graph.find_value("mean")->trainable());
  EXPECT_FALSE(graph.find_value("var")->trainable());
}

TEST(Import, InitializersListedAsInputsAreConstants) {
  ModelFile file = small_net();
  file.input("w", {3, 2, 1, 1});
  const Graph graph = file.import();
  EXPECT_EQ(graph.inputs().size(), 1U);
  EXPECT_TRUE(graph.find_value("w")->is_constant());
}

TEST(Import, NodesMayBeOutOfOrder) {
  ModelFile file = small_net();
  file.graph().mutable_node()->SwapElements(0, 2);
  const Graph graph = file.import();
  verify(graph);
  EXPECT_THAT(node_names(graph), ElementsAre("first/conv", "Relu_0", "Add_0"));
}

TEST(Import, MissingAndTakenNodeNamesBecomeUnique) {
  ModelFile file;
  file.input("x", {4})
      .node("Relu", {"x"}, {"a"})
      .node("Relu", {"a"}, {"b"}, "Relu_0")
      .node("Relu", {"b"}, {"c"});
  file.node("Relu", {"c"}, {"d"}, "twin").node("Relu", {"d"}, {"e"}, "twin").output("e");
  EXPECT_THAT(node_names(file.import()), ElementsAre("Relu_1", "Relu_0", "Relu_2", "twin", "twin_0"));
}

TEST(Import, ValuesKeepNamesThatNodesHave) {
  ModelFile file;
  file.input("n2", {4})
      .node("Relu", {"n2"}, {"n3"}, "n1")
      .node("Relu", {"n3"}, {"n1"}, "n2")
      .node("Relu", {"n1"}, {"y"}, "n3");
  file.output("y");
  const Graph graph = file.import();
  EXPECT_EQ(graph.find_node("n1")->output()->name(), "n3");
  EXPECT_EQ(graph.find_node("n2")->output()->name(), "n1");
  EXPECT_EQ(graph.find_node("n2")->input(0)->name(), "n3");
}

TEST(Import, UnknownDimsStayUnknown) {
  ModelFile file;
  file.input("x", {-1, 3}).node("Relu", {"x"}, {"y"}).output("y");
  auto& dims = *file.graph().mutable_input(0)->mutable_type()->mutable_tensor_type()->mutable_shape();
  dims.mutable_dim(1)->set_dim_value(-1);  // written by some exporters
  EXPECT_EQ(file.import().outputs()[0]->type().to_string(), "f32[?,?]");
}

TEST(Import, MetadataAndOriginAreKept) {
  ModelFile file = small_net();
  file.model.set_producer_name("pytorch");
  file.model.set_producer_version("2.1");
  file.model.set_doc_string("a model");
  file.model.set_domain("org.example");
  file.graph().set_doc_string("a graph");
  auto& entry = *file.model.add_metadata_props();
  entry.set_key("author");
  entry.set_value("me");
  const auto metadata = file.import().metadata();
  const std::map<std::string, std::string> expected = {{"author", "me"},
                                                       {"onnx.doc", "a model"},
                                                       {"onnx.domain", "org.example"},
                                                       {"onnx.graph_doc", "a graph"},
                                                       {"onnx.ir_version", "8"},
                                                       {"onnx.opset", "17"},
                                                       {"onnx.producer", "pytorch 2.1"}};
  EXPECT_EQ(metadata, expected);
}

TEST(Import, TrainableListInMetadataOverridesTheRule) {
  ModelFile file = small_net();
  auto& entry = *file.model.add_metadata_props();
  entry.set_key("twofour.trainable");
  entry.set_value(R"(["c","gone"])");
  const Graph graph = file.import();
  EXPECT_FALSE(graph.find_value("w")->trainable());
  EXPECT_TRUE(graph.find_value("c")->trainable());
  EXPECT_FALSE(graph.metadata().contains("twofour.trainable"));
}

TEST(Import, ConstantNodesBecomeConstants) {
  ModelFile file;
  file.input("x", {2})
      .node("Constant", {}, {"t"}, "named like nothing")
      .attribute("value", onnx::AttributeProto::TENSOR);
  auto& tensor = *file.graph().mutable_node(0)->mutable_attribute(0)->mutable_t();
  tensor.set_data_type(onnx::TensorProto::FLOAT);
  tensor.add_dims(2);
  tensor.add_float_data(1);
  tensor.add_float_data(2);
  file.node("Constant", {}, {"f"}).attr("value_float", 3.5F);
  file.node("Constant", {}, {"i"}).attr("value_int", int64_t{-4});
  file.node("Constant", {}, {"is"}).attr("value_ints", std::vector<int64_t>{5, 6});
  file.node("Constant", {}, {"fs"}).attribute("value_floats", onnx::AttributeProto::FLOATS).add_floats(0.5F);
  file.node("Add", {"x", "t"}, {"a"})
      .node("Add", {"a", "f"}, {"y"})
      .output("y")
      .output("i")
      .output("is")
      .output("fs");
  const Graph graph = file.import();
  EXPECT_EQ(graph.nodes().size(), 2U);
  EXPECT_EQ(graph.find_value("t")->data().span<float>()[1], 2);
  EXPECT_FALSE(graph.find_value("t")->trainable());  // before any weight
  EXPECT_EQ(graph.find_value("f")->type().to_string(), "f32[]");
  EXPECT_EQ(graph.find_value("i")->data().span<int64_t>()[0], -4);
  EXPECT_EQ(graph.find_value("i")->rank(), 0U);
  EXPECT_EQ(graph.find_value("is")->type().to_string(), "i64[2]");
  EXPECT_EQ(graph.find_value("fs")->data().span<float>()[0], 0.5F);
}

TEST(Import, WeightsInConstantNodesAreTrainable) {
  ModelFile file;
  file.input("x", {2}).node("Constant", {}, {"w"}).attribute("value", onnx::AttributeProto::TENSOR);
  auto& tensor = *file.graph().mutable_node(0)->mutable_attribute(0)->mutable_t();
  tensor.set_data_type(onnx::TensorProto::FLOAT);
  for (const int64_t dim : {2, 1}) tensor.add_dims(dim);
  for (const float value : {1.0F, 2.0F}) tensor.add_float_data(value);
  file.node("Constant", {}, {"half"});
  file.attribute("value_floats", onnx::AttributeProto::FLOATS).add_floats(0.5F);
  file.node("MatMul", {"x", "w"}, {"a"}).node("Mul", {"a", "half"}, {"y"}).output("y");
  const Graph graph = file.import();
  EXPECT_TRUE(graph.find_value("w")->trainable());
  EXPECT_FALSE(graph.find_value("half")->trainable());
}

TEST(Import, IdentityOfAConstantIsTheConstant) {
  ModelFile file;
  file.input("x", {2})
      .floats("w", {2}, {1, 2})
      .node("Identity", {"w"}, {"w1"})
      .node("Identity", {"w1"}, {"w2"});
  file.node("Add", {"x", "w"}, {"a"})
      .node("Add", {"a", "w2"}, {"y"})
      .node("Identity", {"w"}, {"out"})
      .output("y")
      .output("out");
  const Graph graph = file.import();
  EXPECT_EQ(graph.nodes().size(), 3U);
  const Value* w = graph.find_value("w");
  EXPECT_EQ(w->users().size(), 3U);
  EXPECT_FALSE(w->trainable());
  EXPECT_EQ(graph.outputs()[1]->name(), "out");
  EXPECT_EQ(graph.outputs()[1]->producer()->op(), "Identity");
}

TEST(Import, UnusedOutputsThatAreNotComputedAreDropped) {
  ModelFile file(8);
  file.input("x", {1, 2, 4, 4});
  file.node("MaxPool", {"x"}, {"p", "indices"})
      .attr("kernel_shape", std::vector<int64_t>{2, 2})
      .attr("storage_order", int64_t{1});
  file.node("Dropout", {"p"}, {"y", "mask"}).output("y");
  const Graph graph = file.import();
  for (const auto& node : graph.nodes()) EXPECT_EQ(node->outputs().size(), 1U) << node->label();
  EXPECT_EQ(graph.find_value("indices"), nullptr);
}

struct TypedCase {
  int onnx_type;
  DType dtype;
  std::string raw;  // two elements, little endian: 1 and the largest
};

/// Every element type, from raw bytes and from the typed field, gives the same tensor.
TEST(Import, ReadsEveryElementTypeFromBothFields) {
  using Proto = onnx::TensorProto;
  const auto bytes = [](auto a, auto b) {
    return std::string(reinterpret_cast<const char*>(&a), sizeof a) +
           std::string(reinterpret_cast<const char*>(&b), sizeof b);
  };
  const std::vector<TypedCase> cases = {
      {Proto::FLOAT, DType::kF32, bytes(1.0F, 3e38F)},
      {Proto::DOUBLE, DType::kF64, bytes(1.0, 1e300)},
      {Proto::FLOAT16, DType::kF16, bytes(uint16_t{0x3c00}, uint16_t{0xfbff})},
      {Proto::BFLOAT16, DType::kBF16, bytes(uint16_t{0x3f80}, uint16_t{0xff7f})},
      {Proto::INT8, DType::kI8, bytes(int8_t{1}, int8_t{-128})},
      {Proto::UINT8, DType::kU8, bytes(uint8_t{1}, uint8_t{255})},
      {Proto::INT16, DType::kI16, bytes(int16_t{1}, int16_t{-32768})},
      {Proto::UINT16, DType::kU16, bytes(uint16_t{1}, uint16_t{65535})},
      {Proto::INT32, DType::kI32, bytes(int32_t{1}, INT32_MIN)},
      {Proto::UINT32, DType::kU32, bytes(uint32_t{1}, UINT32_MAX)},
      {Proto::INT64, DType::kI64, bytes(int64_t{1}, INT64_MIN)},
      {Proto::UINT64, DType::kU64, bytes(uint64_t{1}, UINT64_MAX)},
      {Proto::BOOL, DType::kBool, std::string("\x01\x01", 2)},
  };
  for (const TypedCase& c : cases) {
    ModelFile file;
    file.input("x", {1}).node("Relu", {"x"}, {"y"}).output("y");
    file.initializer("raw", {2}, c.onnx_type).set_raw_data(c.raw);
    auto& typed = file.initializer("typed", {2}, c.onnx_type);
    const auto element = [&]<typename T>(T) {
      T values[2];
      std::memcpy(values, c.raw.data(), sizeof values);
      for (const T v : values) {
        if constexpr (std::is_same_v<T, float>) typed.add_float_data(v);
        else if constexpr (std::is_same_v<T, double>) typed.add_double_data(v);
        else if constexpr (std::is_same_v<T, int64_t>) typed.add_int64_data(v);
        else if constexpr (std::is_same_v<T, uint32_t> || std::is_same_v<T, uint64_t>)
          typed.add_uint64_data(v);
        else if constexpr (std::is_same_v<T, f16> || std::is_same_v<T, bf16>) typed.add_int32_data(v.bits);
        else typed.add_int32_data(v);
      }
    };
    dispatch_dtype(c.dtype, element);
    const Graph graph = file.import();
    const Tensor a = graph.find_value("raw")->data();
    const Tensor b = graph.find_value("typed")->data();
    EXPECT_EQ(a.dtype(), c.dtype);
    EXPECT_EQ(b.dtype(), c.dtype);
    EXPECT_EQ(std::memcmp(a.raw(), c.raw.data(), c.raw.size()), 0) << dtype_name(c.dtype);
    EXPECT_EQ(std::memcmp(b.raw(), c.raw.data(), c.raw.size()), 0) << dtype_name(c.dtype);
  }
}

TEST(Import, RawBoolsAreNormalised) {
  ModelFile file;
  file.input("x", {1}).node("Relu", {"x"}, {"y"}).output("y");
  file.initializer("b", {3}, onnx::TensorProto::BOOL).set_raw_data(std::string("\x00\x7f\xff", 3));
  const Graph graph = file.import();
  EXPECT_THAT(graph.find_value("b")->data().span<bool>(), ElementsAre(false, true, true));
}

TEST(Import, EmptyTensorsAndScalars) {
  ModelFile file;
  file.input("x", {1}).node("Relu", {"x"}, {"y"}).output("y");
  file.floats("empty", {0, 3}, {}).floats("scalar", {}, {2});
  const Graph graph = file.import();
  EXPECT_EQ(graph.find_value("empty")->shape(), Shape({0, 3}));
  EXPECT_EQ(graph.find_value("scalar")->rank(), 0U);
}

}  // namespace
}  // namespace twofour::onnx_io
