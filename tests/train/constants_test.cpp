#include "train/constants.h"

#include "base/errors.h"
#include "models.h"

namespace twofour::train {
namespace {

TEST(Constants, GlobsMatchConstantsAndTheirLayers) {
  Graph model = make_block();
  set_trainable(model, {"conv?", "*.bias"}, false);
  for (const char* name : {"conv1.weight", "conv2.weight", "bn1.bias", "fc.bias"})
    EXPECT_FALSE(model.find_value(name)->trainable()) << name;
  for (const char* name : {"bn1.weight", "down.weight", "fc.weight"})
    EXPECT_TRUE(model.find_value(name)->trainable()) << name;
  set_trainable(model, {"conv2.weight"}, true);
  EXPECT_TRUE(model.find_value("conv2.weight")->trainable());
}

TEST(Constants, GlobsThatDoNothingAreErrors) {
  Graph model = make_block();
  EXPECT_ERROR(set_trainable(model, {"conv9*"}, false), kNotFound, "\"conv9*\" matches no constant");
  EXPECT_ERROR(set_trainable(model, {"bn1.var"}, true), kInvalidArgument, "running statistics or sizes");
}

TEST(Constants, TheLineSaysHowManyAndWhyNot) {
  Graph model = make_block();
  set_trainable(model, {"conv1"}, false);
  const std::string line = describe_constants(model, {"conv2.weight", "fc.weight"});
  EXPECT_THAT(line, ::testing::HasSubstr("trains 2 of 17 constants (348 values); frozen: "));
  EXPECT_THAT(line, ::testing::HasSubstr("frozen by choice (conv1.weight)"));
  EXPECT_THAT(line, ::testing::HasSubstr(
                        "running statistics and sizes (bn1.mean, bn1.var, bn2.mean, bn2.var and 2 more)"));
}

}  // namespace
}  // namespace twofour::train
