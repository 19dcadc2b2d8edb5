#include "twofour/model.h"

#include "base/errors.h"
#include "ir/graph.h"
#include "support/temporary_path.h"

namespace twofour {
namespace {

TEST(ModelSave, RefusesWeightsThatAreMarkedAndNotSparse) {
  const auto path = temporary_path("twofour_model");
  Model model = Model::zoo("lenet");
  model.prune();
  model.save(path);
  EXPECT_EQ(Model::load(path).text(), model.text());
  std::filesystem::remove(path);

  Value* weight = model.graph().find_value("fc1.weight");
  Tensor values = weight->data().clone();
  std::ranges::fill(values.span<float>(), 1.0F);
  weight->set_data(values);
  EXPECT_ERROR(model.save(path), kFailedPrecondition, "calls weight \"fc1.weight\" 2:4, but ");
  EXPECT_FALSE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace twofour
