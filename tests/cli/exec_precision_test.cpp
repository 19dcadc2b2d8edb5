// `exec` with the flags that choose what layers compute in.
#include "commands.h"
#include "twofour/quantize.h"

namespace twofour {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::ProgramResult;

class ExecPrecision : public Commands {
 protected:
  void SetUp() override {
    Commands::SetUp();
    make_lenet();
    const Model model = Model::load(file("lenet.onnx"));
    write_calibration(file("lenet.cache"),
                      calibrate(model, random_calibration(model, {{"input", {2, 1, 28, 28}}}),
                                {.method = CalibrationMethod::kMinMax}));
  }
  ProgramResult exec(const std::string& arguments) const {
    return twofour(in_folder("exec --duration=0 --warmUp=0 --builderOptimizationLevel=0 " + arguments));
  }
};

TEST_F(ExecPrecision, ACacheGivesTheEngineOfTheQuantisedFile) {
  const ProgramResult quantised =
      twofour(in_folder("quantize @/lenet.onnx -o @/int8.onnx --calib=@/lenet.cache"));
  ASSERT_EQ(quantised.status, 0) << quantised.output;
  const ProgramResult by_cache = exec(
      "--onnx=@/lenet.onnx --int8 --calib=@/lenet.cache --exportOutput=@/a.json --json=@/build.json "
      "--exportReport=@/report.html --exportLayerInfo=@/layers.json --profilingVerbosity=detailed");
  ASSERT_EQ(by_cache.status, 0) << by_cache.output;
  EXPECT_THAT(by_cache.output,
              AllOf(HasSubstr("[I] Precision: int8\n"), HasSubstr(" of 5 layers with a product in int8"),
                    Not(HasSubstr("Timing only"))));
  const ProgramResult by_file = exec("--onnx=@/int8.onnx --int8 --exportOutput=@/b.json");
  ASSERT_EQ(by_file.status, 0) << by_file.output;
  EXPECT_EQ(read_text(file("a.json")), read_text(file("b.json")));
  const nlohmann::json build = read_json(file("build.json"));
  EXPECT_EQ(build["precisions"].size(), 2u);
  EXPECT_FALSE(build["timing_only"]);
  EXPECT_TRUE(build["layers"][0].contains("precision"));
  EXPECT_TRUE(read_json(file("layers.json"))["Layers"][0].contains("Precision"));
  EXPECT_THAT(read_text(file("report.html")), HasSubstr("Layers by precision"));
}

TEST_F(ExecPrecision, RandomRangesAreForTimingOnly) {
  const ProgramResult built =
      exec("--onnx=@/lenet.onnx --int8 --calib=random --saveEngine=@/a.engine --exportReport=@/report.html");
  ASSERT_EQ(built.status, 0) << built.output;
  EXPECT_THAT(built.output, AllOf(HasSubstr("=== Trace details ==="), HasSubstr("[W] Timing only: ")));
  EXPECT_THAT(read_text(file("report.html")), HasSubstr("Timing only"));
  const ProgramResult loaded = exec("--loadEngine=@/a.engine --dumpProfile --int8");
  EXPECT_EQ(loaded.status, 0) << loaded.output;
  EXPECT_THAT(loaded.output, AllOf(HasSubstr("[W] Timing only: "),
                                   HasSubstr("[W] --int8 is ignored: the engine is built already")));
}

TEST_F(ExecPrecision, BestTakesWhatIsThere) {
  const ProgramResult without = exec("--onnx=@/lenet.onnx --best --noTF32");
  EXPECT_EQ(without.status, 0) << without.output;
  EXPECT_THAT(without.output,
              AllOf(HasSubstr("--best does not quantise a float model: --calib"),
                    HasSubstr("Precision: fp16 is not used: "), HasSubstr("--noTF32 has no effect: ")));
  const ProgramResult with = exec("--onnx=@/lenet.onnx --best --calib=@/lenet.cache");
  EXPECT_EQ(with.status, 0) << with.output;
  EXPECT_THAT(with.output, HasSubstr("layers with a product in int8"));
}

TEST_F(ExecPrecision, LayersStayInFloatingPointByName) {
  const std::string int8 = "--onnx=@/lenet.onnx --int8 --calib=@/lenet.cache --layerPrecisions=fc1:fp32 ";
  const ProgramResult obeyed = exec(int8 + "--precisionConstraints=obey");
  EXPECT_EQ(obeyed.status, 0) << obeyed.output;
  EXPECT_THAT(obeyed.output, HasSubstr("(excluded by name)"));
  const ProgramResult unheeded = exec(int8);
  EXPECT_EQ(unheeded.status, 0) << unheeded.output;
  EXPECT_THAT(unheeded.output, AllOf(HasSubstr("have no effect without --precisionConstraints"),
                                     Not(HasSubstr("(excluded by name)"))));
}

class BadExecPrecision : public BadCalls {};

TEST_P(BadExecPrecision, SaysWhatIsWrong) {
  make_lenet();
  std::ofstream(file("other.cache")) << "TRT-8601-EntropyCalibration2\nmodel.9/conv: 3c010a14\n";
  std::ofstream(file("input.cache")) << "TRT-8601-EntropyCalibration2\ninput: 3c010a14\n";
  if (GetParam().arguments.find("int8.onnx") != std::string::npos) {
    const ProgramResult made =
        twofour(in_folder("quantize @/lenet.onnx -o @/int8.onnx --calib=@/input.cache"));
    ASSERT_EQ(made.status, 0) << made.output;
  }
  const ProgramResult result = twofour(in_folder("exec --saveEngine=@/never.engine " + GetParam().arguments));
  EXPECT_EQ(result.status, GetParam().status) << result.output;
  EXPECT_THAT(result.output, HasSubstr(in_folder(GetParam().expected)));
  EXPECT_THAT(result.output, Not(HasSubstr("Engine built")));
  EXPECT_FALSE(std::filesystem::exists(file("never.engine")));
}

INSTANTIATE_TEST_SUITE_P(
    All, BadExecPrecision,
    ::testing::Values(
        BadCall{"NoCalib", "--onnx=@/lenet.onnx --int8",
                "int8 needs the ranges of the model's tensors: --calib", 1},
        BadCall{"NoCache", "--onnx=@/lenet.onnx --int8 --calib=@/none.cache",
                "--calib: @/none.cache: No such", 1},
        BadCall{"OtherModelsCache", "--onnx=@/lenet.onnx --int8 --calib=@/other.cache",
                "@/other.cache names no tensor of the model; the first is \"model.9/conv\"", 1},
        BadCall{"QuantisedAlready", "--onnx=@/int8.onnx --int8 --calib=@/input.cache",
                "leave the file out, or give the float model", 1},
        BadCall{"QuantisedAlreadyAndRandom", "--onnx=@/int8.onnx --int8 --calib=random", "quantised already",
                1},
        BadCall{"StronglyTyped", "--onnx=@/lenet.onnx --stronglyTyped --int8 --bf16",
                "--stronglyTyped keeps the model's types, which --bf16, --int8 would change", 1},
        BadCall{"NotObeyed",
                "--onnx=@/lenet.onnx --precisionConstraints=obey --layerPrecisions=conv1:int8 "
                "--builderOptimizationLevel=0",
                "computes in fp32, not int8", 1},
        BadCall{"UnknownLayer",
                "--onnx=@/lenet.onnx --precisionConstraints=prefer --layerOutputTypes=conv9*:fp32",
                "\"conv9*\" matches no layer of the model", 1},
        BadCall{"UnknownType", "--onnx=@/lenet.onnx --layerPrecisions=conv1:fp8",
                "--layerPrecisions: \"fp8\" is not fp32, fp16, bf16 or int8", 2},
        BadCall{"UnknownTypeOfAnOutput", "--onnx=@/lenet.onnx --layerOutputTypes=conv1:fp32+int4",
                "--layerOutputTypes: \"int4\" is not", 2}),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace twofour
