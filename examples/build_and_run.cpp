// From a model to an engine file, and from the file to results.
#include <cstdio>

#include "twofour/engine.h"

int main() {
  using namespace twofour;
  Model model = Model::zoo("resnet20", {.num_classes = 10, .image_shape = {}, .seed = 1});
  model.prune();
  const BuiltEngine built = build_engine(model, {.shapes = {{"input", {8, 3, 32, 32}}}});
  built.engine.save("resnet20.engine");
  for (const LayerChoice& layer : built.report.layers)
    if (layer.has_weight)
      std::printf("%-40s %-22s %s\n", layer.layer.c_str(), layer.winner.c_str(), layer.verdict().c_str());

  const Engine engine = Engine::load("resnet20.engine");
  Context context = engine.context();
  Tensor images(DType::kF32, {8, 3, 32, 32});
  context.bind("input", images);
  context.run();
  std::printf("first logit: %g\n", static_cast<double>(context.tensor("logits").span<float>()[0]));
  return 0;
}
