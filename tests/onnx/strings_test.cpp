// Models that have strings beside their numbers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/errors.h"
#include "run_model.h"
#include "twofour/log.h"

namespace twofour::onnx_io {
namespace {

using ::testing::ElementsAre;

constexpr const char* kMl = "ai.onnx.ml";

/// Classes "a" and "b" by two scores, which are x and -x: `label` and `scores`.
ModelFile classifier() {
  ModelFile file;
  file.input("x", {2, 1});
  file.node("LinearClassifier", {"x"}, {"label", "scores"}).domain(kMl);
  file.attr("coefficients", std::vector<float>{1, -1}).attr("intercepts", std::vector<float>{0, 0});
  file.attr("classlabels_strings", std::vector<std::string>{"a", "b"});
  return file;
}

/// The warnings of an import whose result is `scores`.
std::vector<std::string> warnings_of(const ModelFile& file) {
  std::vector<std::string> warnings;
  set_log_sink([&](LogLevel, std::string_view line) { warnings.emplace_back(line); });
  const Graph graph = file.import();
  set_log_sink({});
  EXPECT_EQ(graph.outputs().size(), 1U);
  EXPECT_THAT(run(graph, {tensor<float>({2, 1}, {3, -4})}), ElementsAre(3, -3, -4, 4));
  return warnings;
}

TEST(Strings, OutputsOfStringsAreLeftOut) {
  ModelFile file = classifier();
  file.node("ZipMap", {"scores"}, {"zipped"}).domain(kMl);
  file.attr("classlabels_strings", std::vector<std::string>{"a", "b"}).output("label").output("zipped");
  EXPECT_THAT(warnings_of(file),
              ElementsAre("strings are not supported; these outputs are left out: \"label\""));
}

TEST(Strings, StayStringsWhereTheyAreMoved) {
  ModelFile file = classifier();
  file.initializer("names", {2}, onnx::TensorProto::STRING).add_string_data("a");
  file.node("Cast", {"label"}, {"text"}).attr("to", int64_t{onnx::TensorProto::STRING});
  file.node("ArgMax", {"scores"}, {"best"}).attr("axis", int64_t{1});
  file.node("ArrayFeatureExtractor", {"names", "best"}, {"picked"}).domain(kMl);
  file.ints("shape", {-1}).node("Reshape", {"picked", "shape"}, {"flat"});
  file.node("Constant", {}, {"greeting"}).attr("value_string", "hello");
  file.node("Cast", {"best"}, {"digits"}).attr("to", int64_t{onnx::TensorProto::STRING});
  file.output("text").output("scores").output("flat").output("greeting").output("digits");
  EXPECT_THAT(warnings_of(file),
              ElementsAre("strings are not supported; these outputs are left out: \"text\", "
                          "\"flat\", \"greeting\", \"digits\""));
}

TEST(Strings, MayComeFromBranches) {
  const auto branch = [](const char* name, const char* text) {
    ModelFile file = body(name);
    file.node("Constant", {}, {fmt::format("{} text", name)}).attr("value_string", text);
    return file.output(fmt::format("{} text", name));
  };
  ModelFile file = classifier();
  file.input("c", {}, onnx::TensorProto::BOOL).node("If", {"c"}, {"chosen"});
  file.give("then_branch", branch("then", "yes")).give("else_branch", branch("else", "no"));
  file.output("scores").output("chosen");
  const Graph graph = file.import();
  ASSERT_EQ(graph.outputs().size(), 1U);
  EXPECT_EQ(graph.outputs()[0]->name(), "scores");
}

TEST(Strings, ModelsOfStringsAloneAreRefused) {
  ModelFile file = classifier();
  EXPECT_ERROR(file.output("label").import(), kUnsupported,
               "the model's outputs are strings, which are not supported: \"label\"");
}

TEST(Strings, NumbersMadeOfStringsAreRefused) {
  ModelFile file = classifier();
  file.node("Shape", {"label"}, {"count"}).output("count");
  EXPECT_ERROR(file.import(), kUnsupported, "input \"label\" holds strings, which are not supported");
  ModelFile encoded = classifier();
  encoded.node("Cast", {"label"}, {"number"}).attr("to", int64_t{onnx::TensorProto::FLOAT});
  EXPECT_ERROR(encoded.output("number").import(), kUnsupported, "input \"label\" holds strings");
}

}  // namespace
}  // namespace twofour::onnx_io
