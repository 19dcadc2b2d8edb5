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

TEST_F(Commands, HelpAndVersionHaveTheirUsualNames) {
  const ProgramResult help = twofour("help");
  EXPECT_EQ(help.status, 0) << help.output;
  EXPECT_EQ(help.output, twofour("--help").output);
  EXPECT_EQ(twofour("help prune").output, twofour("prune --help").output);
  EXPECT_EQ(twofour("help exec build").output, twofour("exec --help build").output);
  const ProgramResult version = twofour("--version");
  EXPECT_EQ(version.status, 0) << version.output;
  EXPECT_THAT(version.output, ::testing::StartsWith("twofour "));
  for (const char* arguments : {"-v", "exec --version", "exec -v", "prune --version"})
    EXPECT_EQ(twofour(arguments).output, version.output) << arguments;
}

TEST_F(Commands, NoNumberOfThreadsIsThatOfTheMachine) {
  make_lenet();
  const std::string model = " --threads=0 --onnx=" + file("lenet.onnx");
  for (const char* command :
       {"exec --duration=0 --warmUp=0", "eval --data=digits --data_size=40 --batch_size=20",
        "train --num_iter=1 --batch_size=4"}) {
    const ProgramResult result = twofour(command + model);
    EXPECT_EQ(result.status, 0) << result.output;
  }
}

TEST_P(BadCalls, SayWhatIsWrong) {
  make_lenet();
  std::ofstream(file("text.onnx")) << "this is not a model";
  std::ofstream(file("text.engine")) << "this is not an engine";
  const ProgramResult result = twofour(in_folder(GetParam().arguments));
  EXPECT_EQ(result.status, GetParam().status) << result.output;
  EXPECT_THAT(result.output, HasSubstr(in_folder(GetParam().expected)));
}

INSTANTIATE_TEST_SUITE_P(
    All, BadCalls,
    ::testing::Values(
        BadCall{"NoCommand", "", "subcommand is required", 2},
        BadCall{"UnknownCommand", "exce", "unknown command \"exce\"; did you mean exec?", 2},
        BadCall{"MistypedValue", "train --num_itter=4", "did you mean --num_iter?", 2},
        BadCall{"MissingModel", "inspect @/none.onnx", "none.onnx", 1},
        BadCall{"NotAModel", "inspect @/text.onnx", "text.onnx", 1},
        BadCall{"EvalOverwritesTheModel", "eval --onnx=@/lenet.onnx --data=digits --json=@/lenet.onnx",
                "--json: @/lenet.onnx: --onnx names the same file", 1},
        BadCall{"EvalWithoutFolder", "eval --onnx=@/lenet.onnx --data=digits --json=@/none/a.json",
                "--json: @/none/a.json: there is no folder @/none", 1},
        BadCall{"MissingData", "eval --onnx=@/lenet.onnx --data=@/none", "none", 1},
        BadCall{"BadLossScale", "train --onnx=@/lenet.onnx --loss_scale=1,2",
                "not dynamic, none or one number", 2},
        BadCall{"ResumeFromNowhere", "train --onnx=@/lenet.onnx --resume", "--resume needs --output", 1},
        BadCall{"TooManyThreads", "eval --onnx=@/lenet.onnx --data=digits --threads=100000",
                "--threads: \"100000\" is not a whole number from 0 to 1024", 2},
        BadCall{"NegativeEpochs", "train --zoo=lenet --data=digits --epochs=-1",
                "--epochs: \"-1\" is not a whole number from 1 to 1000000", 2},
        BadCall{"EndlessWarmup",
                "train --zoo=lenet --data=digits --data_size=40 --batch_size=20 --warmup_epochs=1e300",
                "--warmup_epochs: \"1e300\" is not a number from 0 to 1000000", 2},
        BadCall{"NanWarmup",
                "train --zoo=lenet --data=digits --data_size=40 --batch_size=20 --warmup_epochs=nan",
                "--warmup_epochs: \"nan\" is not", 2},
        BadCall{
            "NegativeMilestone",
            "train --zoo=lenet --data=digits --data_size=40 --batch_size=20 --schedule=step --milestones=-1",
            "--milestones: epoch -1 is not between", 2},
        BadCall{"NegativeData", "eval --onnx=@/lenet.onnx --data=digits --data_size=-5",
                "--data_size: \"-5\" is not a whole number from 1 to 1000000000", 2},
        BadCall{"NegativeWeights", "prune @/lenet.onnx -o @/out.onnx --minElements=-1",
                "--minElements: \"-1\" is not a whole number from 0 to 9", 2},
        BadCall{"UnknownNetwork", "zoo alexnet9", "resnet50", 1},
        BadCall{"UnknownLayer", "prune @/lenet.onnx -o @/out.onnx --include=nothing*", "nothing*", 1},
        BadCall{"NoFolder", "prune @/lenet.onnx -o @/folder/out.onnx",
                "--output: @/folder/out.onnx: there is no folder @/folder", 1},
        BadCall{"PruneOverwritesTheModel", "prune @/lenet.onnx -o @/./lenet.onnx",
                "--output: @/./lenet.onnx: model names the same file", 1},
        BadCall{"TrainOverwritesTheModel", "train --onnx=@/out/model.onnx --data=digits --output=@/out",
                "--output: @/out/model.onnx: --onnx names the same file", 1},
        BadCall{"TimesOverwriteTheModel", "train --onnx=@/lenet.onnx --timing_cache=@/lenet.onnx",
                "--timing_cache: @/lenet.onnx: --onnx names the same file", 1},
        BadCall{"ZooWithoutFolder", "zoo lenet -o @/folder/out.onnx", "there is no folder @/folder", 1},
        BadCall{"OutputBelowAFile",
                "train --zoo=lenet --data=digits --data_size=40 --batch_size=20 --output=@/text.onnx/out",
                "error (input/output): cannot make the folder", 1}),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace twofour
