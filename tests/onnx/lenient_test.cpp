// What files do against the letter of ONNX and other runtimes let pass; inputs with what the caller knows of
// them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "../base/errors.h"
#include "base/utf8.h"
#include "ir/verify.h"
#include "onnx/export.h"
#include "onnx/utf8.h"
#include "run_model.h"
#include "twofour/log.h"

namespace twofour::onnx_io {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// The import, and the warnings that it gave.
Graph import_warned(const ModelFile& file, std::string& warnings) {
  set_log_sink([&](LogLevel, std::string_view line) { warnings += std::string(line) + "\n"; });
  Graph graph = file.import();
  set_log_sink({});
  verify(graph);
  return graph;
}

TEST(Lenient, TheLastOfSeveralDefinitionsIsUsed) {
  ModelFile file;
  file.input("x", {1}).floats("c", {1}, {1}).floats("c", {1}, {2}).floats("d", {1}, {5});
  file.node("Constant", {}, {"d"}).attr("value_float", 7.F);
  file.node("Constant", {}, {"d"}).attr("value_float", 8.F);
  file.node("Add", {"x", "c"}, {"t"}).node("Mul", {"t", "d"}, {"y"}).output("y");
  std::string warnings;
  const Graph graph = import_warned(file, warnings);
  EXPECT_THAT(run(graph, {row({1})}), ElementsAre(24));
  EXPECT_THAT(warnings, HasSubstr("initializer \"c\" is defined again"));
  EXPECT_THAT(warnings, HasSubstr("initializer \"d\" is defined again"));
  EXPECT_THAT(warnings, HasSubstr("constant \"d\" is defined again"));
}

TEST(Lenient, AnOutputListedTwiceIsOne) {
  ModelFile file;
  file.input("x", {1}).node("Neg", {"x"}, {"y"}).output("y").output("x").output("y");
  std::string warnings;
  const Graph graph = import_warned(file, warnings);
  ASSERT_EQ(graph.outputs().size(), 2U);
  EXPECT_EQ(graph.outputs()[1]->name(), "x");
  EXPECT_THAT(warnings, HasSubstr("output \"y\" is listed twice"));
}

TEST(Lenient, ScalesOfQuantizeLinearThatAreNotPositiveAreWarnedOf) {
  const float inf = std::numeric_limits<float>::infinity();
  const auto warnings = [](const std::vector<float>& scales, const char* op) {
    const auto count = static_cast<int64_t>(scales.size());
    ModelFile file(13);
    file.input("x", {2, count}, *op == 'D' ? onnx::TensorProto::INT8 : onnx::TensorProto::FLOAT);
    file.floats("s", {count}, scales).node(op, {"x", "s"}, {"y"}, "node").output("y");
    std::string lines;
    import_warned(file, lines);
    return lines;
  };
  for (const auto& [scale, text] : {std::pair(0.F, "0"), {-0.5F, "-0.5"}, {inf, "inf"}, {-inf, "-inf"}}) {
    const std::string expected = fmt::format("node \"node\" (QuantizeLinear): scale 1 of \"s\" is {};", text);
    EXPECT_THAT(warnings({1, scale, scale}, "QuantizeLinear"), HasSubstr(expected));
    EXPECT_EQ(warnings({1, scale, scale}, "DequantizeLinear"), "");
  }
  EXPECT_EQ(warnings({1, 1e-40F}, "QuantizeLinear"), "");
  EXPECT_EQ(warnings({1, std::nanf("")}, "DequantizeLinear"), "");
  EXPECT_ERROR(warnings({1, std::nanf("")}, "QuantizeLinear"), kInvalidArgument, "scale 1 of \"s\" is NaN");
  set_log_sink({});
}

TEST(Lenient, ScalesOfWeightsThatAreQuantisedMayBeZero) {
  ModelFile file(13);
  file.input("x", {1, 2}).floats("w", {2, 2}, {1, 2, 0, 0}).floats("s", {2}, {0.5F, 0});
  file.node("QuantizeLinear", {"w", "s"}, {"q"}).attr("axis", int64_t{0});
  file.node("DequantizeLinear", {"q", "s"}, {"d"}).attr("axis", int64_t{0});
  file.node("MatMul", {"x", "d"}, {"y"}).output("y");
  std::string lines;
  EXPECT_THAT(run(import_warned(file, lines), {tensor<float>({1, 2}, {1, 1})}), ElementsAre(1, 2));
  EXPECT_EQ(lines, "");
}

TEST(Lenient, NamesAreMadeUtf8) {
  EXPECT_TRUE(is_utf8("plain \u00e9 \u20ac \U0001F600"));
  for (const char* text :
       {"\xff", "\xe9t\xe9", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "\x80"}) {
    EXPECT_FALSE(is_utf8(text));
    EXPECT_TRUE(is_utf8(to_utf8(text)));
  }
  EXPECT_EQ(to_utf8("\xe9t\xe9"), "\u00e9t\u00e9");
  EXPECT_EQ(to_utf8("\u00e9"), "\u00e9");
  ModelFile file;
  file.input("entr\xe9", {1}).node("Neg", {"entr\xe9"}, {"\xff"}, "n\xfc").output("\xff");
  file.model.set_doc_string("\xfe");
  const Graph graph = file.import();
  EXPECT_EQ(graph.inputs()[0]->name(), "entr\u00e9");
  EXPECT_EQ(graph.outputs()[0]->name(), "\u00ff");
  EXPECT_TRUE(graph.find_node("n\u00fc"));
  EXPECT_EQ(graph.metadata().at("onnx.doc"), "\u00fe");
  EXPECT_THAT(run(ModelFile::import_bytes(export_model_bytes(graph)), {row({2})}), ElementsAre(-2));
}

/// y = x * w, where w is an initializer and an input of the file.
ModelFile scaled() {
  ModelFile file;
  file.input("x", {2}).input("w", {2}).floats("w", {2}, {3, 4});
  return file.node("Mul", {"x", "w"}, {"y"}).output("y");
}

TEST(Inputs, InitializersAreConstantsUnlessKept) {
  const Graph fixed = scaled().import();
  ASSERT_EQ(fixed.inputs().size(), 1U);
  EXPECT_THAT(run(fixed, {row({1, 1})}), ElementsAre(3, 4));
  const Graph kept = scaled().import({.kept_inputs = {"w"}});
  verify(kept);
  ASSERT_EQ(kept.inputs().size(), 2U);
  EXPECT_THAT(run(kept, {row({1, 1}), row({5, 6})}), ElementsAre(5, 6));
  const Graph replaced = scaled().import({.known_inputs = {{"w", row({7, 8})}}});
  ASSERT_EQ(replaced.inputs().size(), 1U);
  EXPECT_THAT(run(replaced, {row({1, 1})}), ElementsAre(7, 8));
  EXPECT_ERROR(scaled().import({.kept_inputs = {"y"}}), kInvalidArgument, "has no input \"y\"; it has: w, x");
}

TEST(Inputs, SizesAreBoundBeforeTypesAreInferred) {
  ModelFile file(11);
  file.input("x", {-1, 1, 3}).node("Squeeze", {"x"}, {"s"}).node("Softmax", {"s"}, {"y"}).output("y");
  EXPECT_ERROR(file.import(), kUnsupported,
               "the rank of its input depends on sizes or data that are not known");
  EXPECT_EQ(file.import({.shapes = {{"x", {4, 1, 3}}}}).outputs()[0]->type().to_string(), "f32[4,3]");
  EXPECT_EQ(file.import({.shapes = {{"x", {0, 1, 3}}}}).outputs()[0]->type().to_string(), "f32[0,3]");
  EXPECT_ERROR(file.import({.shapes = {{"x", {4, 2, 3}}}}), kInvalidArgument,
               "it is f32[?,1,3]; shape 4x2x3 does not fit it");
  EXPECT_ERROR(file.import({.shapes = {{"z", {4}}}}), kInvalidArgument, "has no input \"z\"");
}

TEST(Inputs, RankMayBeUnknown) {
  ModelFile file;
  file.input("x", {}).node("Relu", {"x"}, {"y"}).output("y");
  file.graph().mutable_input(0)->mutable_type()->mutable_tensor_type()->clear_shape();
  const Graph open = file.import();
  EXPECT_FALSE(open.outputs()[0]->type().known);
  EXPECT_EQ(file.import({.shapes = {{"x", {2, -1}}}}).outputs()[0]->type().to_string(), "f32[2,?]");
}

}  // namespace
}  // namespace twofour::onnx_io
