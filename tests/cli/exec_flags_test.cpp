// Every flag of `twofour exec` with every kind of bad value: an error that names the flag, before a build.
#include "commands.h"

namespace twofour {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::ProgramResult;

enum class Kind { kWhole, kNumber, kSizes, kFiles, kFile, kWords, kFlag };

struct Flag {
  const char* name;
  Kind kind;
};

constexpr Flag kFlags[] = {
    {"--onnx", Kind::kFile},
    {"--loadEngine", Kind::kFile},
    {"--saveEngine", Kind::kFile},
    {"--shapes", Kind::kSizes},
    {"--optShapes", Kind::kSizes},
    {"--minShapes", Kind::kSizes},
    {"--maxShapes", Kind::kSizes},
    {"--sparsity", Kind::kWords},
    {"--bf16", Kind::kFlag},
    {"--fp16", Kind::kFlag},
    {"--int8", Kind::kFlag},
    {"--best", Kind::kFlag},
    {"--calib", Kind::kFile},
    {"--stronglyTyped", Kind::kFlag},
    {"--precisionConstraints", Kind::kWords},
    {"--layerPrecisions", Kind::kWords},
    {"--layerOutputTypes", Kind::kWords},
    {"--saveTactics", Kind::kFile},
    {"--loadTactics", Kind::kFile},
    {"--strictTactics", Kind::kFlag},
    {"--timingCacheFile", Kind::kFile},
    {"--errorOnTimingCacheMiss", Kind::kFlag},
    {"--builderOptimizationLevel", Kind::kWhole},
    {"--avgTiming", Kind::kWhole},
    {"--maxTactics", Kind::kWhole},
    {"--tacticSources", Kind::kWords},
    {"--inputIOFormats", Kind::kWords},
    {"--outputIOFormats", Kind::kWords},
    {"--profilingVerbosity", Kind::kWords},
    {"--loadInputs", Kind::kFiles},
    {"--iterations", Kind::kWhole},
    {"--duration", Kind::kNumber},
    {"--warmUp", Kind::kNumber},
    {"--sleepTime", Kind::kNumber},
    {"--idleTime", Kind::kNumber},
    {"--infStreams", Kind::kWhole},
    {"--threads", Kind::kWhole},
    {"--noDataTransfers", Kind::kFlag},
    {"--skipInference", Kind::kFlag},
    {"--timeDeserialize", Kind::kFlag},
    {"--avgRuns", Kind::kWhole},
    {"--percentile", Kind::kNumber},
    {"--dumpProfile", Kind::kFlag},
    {"--exportProfile", Kind::kFile},
    {"--dumpLayerInfo", Kind::kFlag},
    {"--exportLayerInfo", Kind::kFile},
    {"--dumpOutput", Kind::kFlag},
    {"--exportOutput", Kind::kFile},
    {"--dumpRawBindingsToFile", Kind::kFlag},
    {"--exportTimes", Kind::kFile},
    {"--exportTrace", Kind::kFile},
    {"--exportReport", Kind::kFile},
    {"--json", Kind::kFile},
    {"--verbose", Kind::kFlag},
};

std::vector<std::string> bad_values(Kind kind) {
  switch (kind) {
    case Kind::kWhole: return {"abc", "1e99", "99999999999999999999", "-5", "1.5", "0x10", "nan", "'\"3\"'"};
    case Kind::kNumber: return {"abc", "1e999", "-5", "nan", "inf", "1.5s", "'\"3\"'"};
    case Kind::kSizes:
      return {"abc",
              "1x3",
              "input:",
              "input:1xx3",
              "input:1x-3",
              "input:1e99",
              "input:99999999999999999999",
              "input:1,input:2",
              "input:1,,",
              "\"'input:1\""};
    case Kind::kFiles:
      return {"abc", "input:", ":@/lenet.onnx", "input:@/none.bin", "input:@", "\"'input:a\""};
    case Kind::kFile: return {"@", "@/none/a", "/dev/null"};
    case Kind::kWords: return {"abc", "1e99", ",", "fp32", "-", "'\"'"};
    case Kind::kFlag: return {"1", "abc", "-1"};
  }
  return {};
}

class ExecFlags : public Commands, public ::testing::WithParamInterface<Flag> {
 protected:
  void SetUp() override {
    Commands::SetUp();
    make_lenet();
  }
  void expect_refused(const std::string& arguments) const {
    const ProgramResult result = twofour(in_folder(arguments));
    EXPECT_NE(result.status, 0) << arguments << result.output;
    EXPECT_LT(result.status, 3) << arguments;
    EXPECT_THAT(result.output, AllOf(HasSubstr(GetParam().name), Not(HasSubstr("Engine built"))));
    EXPECT_FALSE(std::filesystem::exists(file("never.engine"))) << arguments;
  }
};

TEST_P(ExecFlags, RefuseBadValues) {
  const auto [name, kind] = GetParam();
  const std::string model = std::string("exec --saveEngine=@/never.engine") +
                            (std::string(name) == "--onnx" ? "" : " --onnx=@/lenet.onnx");
  const std::string start = model + " " + name + "=";
  for (const std::string& value : bad_values(kind)) expect_refused(start + value);
  expect_refused(start);
  if (kind != Kind::kFlag) expect_refused(start + "''");
  if (kind != Kind::kFlag && std::string(name) != "--threads") {
    const ProgramResult result = twofour(in_folder(model + " " + name));  // the value is missing
    EXPECT_EQ(result.status, 2) << result.output;
    EXPECT_THAT(result.output, HasSubstr(name));
  }
}

INSTANTIATE_TEST_SUITE_P(Table, ExecFlags, ::testing::ValuesIn(kFlags),
                         [](const auto& test) { return std::string(test.param.name).substr(2); });

TEST_F(Commands, TheTableOfFlagsIsComplete) {
  for (const char* topic : {"model", "build", "inference", "report"}) {
    const std::string help = twofour(std::string("exec --help ") + topic).output;
    for (size_t at = 0; (at = help.find("  --", at)) != std::string::npos; ++at) {
      const std::string flag = help.substr(at + 2, help.find_first_of(" ,", at + 2) - at - 2);
      EXPECT_TRUE(std::ranges::any_of(kFlags, [&](const Flag& f) { return f.name == flag; })) << flag;
    }
  }
}

TEST_F(Commands, TheLastOfRepeatedFlagsCounts) {
  make_lenet();
  const std::string exec =
      "exec --onnx=" + file("lenet.onnx") + " --duration=0 --warmUp=0 --exportOutput=" + file("out.json");
  const ProgramResult run = twofour(exec + " --shapes=input:3x1x28x28 --shapes=input:2x1x28x28");
  EXPECT_EQ(run.status, 0) << run.output;
  EXPECT_THAT(run.output,
              HasSubstr("note: --shapes was given 2 times: the last one, input:2x1x28x28, counts"));
  EXPECT_EQ(read_json(file("out.json"))[0]["dimensions"], "2x10");
  const ProgramResult alias = twofour(exec + " --infStreams=2 --streams=0");
  EXPECT_EQ(alias.status, 2);
  EXPECT_THAT(alias.output, HasSubstr("--infStreams: \"0\" is not a whole number from 1 to 256"));
  EXPECT_THAT(twofour(exec + " --verbose --verbose").output, Not(HasSubstr("note: ")));
}

TEST_F(Commands, ExecReadsQuotedNamesAndBlanks) {
  make_lenet();
  const std::string exec = "exec --duration=0 --warmUp=0 --onnx=" + file("lenet.onnx");
  EXPECT_EQ(twofour(exec + " --shapes='\"input\": 2x1x28x28 '").status, 0);
  const ProgramResult other = twofour(exec + " --shapes=\"'a:b,c':1x3, input:1x1x28x28\"");
  EXPECT_EQ(other.status, 1);
  EXPECT_THAT(other.output, HasSubstr("no input \"a:b,c\""));
  EXPECT_EQ(twofour(exec + " --percentile='50, 99' --outputIOFormats=' fp32:chw'").status, 0);
}

TEST_F(Commands, ExecTakesWhatIsMissingOfAProfileFromTheRest) {
  make_lenet();
  const std::string exec = "exec --duration=0 --warmUp=0 --onnx=" + file("lenet.onnx");
  const ProgramResult run = twofour(exec + " --minShapes=input:1x1x28x28 --maxShapes=input:4x1x28x28");
  EXPECT_EQ(run.status, 0) << run.output;
  EXPECT_THAT(run.output, AllOf(HasSubstr("input \"input\": --optShapes is that of --maxShapes"),
                                HasSubstr("takes 1x1x28x28 to 4x1x28x28: using 4x1x28x28")));
}

}  // namespace
}  // namespace twofour
