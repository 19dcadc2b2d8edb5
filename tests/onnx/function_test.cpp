// Model-local functions: calls become the nodes of their bodies.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../base/errors.h"
#include "ir/print.h"
#include "ir/verify.h"
#include "model_file.h"
#include "ops/evaluate.h"

namespace twofour::onnx_io {
namespace {

using ::testing::ElementsAre;

/// A function whose body is built with the helpers of a model file.
onnx::FunctionProto& define(ModelFile& file, const std::string& name, const ModelFile& body,
                            const std::vector<std::string>& inputs, const std::vector<std::string>& outputs,
                            const std::vector<std::string>& attributes = {}) {
  onnx::FunctionProto& function = *file.model.add_functions();
  function.set_name(name);
  function.set_domain("my");
  for (const auto& input : inputs) function.add_input(input);
  for (const auto& output : outputs) function.add_output(output);
  for (const auto& attribute : attributes) function.add_attribute(attribute);
  *function.mutable_node() = body.model.graph().node();
  return function;
}

ModelFile& call(ModelFile& file, const std::string& function, const std::vector<std::string>& inputs,
                const std::vector<std::string>& outputs, const std::string& name = {}) {
  file.node(function, inputs, outputs, name);
  file.graph().mutable_node(file.graph().node_size() - 1)->set_domain("my");
  return file;
}

/// The attribute of the body's last node is the one of the call.
ModelFile& refer(ModelFile& body, const std::string& attribute, onnx::AttributeProto::AttributeType type,
                 const std::string& of_function) {
  body.attribute(attribute, type).set_ref_attr_name(of_function);
  return body;
}

std::vector<float> run(const Graph& graph, const std::vector<float>& x) {
  const Tensor result =
      ops::evaluate(graph, std::vector{Tensor::of<float>({static_cast<int64_t>(x.size())}, x)})[0];
  return {result.span<float>().begin(), result.span<float>().end()};
}

ModelFile body() { return ModelFile(); }

TEST(Functions, CallsAreInlined) {
  ModelFile file;
  file.input("x", {2}).floats("w", {2}, {10, 20});
  define(file, "Foo", body().node("Add", {"a", "b"}, {"t"}, "sum").node("Neg", {"t"}, {"r"}), {"a", "b"},
         {"r"});
  call(file, "Foo", {"x", "w"}, {"u"}, "first");
  call(file, "Foo", {"u", "w"}, {"y"}, "second").output("y");
  const Graph graph = file.import();
  verify(graph);
  EXPECT_THAT(run(graph, {1, 2}), ElementsAre(1, 2));
  EXPECT_TRUE(graph.find_node("first/sum"));
  EXPECT_TRUE(graph.find_node("second/sum"));
  EXPECT_TRUE(graph.find_value("u"));
  EXPECT_EQ(graph.outputs()[0]->name(), "y");
  EXPECT_EQ(graph.find_node("first/sum")->input(1), graph.find_node("second/sum")->input(1));
}

TEST(Functions, WeightsThatAreGivenToThemAreParameters) {
  ModelFile file;
  file.input("x", {1, 2}).floats("w", {2, 2}, {1, 2, 3, 4});
  define(file, "Linear", body().node("MatMul", {"a", "b"}, {"c"}), {"a", "b"}, {"c"});
  call(file, "Linear", {"x", "w"}, {"y"}).output("y");
  EXPECT_TRUE(file.import().find_value("w")->trainable());
}

TEST(Functions, NamesOfTheModelWinOverThoseInside) {
  ModelFile file;
  file.input("x", {1});
  define(file, "Foo", body().node("Neg", {"x"}, {"y"}).node("Neg", {"y"}, {"z"}), {"x"}, {"z"});
  call(file, "Foo", {"x"}, {"z"});  // no name of its own
  file.node("Neg", {"z"}, {"Foo_0/y"}).node("Neg", {"Foo_0/y"}, {"y"}).output("Foo_0/y").output("y");
  const Graph graph = file.import();
  verify(graph);
  EXPECT_EQ(graph.outputs()[0]->name(), "Foo_0/y");
  EXPECT_THAT(run(graph, {3}), ElementsAre(-3));
}

TEST(Functions, NestedInFunctionsAndSubgraphs) {
  ModelFile file;
  file.input("x", {1}).input("cond", {}, onnx::TensorProto::BOOL);
  define(file, "Twice", body().node("Add", {"a", "a"}, {"b"}), {"a"}, {"b"});
  ModelFile four;
  call(four, "Twice", {"a"}, {"t"});
  call(four, "Twice", {"t"}, {"b"});
  define(file, "Four", four, {"a"}, {"b"});
  file.node("If", {"cond"}, {"y"}).output("y");
  const auto give = [&](const char* name, const char* function) {
    ModelFile branch;
    branch.graph().set_name(name);
    call(branch, function, {"x"}, {"r"}).output("r");
    file.give(name, branch);
  };
  give("then_branch", "Four");
  give("else_branch", "Twice");
  const Graph graph = file.import();
  verify(graph);
  const auto result = [&](bool condition) {
    return ops::evaluate(graph, std::vector{Tensor::of<float>({1}, std::array{3.F}),
                                            Tensor::of<bool>({}, std::array{condition})})[0]
        .span<float>()[0];
  };
  EXPECT_EQ(result(true), 12);
  EXPECT_EQ(result(false), 6);
}

TEST(Functions, ControlFlowInside) {
  ModelFile file;
  file.input("x", {1}).input("cond", {}, onnx::TensorProto::BOOL);
  ModelFile choose;
  choose.node("Neg", {"a"}, {"n"});
  choose.node("If", {"c"}, {"r"});
  for (const auto& [name, value] : {std::pair{"then_branch", "n"}, {"else_branch", "a"}}) {
    ModelFile branch;
    branch.graph().set_name(name);
    refer(branch.node("LeakyRelu", {value}, {"s"}), "alpha", onnx::AttributeProto::FLOAT, "slope")
        .output("s");
    choose.give(name, branch);
  }
  define(file, "Choose", choose, {"a", "c"}, {"r"}, {"slope"});
  call(file, "Choose", {"x", "cond"}, {"y"}).attr("slope", 0.5F).output("y");
  const Graph graph = file.import();
  verify(graph);
  const auto result = [&](bool condition) {
    return ops::evaluate(graph, std::vector{Tensor::of<float>({1}, std::array{2.F}),
                                            Tensor::of<bool>({}, std::array{condition})})[0]
        .span<float>()[0];
  };
  EXPECT_EQ(result(true), -1);
  EXPECT_EQ(result(false), 2);
}

TEST(Functions, AttributesOfTheCallDefaultsAndNone) {
  const auto leaky = [](const std::optional<float>& given, const std::optional<float>& otherwise) {
    ModelFile file;
    file.input("x", {1});
    ModelFile inside;
    refer(inside.node("LeakyRelu", {"a"}, {"b"}), "alpha", onnx::AttributeProto::FLOAT, "slope");
    onnx::FunctionProto& function = define(file, "Leaky", inside, {"a"}, {"b"});
    if (otherwise) {
      onnx::AttributeProto attribute;
      attribute.set_name("slope");
      attribute.set_type(onnx::AttributeProto::FLOAT);
      attribute.set_f(*otherwise);
      constexpr int kAttributeProto = 11;  // newer than the classes here
      function.GetReflection()->MutableUnknownFields(&function)->AddLengthDelimited(
          kAttributeProto, attribute.SerializeAsString());
    } else {
      function.add_attribute("slope");
    }
    call(file, "Leaky", {"x"}, {"y"}).output("y");
    if (given) file.attr("slope", *given);
    return run(file.import(), {-8})[0];
  };
  EXPECT_EQ(leaky(0.5F, std::nullopt), -4);
  EXPECT_EQ(leaky(0.5F, 0.25F), -4);
  EXPECT_EQ(leaky(std::nullopt, 0.25F), -2);
  EXPECT_NEAR(leaky(std::nullopt, std::nullopt), -0.08, 1e-6);  // LeakyRelu's own default
}

TEST(Functions, OverloadsAreTold) {
  ModelFile file;
  file.input("x", {1});
  constexpr int kFunctionOverload = 13;
  constexpr int kNodeOverload = 8;
  const auto overload = [](google::protobuf::Message& message, int field, const char* text) {
    message.GetReflection()->MutableUnknownFields(&message)->AddLengthDelimited(field, text);
  };
  overload(define(file, "F", body().node("Neg", {"a"}, {"b"}), {"a"}, {"b"}), kFunctionOverload, "neg");
  overload(define(file, "F", body().node("Add", {"a", "a"}, {"b"}), {"a"}, {"b"}), kFunctionOverload, "add");
  call(file, "F", {"x"}, {"u"});
  overload(*file.graph().mutable_node(0), kNodeOverload, "add");
  call(file, "F", {"u"}, {"y"}).output("y");
  overload(*file.graph().mutable_node(1), kNodeOverload, "neg");
  EXPECT_THAT(run(file.import(), {3}), ElementsAre(-6));
}

TEST(Functions, InputsAndOutputsMayBeMissing) {
  ModelFile file;
  file.input("x", {2}).floats("most", {}, {1});
  define(file, "Limit", body().node("Clip", {"a", "low", "high"}, {"b"}).node("Neg", {"b"}, {"c"}),
         {"a", "low", "high"}, {"b", "c"});
  call(file, "Limit", {"x", "", "most"}, {"u"});
  call(file, "Limit", {"u"}, {"", "y"}).output("y");
  EXPECT_THAT(run(file.import(), {-2, 5}), ElementsAre(2, -1));
}

TEST(Functions, EachHasItsOwnOpset) {
  ModelFile file(17);
  file.input("x", {2, 3});
  // Axes were an attribute before opset 13.
  onnx::FunctionProto& function =
      define(file, "Sum", body().node("ReduceSum", {"a"}, {"b"}).attr("axes", std::vector<int64_t>{1}), {"a"},
             {"b"});
  function.add_opset_import()->set_version(11);
  call(file, "Sum", {"x"}, {"y"}).output("y");
  const Graph graph = file.import();
  EXPECT_EQ(graph.outputs()[0]->type().to_string(), "f32[2,1]");
}

TEST(Functions, WithoutAnOpsetHaveThatOfTheModel) {
  ModelFile file(17);
  file.input("x", {1, 2, 2});
  // Before opset 13 the axes from the given one on were taken together.
  define(file, "Inner", body().node("Softmax", {"a"}, {"b"}).attr("axis", int64_t{1}), {"a"}, {"b"});
  ModelFile outer;
  define(file, "Outer", call(outer, "Inner", {"a"}, {"b"}), {"a"}, {"b"}).add_opset_import()->set_version(11);
  call(file, "Outer", {"x"}, {"y"}).output("y");
  const Tensor y = ops::evaluate(file.import(), std::vector{Tensor(DType::kF32, {1, 2, 2})})[0];
  EXPECT_THAT(y.span<float>(), ElementsAre(0.5F, 0.5F, 0.5F, 0.5F));
}

TEST(Functions, CallsShareTheConstantsInside) {
  ModelFile file;
  file.input("x", {1});
  ModelFile inside;
  onnx::TensorProto& two =
      *inside.node("Constant", {}, {"c"}).attribute("value", onnx::AttributeProto::TENSOR).mutable_t();
  two.set_data_type(onnx::TensorProto::FLOAT);
  two.add_float_data(2);
  define(file, "Double", inside.node("Mul", {"a", "c"}, {"b"}), {"a"}, {"b"});
  call(file, "Double", {"x"}, {"u"}, "first");
  call(file, "Double", {"u"}, {"y"}, "second").output("y");
  const Graph graph = file.import();
  EXPECT_EQ(graph.find_value("first/c")->data().raw(), graph.find_value("second/c")->data().raw());
  EXPECT_THAT(run(graph, {3}), ElementsAre(12));
}

TEST(Functions, ShapesFlowThrough) {
  ModelFile file;
  file.input("x", {2, 3}).ints("last", {-1});
  define(file, "Flat", body().node("Reshape", {"a", "shape"}, {"b"}), {"a", "shape"}, {"b"});
  file.node("Shape", {"x"}, {"s"}).node("Concat", {"last", "s"}, {"t"}).attr("axis", int64_t{0});
  call(file, "Flat", {"x", "t"}, {"y"}).output("y");
  EXPECT_EQ(file.import().outputs()[0]->type().to_string(), "f32[1,2,3]");
}

TEST(Functions, WhatComesInMayGoOut) {
  ModelFile file;
  file.input("x", {1});
  define(file, "Pass", body().node("Neg", {"a"}, {"b"}), {"a"}, {"a", "b"});
  call(file, "Pass", {"x"}, {"y", "z"}).output("y").output("z");
  const Graph graph = file.import();
  verify(graph);
  EXPECT_EQ(graph.outputs()[0]->name(), "y");
  EXPECT_THAT(run(graph, {3}), ElementsAre(3));
}

TEST(Functions, UnusedOnesMayHoldAnything) {
  ModelFile file;
  file.input("x", {1}).node("Neg", {"x"}, {"y"}).output("y");
  ModelFile inside;
  call(inside, "Strange", {"a"}, {"b"});
  define(file, "Strange", inside, {"a"}, {"b"});
  EXPECT_THAT(run(file.import(), {3}), ElementsAre(-3));
}

/// A chain of functions that each call the next one `calls` times.
ModelFile chain(int length, int calls) {
  ModelFile file;
  file.input("x", {1});
  for (int i = 0; i < length; ++i) {
    ModelFile inside;
    std::string value = "v0";
    for (int k = 0; k < calls; ++k) {
      const std::string next = fmt::format("v{}", k + 1);
      if (i + 1 == length) inside.node("Neg", {value}, {next});
      else call(inside, fmt::format("F{}", i + 1), {value}, {next});
      value = next;
    }
    define(file, fmt::format("F{}", i), inside, {"v0"}, {value});
  }
  call(file, "F0", {"x"}, {"y"}).output("y");
  return file;
}

TEST(FunctionErrors, AreNamed) {
  ModelFile self;
  self.input("x", {1});
  ModelFile inside;
  call(inside, "Loop1", {"a"}, {"b"});
  define(self, "Loop1", inside, {"a"}, {"b"});
  call(self, "Loop1", {"x"}, {"y"}).output("y");
  EXPECT_ERROR(self.import(), kUnsupported, "function Loop1 calls itself");

  ModelFile missing = chain(1, 1);
  missing.model.mutable_functions(0)->mutable_node(0)->set_op_type("Nonsense");
  EXPECT_ERROR(missing.import(), kUnsupported, "Nonsense (1 node");

  ModelFile twice = chain(1, 1);
  *twice.model.add_functions() = twice.model.functions(0);
  EXPECT_ERROR(twice.import(), kDataCorrupt, "function F0 of domain \"my\" is defined twice");

  ModelFile attribute = chain(1, 1);
  attribute.attr("alpha", 1.F);
  EXPECT_ERROR(attribute.import(), kInvalidArgument, "function F0 has no attribute alpha");

  ModelFile inputs = chain(1, 1);
  inputs.graph().mutable_node(0)->add_input("x");
  EXPECT_ERROR(inputs.import(), kInvalidArgument, "has 1 inputs and 1 outputs, the call 2 and 1");

  ModelFile nothing = chain(1, 1);
  nothing.model.mutable_functions(0)->set_output(0, "nowhere");
  EXPECT_ERROR(nothing.import(), kDataCorrupt, "\"nowhere\" is not produced by any node");

  ModelFile opset = chain(1, 1);
  opset.model.mutable_functions(0)->add_opset_import()->set_version(99);
  EXPECT_ERROR(opset.import(), kUnsupported, "opset 99 is not supported");

  ModelFile inner = chain(2, 1);
  inner.model.mutable_functions(1)->mutable_node(0)->set_op_type("MatMul");
  EXPECT_ERROR(inner.import(), kInvalidArgument, "MatMul");
}

TEST(FunctionErrors, NestingAndGrowthHaveBounds) {
  EXPECT_EQ(run(chain(64, 1).import(), {3})[0], -3);
  EXPECT_ERROR(chain(65, 1).import(), kUnsupported, "more than 64 deep");
  EXPECT_ERROR(chain(64, 2).import(), kResourceExhausted, "too many nodes");
}

}  // namespace
}  // namespace twofour::onnx_io
