// The three-step workflow: a trained dense network, pruned once, retrained with the mask kept.
#include <cstdio>

#include "twofour/train.h"

int main() {
  using namespace twofour;
  Model model = Model::zoo("lenet", {.num_classes = 10, .image_shape = {}, .seed = 1});
  const SgdOptions sgd = {.lr = 0.05, .momentum = 0.9, .weight_decay = 1e-4};
  DataOptions digits;
  digits.source = "digits";
  digits.image_shape = model.image_shape();
  digits.size = 4000;
  digits.batch_size = 50;
  DataLoader train_data(digits);
  digits.split = Split::kTest;
  digits.size = 1000;
  DataLoader test_data(digits);

  const auto train = [&](const Sgd& optimizer) {  // the training loop: the same in step 1 and in step 3
    Trainer trainer(model, optimizer, train_data);
    for (int epoch = 0; epoch < 2; ++epoch) trainer.train_epoch();
    model = trainer.model();
  };

  train(Sgd(sgd));  // 1. a converged dense network
  const double dense = evaluate(model, test_data).accuracy();
  Sgd optimizer(sgd);
  prune_trained_model(model, optimizer);  // 2. prune once; the pattern is now fixed
  const double pruned = evaluate(model, test_data).accuracy();
  train(optimizer);  // 3. repeat the training, the mask kept
  const double retrained = evaluate(model, test_data).accuracy();
  std::printf("accuracy: dense %.3f, pruned %.3f, retrained %.3f\n", dense, pruned, retrained);
  for (const SparsityRow& row : model.sparsity())
    if (row.eligible && row.violations > 0) return 1;
  model.save("three_steps_sparse.onnx");
  return 0;
}
