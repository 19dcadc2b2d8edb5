// `quantize`: files in and out, and what is refused.
#include <fstream>

#include "commands.h"
#include "twofour/model.h"

namespace twofour {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::ProgramResult;

class Quantizing : public Commands {
 protected:
  ProgramResult quantize(const std::string& arguments) const {
    return twofour(in_folder("quantize @/lenet.onnx -o @/int8.onnx " + arguments));
  }
  /// A .npy file of f32 1s.
  static void write_npy(const std::string& path, const std::string& shape, size_t count) {
    std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': " + shape + ", }";
    header.resize(117, ' ');
    std::ofstream file(path, std::ios::binary);
    file << "\x93NUMPY" << '\x01' << '\x00' << 'v' << '\x00' << header << '\n';
    const float one = 1;
    for (size_t i = 0; i < count; ++i) file.write(reinterpret_cast<const char*>(&one), sizeof(one));
  }
};

const std::string kDigits = "--data=digits --data_size=60 --num_calib=40 --batch_size=20 ";

TEST_F(Quantizing, WritesAModelAReportAndRanges) {
  make_lenet();
  const ProgramResult result =
      quantize(kDigits + "--method=percentile --json=@/report.json --write_calib=@/ranges.cache");
  ASSERT_EQ(result.status, 0) << result.output;
  EXPECT_THAT(result.output, AllOf(HasSubstr("5 of 5 layers quantised"), HasSubstr("output logits: ")));
  EXPECT_THAT(Model::load(file("int8.onnx")).text(), HasSubstr("DequantizeLinear"));
  const nlohmann::json report = read_json(file("report.json"));
  EXPECT_EQ(report["layers"].size(), 5u);
  EXPECT_EQ(report["tensors"][0]["tensor"], "input");
  EXPECT_TRUE(read_text(file("ranges.cache")).starts_with("TRT-8601-EntropyCalibration2\n"));

  const ProgramResult again = quantize("--calib=@/ranges.cache");
  EXPECT_EQ(again.status, 0) << again.output;
  EXPECT_THAT(again.output, AllOf(HasSubstr("5 of 5 layers"), Not(HasSubstr("output logits: "))));
}

TEST_F(Quantizing, LeavesLayersOutByName) {
  make_lenet();
  const ProgramResult result = quantize(kDigits + "'--exclude=fc*,conv1'");
  ASSERT_EQ(result.status, 0) << result.output;
  EXPECT_THAT(result.output, AllOf(HasSubstr("1 of 5 layers quantised"), HasSubstr("excluded by name")));
}

TEST_F(Quantizing, MeasuresTheAccuracy) {
  make_lenet();
  const ProgramResult result = quantize(kDigits + "--eval_data=digits --budget=100%");
  ASSERT_EQ(result.status, 0) << result.output;
  EXPECT_THAT(result.output, HasSubstr("% with all layers quantised"));
}

TEST_F(Quantizing, TakesFoldersOfTensors) {
  make_lenet();
  std::filesystem::create_directories(file("images"));
  for (const char* name : {"a.npy", "b.npy"})
    write_npy(file("images") + "/" + name, "(2, 1, 28, 28)", 2 * 28 * 28);
  const ProgramResult result = quantize("--loadInputs=input:@/images");
  EXPECT_EQ(result.status, 0) << result.output;
  EXPECT_THAT(result.output, HasSubstr("5 of 5 layers quantised"));
  write_npy(file("images") + "/c.npy", "(1, 1, 28, 27)", 28 * 27);
  const ProgramResult wrong = quantize("--loadInputs=input:@/images");
  EXPECT_EQ(wrong.status, 1);
  EXPECT_THAT(wrong.output, HasSubstr("input \"input\": its shape is ?x1x28x28, got 1x1x28x27"));
  const ProgramResult unknown = quantize("--loadInputs=image:@/images");
  EXPECT_EQ(unknown.status, 1);
  EXPECT_THAT(unknown.output, HasSubstr("input \"input\": there are no calibration data for it"));
}

class BadQuantizing : public BadCalls {};

TEST_P(BadQuantizing, SaysWhatIsWrong) {
  make_lenet();
  std::ofstream(file("other.cache")) << "TRT-8601-EntropyCalibration2\nmodel.9/conv: 3c010a14\n";
  std::ofstream(file("cut.cache")) << "TRT-8601-EntropyCalibration2\ninput: 3c01";
  std::filesystem::create_directories(file("empty"));
  const ProgramResult result =
      twofour(in_folder("quantize @/lenet.onnx -o @/int8.onnx " + GetParam().arguments));
  EXPECT_EQ(result.status, GetParam().status) << result.output;
  EXPECT_THAT(result.output, HasSubstr(in_folder(GetParam().expected)));
  EXPECT_FALSE(std::filesystem::exists(file("int8.onnx")));
}

INSTANTIATE_TEST_SUITE_P(
    All, BadQuantizing,
    ::testing::Values(
        BadCall{"NoData", "", "--data, --loadInputs or --calib must say", 1},
        BadCall{"TwoKindsOfData", "--data=digits --loadInputs=input:@/empty", "--loadInputs", 2},
        BadCall{"NoFiles", "--loadInputs=input:@/empty", "there is no .npy file in @/empty", 1},
        BadCall{"UnknownMethod", "--data=digits --method=median", "--method", 2},
        BadCall{"PercentileOfAnotherMethod", "--data=digits --percentile=99",
                "--percentile has no effect here: it needs --method=percentile", 1},
        BadCall{"BudgetWithoutLabels", "--data=digits --budget=1%",
                "--budget has no effect here: it needs --eval_data", 1},
        BadCall{"BadBudget", "--data=digits --eval_data=digits --budget=-1%", "--budget: \"-1%\" is not", 2},
        BadCall{"UnknownLayer", "--data=digits --data_size=40 --include=layer9*",
                "\"layer9*\" matches no Conv, Gemm or MatMul", 1},
        BadCall{"NoCache", "--calib=@/none.cache", "none.cache", 1},
        BadCall{"OtherModelsCache", "--calib=@/other.cache",
                "@/other.cache names no tensor of the model; the first is \"model.9/conv\"", 1},
        BadCall{"CutCache", "--calib=@/cut.cache", "@/cut.cache:2: expected \"name: \"", 1},
        BadCall{"FewImages", "--data=digits --data_size=10", "10 images do not fill one batch of 32", 1}),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace twofour
