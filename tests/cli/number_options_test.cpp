// Every option of `train` and `eval` that takes numbers, with what is none: an error that names the option.
#include <cctype>

#include "commands.h"

namespace twofour {
namespace {

using ::testing::HasSubstr;
using testing::ProgramResult;

enum class Kind { kWhole, kNumber, kList };

struct NumberOption {
  const char* command;
  const char* flag;
  Kind kind;
};

constexpr NumberOption kOptions[] = {
    {"train", "--classes", Kind::kWhole},
    {"train", "--data_size", Kind::kWhole},
    {"train", "--mean", Kind::kList},
    {"train", "--std", Kind::kList},
    {"train", "--resize", Kind::kWhole},
    {"train", "--center_crop", Kind::kWhole},
    {"train", "--batch_size", Kind::kWhole},
    {"train", "--seed", Kind::kWhole},
    {"train", "--crop_padding", Kind::kWhole},
    {"train", "--epochs", Kind::kWhole},
    {"train", "--lr", Kind::kNumber},
    {"train", "--momentum", Kind::kNumber},
    {"train", "--weight_decay", Kind::kNumber},
    {"train", "--milestones", Kind::kList},
    {"train", "--gamma", Kind::kNumber},
    {"train", "--warmup_epochs", Kind::kNumber},
    {"train", "--clip_norm", Kind::kNumber},
    {"train", "--label_smoothing", Kind::kNumber},
    {"train", "--loss_scale", Kind::kNumber},
    {"train", "--num_iter", Kind::kWhole},
    {"train", "--threads", Kind::kWhole},
    {"train", "--display_every", Kind::kWhole},
    {"eval", "--data_size", Kind::kWhole},
    {"eval", "--mean", Kind::kList},
    {"eval", "--std", Kind::kList},
    {"eval", "--resize", Kind::kWhole},
    {"eval", "--center_crop", Kind::kWhole},
    {"eval", "--batch_size", Kind::kWhole},
    {"eval", "--seed", Kind::kWhole},
    {"eval", "--threads", Kind::kWhole},
};

std::vector<std::string> nonsense(Kind kind) {
  std::vector<std::string> values = {"1e", "0x", "0x10", "nan", "inf", "''", "1e999", "1,,2"};
  if (kind != Kind::kList) values.insert(values.end(), {"-1", "1,2"});
  if (kind == Kind::kWhole) values.insert(values.end(), {"1.5", "99999999999999999999"});
  return values;
}

class NumberOptions : public Commands, public ::testing::WithParamInterface<NumberOption> {};

TEST_P(NumberOptions, RefuseNonsense) {
  const auto [command, flag, kind] = GetParam();
  for (const std::string& value : nonsense(kind)) {
    const ProgramResult result = twofour(std::string(command) + " " + flag + "=" + value);
    EXPECT_EQ(result.status, 2) << value << ": " << result.output;
    EXPECT_THAT(result.output, HasSubstr(std::string(flag) + ": ")) << value;
  }
}

INSTANTIATE_TEST_SUITE_P(Table, NumberOptions, ::testing::ValuesIn(kOptions), [](const auto& test) {
  return test.param.command + ("_" + std::string(test.param.flag).substr(2));
});

TEST_F(Commands, TheTableOfNumbersIsComplete) {
  for (const std::string command : {"train", "eval"}) {
    std::ptrdiff_t seen = 0;
    const std::string help = twofour(command + " --help").output;
    for (size_t at = 0; (at = help.find("  --", at)) != std::string::npos; ++at) {
      const size_t end = help.find(' ', at + 2);
      const std::string type = help.substr(end, 3);  // "N", "N=1" or "N,..."
      if (!type.starts_with(" N") || std::isalnum(static_cast<unsigned char>(type[2]))) continue;
      const std::string flag = help.substr(at + 2, end - at - 2);
      ++seen;
      EXPECT_TRUE(std::ranges::any_of(
          kOptions, [&](const NumberOption& o) { return o.command == command && o.flag == flag; }))
          << command << " " << flag;
    }
    EXPECT_GT(seen, 3) << help;
  }
}

}  // namespace
}  // namespace twofour
