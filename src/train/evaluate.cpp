#include "train/evaluate.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "base/log.h"
#include "builder/builder.h"
#include "train/image_layout.h"
#include "train/inference_form.h"
#include "train/open_batch.h"

namespace twofour::train {
namespace {

const engine::PlanTensor& only(const engine::Plan& plan, const std::vector<int>& tensors,
                               std::string_view kind) {
  TWOFOUR_CHECK(tensors.size() == 1, kInvalidArgument, "evaluation needs a model with one {}, this has {}",
                kind, tensors.size());
  return plan.tensors[static_cast<size_t>(tensors[0])];
}

void count(const Tensor& scores, const Tensor& labels, Evaluation& result) {
  const Tensor f32 = scores.to(DType::kF32);
  const auto classes = static_cast<size_t>(scores.shape()[1]);
  const auto expected = labels.span<int64_t>();
  for (size_t n = 0; n < expected.size(); ++n) {
    if (expected[n] == data::kNoLabel) continue;
    const auto row = f32.span<float>().subspan(n * classes, classes);
    const bool nan = std::ranges::any_of(row, [](float score) { return std::isnan(score); });
    ++result.images;
    result.nan_images += nan;
    result.correct += !nan && std::ranges::max_element(row) - row.begin() == expected[n];
  }
}

void check_scores(const Evaluation& result) {
  if (result.nan_images == 0) return;
  TWOFOUR_CHECK(result.nan_images < result.images, kFailedPrecondition,
                "the scores of all {} images have NaN among them: a weight of the model or the input "
                "scaling is not finite",
                result.images);
  log_warning("the scores of {} of {} images have NaN among them and count as wrong", result.nan_images,
              result.images);
}

/// `images`, or for a smaller last batch a tensor of `shape` that starts with them.
Tensor fill_up(const Tensor& images, const Shape& shape) {
  if (images.shape() == shape) return images;
  bool fits = images.shape().rank() == shape.rank() && shape.rank() > 0 && images.shape()[0] <= shape[0];
  for (size_t i = 1; fits && i < shape.rank(); ++i) fits = images.shape()[i] == shape[i];
  TWOFOUR_CHECK(fits, kInvalidArgument, "the images are [{}], the model takes [{}]",
                images.shape().to_string(), shape.to_string());
  Tensor filled(DType::kF32, shape);
  std::copy_n(images.raw(), images.size_bytes(), filled.raw());
  return filled;
}

}  // namespace

void check_evaluation(const engine::Engine& engine, const data::Loader& loader) {
  const engine::Plan& plan = engine.plan();
  const engine::PlanTensor& input = only(plan, plan.inputs, "input");
  const engine::PlanTensor& output = only(plan, plan.outputs, "output");
  const Shape& scores = output.desc.shape;
  TWOFOUR_CHECK(scores.rank() == 2 && input.desc.shape.rank() > 0 && scores[0] == input.desc.shape[0] &&
                    is_float(output.desc.dtype),
                kInvalidArgument,
                "output \"{}\" is {}; evaluation needs floating-point scores [batch,classes]", output.name,
                output.desc.to_string());
  const int64_t classes = loader.dataset().num_classes();
  TWOFOUR_CHECK(classes <= scores[1], kInvalidArgument, "the data has {} classes, the model gives {} scores",
                classes, scores[1]);
}

Evaluation evaluate(engine::ExecutionContext& context, data::Loader& loader, const EvaluateFn& progress) {
  check_evaluation(context.engine(), loader);
  const engine::Plan& plan = context.engine().plan();
  const engine::PlanTensor& input = only(plan, plan.inputs, "input");
  const engine::PlanTensor& output = only(plan, plan.outputs, "output");
  const data::Dataset& dataset = loader.dataset();
  const auto start = std::chrono::steady_clock::now();
  Evaluation result;
  loader.seek(0, 0);
  for (int64_t i = 0; i < loader.batches_per_epoch(); ++i) {
    const data::Batch batch = loader.next();
    context.bind(input.name, fill_up(batch.images, input.desc.shape));
    context.run();
    count(context.tensor(output.name), batch.labels, result);
    if (progress) progress(i + 1, loader.batches_per_epoch());
  }
  const auto skipped = dataset.skipped();
  result.skipped = static_cast<int64_t>(skipped.size());
  TWOFOUR_CHECK(result.images > 0, kDataCorrupt, "none of the {} images can be decoded; the first is {}: {}",
                dataset.size(), skipped.at(0).path, skipped.at(0).reason);
  check_scores(result);
  result.time_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return result;
}

std::shared_ptr<const engine::Engine> build_evaluation(const Graph& model, const backend::Backend& backend,
                                                       const data::Loader& loader, int64_t batch_size) {
  TWOFOUR_CHECK(model.inputs().size() == 1, kInvalidArgument,
                "evaluation needs a model with one input, this has {}", model.inputs().size());
  Graph network = model.clone();
  to_inference_form(network);
  open_batch(network, batch_size);
  check_takes_floats(*network.inputs()[0]);
  take_channels_first(network, loader.dataset().image_shape());
  Shape shape = {batch_size};
  for (const int64_t dim : loader.dataset().image_shape()) shape.push_back(dim);
  const builder::Options options{.shapes = {{network.inputs()[0]->name(), shape}}, .time_tactics = false};
  auto engine = builder::build(std::move(network), backend, options).engine;
  check_evaluation(*engine, loader);
  return engine;
}

Evaluation evaluate(const Graph& model, const backend::Backend& backend, data::Loader& loader,
                    int64_t batch_size, const EvaluateFn& progress) {
  const auto context = build_evaluation(model, backend, loader, batch_size)->create_context();
  return evaluate(*context, loader, progress);
}

}  // namespace twofour::train
