// `twofour compare` as a user runs it.
#include "commands.h"

namespace twofour {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::ProgramResult;

TEST_F(Commands, CompareWithTheReference) {
  make_lenet();
  const ProgramResult run = twofour("compare " + file("lenet.onnx") +
                                    " --shapes=input:3x1x28x28 --bisect --json=" + file("compare.json") +
                                    " --html=" + file("compare.html"));
  EXPECT_EQ(run.status, 0) << run.output;
  EXPECT_THAT(run.output, AllOf(HasSubstr("against the reference kernels"), HasSubstr("conv1 + relu1"),
                                HasSubstr("every layer is within tolerance")));
  const nlohmann::json json = read_json(file("compare.json"));
  EXPECT_EQ(json["passed"], true);
  EXPECT_EQ(json["outputs"][0]["elements"], 30);
  EXPECT_THAT(read_text(file("compare.html")), HasSubstr("Agreement of each layer"));
}

TEST_F(Commands, CompareSeesWhatPruningDoes) {
  make_lenet();
  twofour("prune " + file("lenet.onnx") + " -o " + file("sparse.onnx") + " --include=fc1");
  const ProgramResult models = twofour("compare " + file("sparse.onnx") + " " + file("lenet.onnx"));
  EXPECT_EQ(models.status, 1);
  EXPECT_THAT(models.output,
              AllOf(HasSubstr("first layer outside tolerance: fc1 + relu3"),
                    HasSubstr("error (failed precondition): output \"logits\" is out of tolerance: ")));
  EXPECT_EQ(twofour("compare " + file("sparse.onnx") + " --dense").status, 0);
  const std::string forced = "compare " + file("lenet.onnx") + " --sparsity=force";
  EXPECT_EQ(twofour(forced + " --dense").status, 1);
  EXPECT_EQ(twofour(forced + " --dense --atol=100").status, 0);
  const ProgramResult bisected = twofour(forced + " --bisect");
  EXPECT_EQ(bisected.status, 1);
  EXPECT_THAT(bisected.output, HasSubstr("the output leaves tolerance with layer: "));
}

TEST_F(Commands, CompareTakesSeedsAndFiles) {
  make_lenet();
  const auto mean_abs = [&](const std::string& flags) {
    twofour("compare " + file("lenet.onnx") + " --sparsity=force --dense --json=" + file("compare.json") +
            flags);
    return read_json(file("compare.json"))["outputs"][0]["mean_abs"].get<double>();
  };
  EXPECT_NE(mean_abs(""), mean_abs(" --seed=7"));
  std::ofstream(file("input.bin"), std::ios::binary) << std::string(size_t{28} * 28 * 4, '\0');
  const std::string loaded = " --loadInputs=input:" + file("input.bin");
  EXPECT_EQ(mean_abs(loaded), mean_abs(loaded + " --seed=7"));
}

TEST_F(Commands, CompareExpandsWildcards) {
  make_lenet();
  const ProgramResult run = twofour("compare " + file("lenet.onnx") + " " + file("lenet.onnx") +
                                    " '--shapes=in*:3x1x28x28' --json=" + file("compare.json"));
  EXPECT_EQ(run.status, 0) << run.output;
  EXPECT_EQ(read_json(file("compare.json"))["outputs"][0]["elements"], 30);
}

std::string proto_number(int field, char value) { return {static_cast<char>(field << 3), value}; }
std::string proto_bytes(int field, const std::string& content) {
  return std::string{static_cast<char>(field << 3 | 2), static_cast<char>(content.size())} + content;
}
std::string proto_vector(int field, const std::string& name) {
  const std::string shape = proto_bytes(2, proto_bytes(1, proto_number(1, 2)));
  return proto_bytes(field,
                     proto_bytes(1, name) + proto_bytes(2, proto_bytes(1, proto_number(1, 1) + shape)));
}

/// y = x * w in ONNX, where w is an initializer and an input of the file.
std::string scaling_model() {
  const std::string node =
      proto_bytes(1, "x") + proto_bytes(1, "w") + proto_bytes(2, "y") + proto_bytes(4, "Mul");
  const std::string weight =
      proto_number(1, 2) + proto_number(2, 1) + proto_bytes(8, "w") + proto_bytes(9, std::string(8, '\0'));
  const std::string graph = proto_bytes(1, node) + proto_bytes(2, "net") + proto_bytes(5, weight) +
                            proto_vector(11, "x") + proto_vector(11, "w") + proto_vector(12, "y");
  return proto_number(1, 8) + proto_bytes(7, graph) + proto_bytes(8, proto_number(2, 17));
}

TEST_F(Commands, CompareTakesFilesForInitializers) {
  std::ofstream(file("scaling.onnx"), std::ios::binary) << scaling_model();
  std::ofstream(file("w.bin"), std::ios::binary) << "12345678";
  const ProgramResult run = twofour("compare " + file("scaling.onnx") + " --loadInputs=w:" + file("w.bin"));
  EXPECT_EQ(run.status, 0) << run.output;
}

INSTANTIATE_TEST_SUITE_P(
    Compare, BadCalls,
    ::testing::Values(
        BadCall{"NoModel", "compare", "model is required", 2},
        BadCall{"MissingModel", "compare @/none.onnx", "none.onnx", 1},
        BadCall{"NotAModel", "compare @/lenet.onnx @/text.onnx", "text.onnx", 1},
        BadCall{"NegativeTolerance", "compare @/lenet.onnx --atol=-1",
                "--atol: \"-1\" is not a number from 0", 2},
        BadCall{"BisectTwo", "compare @/none.onnx @/lenet.onnx --bisect",
                "--bisect works only against the reference kernels\n", 1},
        BadCall{"BisectDense", "compare @/lenet.onnx --dense --bisect",
                "--bisect works only against the reference kernels\n", 1},
        BadCall{"DenseAndOther", "compare @/lenet.onnx @/lenet.onnx --dense", "--dense", 2},
        BadCall{"WrongInput", "compare @/lenet.onnx --loadInputs=image:@/text.onnx",
                "the model has no input \"image\"; it has: input", 1},
        BadCall{"MistypedInput", "compare @/lenet.onnx --shapes=inptu:1x1x28x28", "(did you mean \"input\"?)",
                1},
        BadCall{"WildcardMatchesNothing", "compare @/lenet.onnx --shapes=image*:1x1x28x28",
                "no input matches \"image*\"", 1},
        BadCall{"OverwritesTheTactics", "compare @/lenet.onnx --loadTactics=@/text.onnx --json=@/text.onnx",
                "--json: @/text.onnx: --loadTactics names the same file", 1},
        BadCall{"WrongShape", "compare @/lenet.onnx --shapes=input:1x3x28x28", "input \"input\"", 1},
        BadCall{"NoFolder", "compare @/lenet.onnx --html=@/none/a.html", "there is no folder @/none", 1}),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace twofour
