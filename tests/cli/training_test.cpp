// `train` on models that are pruned already, in forced mixed precision, and where its results cannot be
// saved.
#include "commands.h"
#include "ir/graph.h"
#include "twofour/model.h"

namespace twofour {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::ProgramResult;
using ::testing::UnorderedElementsAre;

class Training : public Commands {
 protected:
  ProgramResult train(const std::string& arguments) const {
    return twofour("train --data=digits --data_size=400 --batch_size=20 --lr=0.02 " + arguments);
  }
  void make_pruned() const {
    make_lenet();
    ASSERT_EQ(twofour("prune " + file("lenet.onnx") + " -o " + file("pruned.onnx")).status, 0);
  }
  std::vector<std::string> names(const std::string& folder) const {
    std::vector<std::string> result;
    for (const auto& entry : std::filesystem::directory_iterator(file(folder)))
      result.push_back(entry.path().filename().string());
    return result;
  }
};

int64_t sparse_layers(const std::string& onnx) {
  int64_t count = 0;
  for (const SparsityRow& row : Model::load(onnx).sparsity()) count += row.eligible && row.sparse;
  return count;
}

TEST_F(Training, KeepFindsTheZerosOfAFileWithoutMetadata) {
  make_pruned();
  Model model = Model::load(file("pruned.onnx"));
  model.graph().metadata().clear();
  model.save(file("plain.onnx"));
  const int64_t layers = sparse_layers(file("plain.onnx"));
  ASSERT_GE(layers, 2);
  const std::string onnx = "--onnx=" + file("plain.onnx");
  const ProgramResult kept = train(onnx + " --sparse=keep --output=" + file("kept"));
  ASSERT_EQ(kept.status, 0) << kept.output;
  EXPECT_THAT(kept.output, HasSubstr("keeping the 2:4 pattern of " + std::to_string(layers) + " weights"));
  EXPECT_EQ(sparse_layers(file("kept/model.onnx")), layers);

  const ProgramResult found = train(onnx + " --output=" + file("found"));
  ASSERT_EQ(found.status, 0) << found.output;
  EXPECT_THAT(found.output, HasSubstr("2:4 by their zeros, though not marked, and kept so: "));
  EXPECT_EQ(sparse_layers(file("found/model.onnx")), layers);

  const ProgramResult lost = train(onnx + " --sparse=none --output=" + file("lost"));
  ASSERT_EQ(lost.status, 0) << lost.output;
  EXPECT_THAT(lost.output, AllOf(HasSubstr("2:4 now and dense after training"), HasSubstr("--sparse=auto")));
  EXPECT_EQ(sparse_layers(file("lost/model.onnx")), 0);

  const ProgramResult dense = train("--sparse=keep --onnx=" + file("lenet.onnx"));
  EXPECT_EQ(dense.status, 1);
  EXPECT_THAT(dense.output, HasSubstr("2:4"));
}

TEST_F(Training, WithoutMasksTheMarksGo) {
  make_pruned();
  const ProgramResult dense =
      train("--onnx=" + file("pruned.onnx") + " --sparse=none --output=" + file("dense"));
  ASSERT_EQ(dense.status, 0) << dense.output;
  EXPECT_EQ(sparse_layers(file("dense/model.onnx")), 0);
  const ProgramResult again = train("--onnx=" + file("dense/model.onnx"));
  EXPECT_EQ(again.status, 0) << again.output;
  EXPECT_THAT(again.output, Not(HasSubstr("keeping the 2:4 pattern")));
}

// Two legs with new processes, which would time their tactics anew, against one.
TEST_F(Training, ResumedRunGivesTheSameBits) {
  const std::string run = "--zoo=lenet --precision=fp16 --amp=force --output=";
  ASSERT_EQ(train(run + file("legs")).status, 0);
  std::filesystem::copy(file("legs"), file("whole"));
  ASSERT_EQ(train(run + file("whole") + " --resume --epochs=3").status, 0);
  ASSERT_EQ(train(run + file("legs") + " --resume --epochs=2").status, 0);
  const ProgramResult last = train(run + file("legs") + " --resume --epochs=3");
  ASSERT_EQ(last.status, 0) << last.output;
  EXPECT_THAT(last.output, Not(HasSubstr("not bit for bit")));
  EXPECT_EQ(read_text(file("legs/model.onnx")), read_text(file("whole/model.onnx")));
  EXPECT_EQ(read_json(file("legs/history.json"))["epochs"].size(), 3U);

  const ProgramResult other = train(run + file("legs") + " --resume --epochs=4 --momentum=0.8");
  EXPECT_EQ(other.status, 1);
  EXPECT_THAT(other.output, HasSubstr("sgd/momentum 0.9, this run has 0.8"));
}

TEST_F(Training, ARunIsLengthenedOnPurposeOnly) {
  const std::string run = "--zoo=lenet --schedule=cosine --output=" + file("out") + " ";
  ASSERT_EQ(train(run + "--epochs=1").status, 0);
  const ProgramResult refused = train(run + "--epochs=2 --resume");
  EXPECT_EQ(refused.status, 1);
  EXPECT_THAT(refused.output, HasSubstr("or allow a new schedule (--new_schedule"));
  const ProgramResult longer = train(run + "--epochs=2 --resume --new_schedule");
  ASSERT_EQ(longer.status, 0) << longer.output;
  EXPECT_THAT(longer.output, HasSubstr("the learning rate follows the schedule given now"));
  EXPECT_EQ(read_json(file("out/history.json"))["epochs"].size(), 2U);
}

TEST_F(Training, WhatIsTrainedIsChosenAndSaid) {
  make_lenet();
  const std::string onnx = "--onnx=" + file("lenet.onnx") + " --output=" + file("out");
  const ProgramResult frozen = train(onnx + " '--freeze=*' --train=*.bias");
  ASSERT_EQ(frozen.status, 0) << frozen.output;
  EXPECT_THAT(frozen.output, HasSubstr("frozen by choice ("));
  const Model before = Model::load(file("lenet.onnx"));
  const Model after = Model::load(file("out/model.onnx"));
  for (const auto& value : before.graph().values()) {
    if (!value->is_constant() || value->dtype() != DType::kF32) continue;
    const Value* trained = after.graph().find_value(value->name());
    const bool same = std::ranges::equal(value->data().span<float>(), trained->data().span<float>());
    EXPECT_EQ(same, !value->name().ends_with(".bias")) << value->name();
    EXPECT_EQ(trained->trainable(), value->name().ends_with(".bias")) << "the file keeps the choice";
  }
  EXPECT_THAT(train(onnx + " --freeze=nothing*").output, HasSubstr("\"nothing*\" matches no constant"));
}

// The test data cannot be evaluated: it is found out before the epoch.
TEST_F(Training, WhatIsNeededLateIsCheckedFirst) {
  make_lenet();
  std::ofstream(file("taken")) << "a file";
  const ProgramResult result = train("--onnx=" + file("lenet.onnx") + " --output=" + file("taken"));
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.output, AllOf(HasSubstr(file("taken")), Not(HasSubstr("epoch 1"))));
}

TEST_F(Training, AFailedRunLeavesNoEmptyFolder) {
  const ProgramResult diverged = train("--zoo=lenet --lr=1e30 --output=" + file("new/out"));
  EXPECT_EQ(diverged.status, 1);
  EXPECT_THAT(diverged.output, HasSubstr("diverged"));
  EXPECT_FALSE(std::filesystem::exists(file("new")));
  std::filesystem::create_directories(file("old"));
  EXPECT_EQ(train("--zoo=lenet --lr=1e30 --output=" + file("old/out")).status, 1);
  EXPECT_TRUE(std::filesystem::exists(file("old"))) << "the run has not made it";
  EXPECT_FALSE(std::filesystem::exists(file("old/out")));
}

TEST_F(Training, AQuantisedModelIsNamedAsSuch) {
  make_lenet();
  ASSERT_EQ(
      twofour("quantize " + file("lenet.onnx") + " --data=digits --data_size=64 -o " + file("int8.onnx"))
          .status,
      0);
  const ProgramResult result = train("--onnx=" + file("int8.onnx") + " --output=" + file("out"));
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.output, AllOf(HasSubstr("the model is quantised already: it has "),
                                   HasSubstr("train the float model that it was made from")));
  EXPECT_FALSE(std::filesystem::exists(file("out")));
}

TEST_F(Training, SaysWhatBecomesOfTheResults) {
  constexpr const char* kUnsaved = "note: nothing will be saved: no --output\n";
  EXPECT_THAT(train("--zoo=lenet").output, HasSubstr(kUnsaved));
  EXPECT_THAT(train("--zoo=lenet --num_iter=1").output, Not(HasSubstr(kUnsaved)));
  const std::string run = "--zoo=lenet --output=" + file("out");
  const std::string replaced = "note: this run replaces what an earlier one left in " + file("out") +
                               ": model.onnx, checkpoint.safetensors, history.json, report.html\n";
  EXPECT_THAT(train(run).output, AllOf(Not(HasSubstr(kUnsaved)), Not(HasSubstr("replaces"))));
  EXPECT_THAT(train(run).output, HasSubstr(replaced));
  EXPECT_THAT(train(run + " --resume --epochs=2").output, Not(HasSubstr("replaces")));
}

// No oneDNN computes f16 on a CPU.
TEST_F(Training, RequiredMixedPrecisionIsCheckedFirst) {
  const ProgramResult result = train("--zoo=lenet --precision=fp16 --require_mixed");
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.output, AllOf(HasSubstr("--require_mixed: "), HasSubstr("has no suitable hardware"),
                                   Not(HasSubstr("images")), Not(HasSubstr("trains"))));
  EXPECT_EQ(train("--zoo=lenet --precision=fp16 --require_mixed --amp=force --num_iter=1").status, 0);
}

TEST_F(Training, OptionsWithoutEffectAreRefused) {
  make_lenet();
  const std::string onnx = "--onnx=" + file("lenet.onnx") + " ";
  for (const char* option :
       {"--classes=10", "--gamma=0.5", "--milestones=2", "--schedule=step", "--amp=force", "--deny_half=x",
        "--display_every=2", "--new_schedule", "--class_names=a,b", "--resize=32"}) {
    const ProgramResult result = train(onnx + option);
    EXPECT_EQ(result.status, 1) << option;
    EXPECT_THAT(result.output, HasSubstr("has no effect here: it needs")) << option;
  }
  EXPECT_THAT(twofour("train --flip " + onnx).output,
              HasSubstr("--flip has no effect here: it needs --data"));
  EXPECT_THAT(twofour("eval --seed=3 --data=/nowhere " + onnx).output,
              HasSubstr("--seed has no effect here: it needs --data=digits"));
  EXPECT_THAT(twofour("eval --resize=32 --data=digits " + onnx).output,
              HasSubstr("--resize has no effect here: it needs a folder of images"));
  EXPECT_THAT(twofour("eval --seed=3 --data_size=20 --data=synthetic " + onnx).output,
              Not(HasSubstr("has no effect")));
}

TEST_F(Training, ForcedHalfPrecisionHalvesActivations) {
  const ProgramResult result = train("--zoo=cnn --precision=fp16 --amp=force --output=" + file("out"));
  ASSERT_EQ(result.status, 0) << result.output;
  EXPECT_THAT(result.output,
              AllOf(HasSubstr("mixed precision: "), HasSubstr("loss scale "),
                    HasSubstr("activations and gradients of a step: "), Not(HasSubstr("training in fp32"))));
  const nlohmann::json history = read_json(file("out/history.json"));
  const nlohmann::json& amp = history["mixed_precision"];
  EXPECT_LT(amp["activation_bytes_mixed"].get<double>(), 0.7 * amp["activation_bytes_f32"].get<double>());
  EXPECT_LT(history["epochs"][0]["loss"], 3);
  EXPECT_THAT(read_text(file("out/report.html")), HasSubstr("Mixed precision"));
}

// As when the disk is full: no file may grow beyond a few blocks.
TEST_F(Training, WhatCannotBeSavedLeavesNothingBehind) {
  make_pruned();
  const std::string before = read_text(file("pruned.onnx"));
  const auto limited = [](const std::string& arguments) {
    return testing::run_program("ulimit -f 8; trap '' XFSZ; exec " TWOFOUR_PROGRAM " " + arguments);
  };
  const std::string lenet = file("lenet.onnx");
  const ProgramResult pruned = limited("prune " + lenet + " -o " + file("pruned.onnx"));
  EXPECT_EQ(pruned.status, 1);
  EXPECT_THAT(pruned.output, HasSubstr("cannot write " + file("pruned.onnx")));
  EXPECT_EQ(read_text(file("pruned.onnx")), before);
  const ProgramResult built =
      limited("exec --onnx=" + lenet + " --skipInference --saveEngine=" + file("lenet.engine"));
  EXPECT_EQ(built.status, 1);
  EXPECT_THAT(built.output, HasSubstr("cannot write " + file("lenet.engine")));
  const ProgramResult trained = limited("train --data=digits --data_size=40 --batch_size=20 --onnx=" + lenet +
                                        " --output=" + file("out"));
  EXPECT_EQ(trained.status, 1);
  EXPECT_THAT(trained.output, HasSubstr("cannot write " + file("out")));
  EXPECT_THAT(names("."), UnorderedElementsAre("lenet.onnx", "pruned.onnx"));
}

}  // namespace
}  // namespace twofour
