// The `twofour` binary as a user runs it: results, messages and exit codes.
#include "commands.h"

namespace twofour {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::ProgramResult;

TEST_F(Commands, PruneThenInspect) {
  make_lenet();
  const ProgramResult pruned = twofour("prune " + file("lenet.onnx") + " -o " + file("sparse.onnx"));
  EXPECT_EQ(pruned.status, 0) << pruned.output;
  const ProgramResult shown = twofour("inspect " + file("sparse.onnx") + " --json=" + file("table.json"));
  EXPECT_EQ(shown.status, 0) << shown.output;
  EXPECT_THAT(shown.output, HasSubstr("not eligible: "));  // the first layer has one input channel
  int sparse = 0;
  const nlohmann::json table = read_json(file("table.json"));
  for (const auto& row : table["layers"]) {
    if (row["eligible"]) {
      EXPECT_EQ(row["violations"], 0) << row;
    }
    sparse += row["sparse"].get<bool>();
  }
  EXPECT_GE(sparse, 2);
}

TEST_F(Commands, ExecReadsInputs) {
  make_lenet();
  const std::string exec =
      "exec --onnx=" + file("lenet.onnx") + " --shapes=input:1x1x28x28 --duration=0.05 --loadInputs=";
  std::ofstream(file("input.bin"), std::ios::binary) << std::string(size_t{28} * 28 * 4, '\0');
  const ProgramResult good = twofour(exec + "input:" + file("input.bin"));
  EXPECT_EQ(good.status, 0) << good.output;
  EXPECT_THAT(good.output, HasSubstr("Using values loaded from " + file("input.bin") + " for input input"));
  std::ofstream(file("short.bin"), std::ios::binary) << "1234";
  const auto refused = [&](const std::string& inputs, const std::string& text) {
    const ProgramResult result = twofour(exec + inputs);
    EXPECT_EQ(result.status, 1);
    EXPECT_THAT(result.output, HasSubstr(text));
  };
  refused("input:" + file("short.bin"), "input \"input\" is f32[1,1,28,28], 3136 bytes; ");
  refused("input:" + file("none.bin"), "none.bin");
  refused("image:" + file("input.bin"), "the engine has no input \"image\"");
  refused("input.bin", "is not a file for an input; write name:file");
}

TEST_F(Commands, ExecBuildsSavesLoadsAndTimes) {
  make_lenet();
  twofour("prune " + file("lenet.onnx") + " -o " + file("sparse.onnx"));
  const ProgramResult built =
      twofour("exec --onnx=" + file("sparse.onnx") + " --sparsity=enable --shapes=input:4x1x28x28 " +
              "--duration=0.05 --saveEngine=" + file("a.engine") + " --saveTactics=" + file("tactics.json") +
              " --json=" + file("build.json"));
  EXPECT_EQ(built.status, 0) << built.output;
  EXPECT_THAT(built.output,
              AllOf(HasSubstr("&&&& RUNNING twofour.exec"), HasSubstr("&&&& PASSED twofour.exec"),
                    HasSubstr("(Sparsity) Layers eligible for sparse math: "),
                    HasSubstr("(Sparsity) TRT inference plan picked sparse implementation for layers: "),
                    HasSubstr("=== Performance summary ==="), HasSubstr("Throughput: "),
                    HasSubstr("Latency: min = "), HasSubstr("percentile(99%) = "),
                    HasSubstr("GPU Compute Time: min = "), HasSubstr("Total Host Walltime: ")));
  EXPECT_FALSE(read_json(file("build.json"))["layers"].empty());
  const ProgramResult loaded =
      twofour("exec --loadEngine=" + file("a.engine") + " --duration=0.05 --dumpProfile --sparsity=disable");
  EXPECT_EQ(loaded.status, 0) << loaded.output;
  EXPECT_THAT(loaded.output,
              AllOf(HasSubstr("Engine loaded in "), HasSubstr("=== Profile ("),
                    HasSubstr("[W] --sparsity is ignored: the engine is built already"),
                    HasSubstr("Using random values for input input"), HasSubstr(" MiB scratch")));
  const ProgramResult replayed =
      twofour("exec --onnx=" + file("sparse.onnx") +
              " --sparsity=enable --shapes=input:4x1x28x28 --skipInference --strictTactics " +
              "--loadTactics=" + file("tactics.json"));
  EXPECT_EQ(replayed.status, 0) << replayed.output;
  const ProgramResult missed =
      twofour("exec --onnx=" + file("sparse.onnx") +
              " --sparsity=enable --shapes=input:5x1x28x28 --skipInference --strictTactics " +
              "--loadTactics=" + file("tactics.json"));
  EXPECT_EQ(missed.status, 1);
  EXPECT_THAT(missed.output, HasSubstr("has no decision in"));
}

TEST_F(Commands, BenchmarkModePrintsItsLines) {
  const ProgramResult result = twofour(
      "train --zoo=lenet --precision=fp16 --batch_size=8 --num_iter=4 --iter_unit=batch --display_every=2");
  EXPECT_EQ(result.status, 0) << result.output;
  EXPECT_THAT(result.output,
              AllOf(HasSubstr("global_step: 2 images_per_sec: "),
                    HasSubstr("global_step: 4 images_per_sec: "), Not(HasSubstr("global_step: 3"))));
}

TEST_F(Commands, TrainKeepsTheMaskAndResumes) {
  make_lenet();
  twofour("prune " + file("lenet.onnx") + " -o " + file("sparse.onnx"));
  const std::string base = "train --onnx=" + file("sparse.onnx") + " --data=digits --data_size=400" +
                           " --batch_size=20 --lr=0.02 --output=" + file("out");
  const ProgramResult first = twofour(base + " --epochs=1");
  EXPECT_EQ(first.status, 0) << first.output;
  EXPECT_THAT(first.output, HasSubstr("keeping the 2:4 pattern of"));
  const ProgramResult second = twofour(base + " --epochs=2 --resume");
  EXPECT_EQ(second.status, 0) << second.output;
  EXPECT_THAT(second.output, AllOf(HasSubstr("resumed from"), HasSubstr("epoch 2/2")));
  twofour("inspect " + file("out/model.onnx") + " --json=" + file("table.json"));
  const nlohmann::json table = read_json(file("table.json"));
  ASSERT_FALSE(table["layers"].empty());
  for (const auto& row : table["layers"])
    if (row["eligible"]) {
      EXPECT_EQ(row["violations"], 0) << row;
    }
  EXPECT_TRUE(std::filesystem::exists(file("out/report.html")));
}

struct BadCall {
  std::string name, arguments, expected;
  int status;
};
class BadCalls : public Commands, public ::testing::WithParamInterface<BadCall> {};

TEST_P(BadCalls, SayWhatIsWrong) {
  make_lenet();
  std::ofstream(file("text.onnx")) << "this is not a model";
  std::ofstream(file("text.engine")) << "this is not an engine";
  std::string arguments = GetParam().arguments;
  for (size_t at; (at = arguments.find("@/")) != std::string::npos;)
    arguments.replace(at, 2, folder_.string() + "/");
  const ProgramResult result = twofour(arguments);
  EXPECT_EQ(result.status, GetParam().status) << result.output;
  EXPECT_THAT(result.output, HasSubstr(GetParam().expected));
}

INSTANTIATE_TEST_SUITE_P(
    All, BadCalls,
    ::testing::Values(
        BadCall{"NoCommand", "", "subcommand is required", 2},
        BadCall{"UnknownFlag", "exec --onnx=@/lenet.onnx --nonsense", "--nonsense", 2},
        BadCall{"MissingModel", "inspect @/none.onnx", "none.onnx", 1},
        BadCall{"NotAModel", "inspect @/text.onnx", "text.onnx", 1},
        BadCall{"NotAnEngine", "exec --loadEngine=@/text.engine", "not a twofour engine", 1},
        BadCall{"NothingToExecute", "exec", "give --onnx=FILE or --loadEngine=FILE", 1},
        BadCall{"BadShape", "exec --onnx=@/lenet.onnx --shapes=input:1xx28", "is not a number", 1},
        BadCall{"ShapeWithoutName", "exec --onnx=@/lenet.onnx --shapes=1x1x28x28", "is not a shape", 1},
        BadCall{"WrongInput", "exec --onnx=@/lenet.onnx --shapes=image:1x1x28x28",
                "has no input \"image\"; it has: input", 1},
        BadCall{"WrongRank", "exec --onnx=@/lenet.onnx --shapes=input:1x28x28", "does not fit", 1},
        BadCall{"MissingData", "eval --onnx=@/lenet.onnx --data=@/none", "none", 1},
        BadCall{"NoIterations", "exec --onnx=@/lenet.onnx --iterations=0 --duration=0",
                "at least one iteration", 1},
        BadCall{"BadPercentile", "exec --onnx=@/lenet.onnx --percentile=200", "not between 0 and 100", 1},
        BadCall{"BadLossScale", "train --onnx=@/lenet.onnx --loss_scale=1,2",
                "not dynamic, none or one number", 1},
        BadCall{"ResumeFromNowhere", "train --onnx=@/lenet.onnx --resume", "--resume needs --output", 1},
        BadCall{"UnknownNetwork", "zoo alexnet9", "resnet50", 1},
        BadCall{"UnknownLayer", "prune @/lenet.onnx -o @/out.onnx --include=nothing*", "nothing*", 1},
        BadCall{"NoFolder", "prune @/lenet.onnx -o @/no/such/folder/out.onnx", "out.onnx", 1},
        BadCall{"NegativeThreads", "exec --onnx=@/lenet.onnx --threads=-3", "--threads", 2},
        BadCall{"LoadAndSave", "exec --loadEngine=@/text.engine --saveEngine=@/other.engine",
                "exclude each other", 1},
        BadCall{"BadSparsity", "exec --onnx=@/lenet.onnx --sparsity=maybe", "maybe", 2}),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace twofour
