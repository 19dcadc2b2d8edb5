#include "twofour/model.h"

#include "base/errors.h"
#include "base/file.h"
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

TEST(ModelSave, WritesTheWholeFileOrNothing) {
  const auto path = temporary_path("twofour_model");
  Model model = Model::zoo("lenet");
  model.save(path);
  const std::string saved = read_file(path);
  EXPECT_ERROR(model.save(path / "below a file.onnx"), kIo, path.string());
  model.graph().add_node("Nonsense", {model.graph().inputs()[0]}, 1);
  EXPECT_ERROR(model.save(path), kUnsupported, "Nonsense");
  EXPECT_EQ(read_file(path), saved);
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace twofour
