#include "twofour/quantize.h"

#include <algorithm>

#include "api/device.h"
#include "api/observe.h"
#include "builder/builder.h"
#include "data/loader.h"
#include "engine/random_inputs.h"
#include "quant/calibration_cache.h"
#include "quant/quantise.h"
#include "train/image_layout.h"
#include "train/inference_form.h"
#include "twofour/files.h"

namespace twofour {
namespace {

using Shapes = std::map<std::string, Shape>;

/// One in which nothing is fused.
std::shared_ptr<const engine::Engine> plain_engine(const Graph& graph, const Shapes& shapes) {
  const builder::Options options{.sparsity = builder::SparsityMode::kDisable,
                                 .shapes = shapes,
                                 .time_tactics = false,
                                 .optimise = false};
  return builder::build(graph.clone(), api::device(), options).engine;
}

/// Plain engines of one graph, one for each set of shapes.
class PlainEngines {
 public:
  explicit PlainEngines(const Graph& graph) : graph_(graph) {}

  engine::ExecutionContext& context(const InputTensors& inputs) {
    Shapes shapes;
    std::vector<std::vector<int64_t>> key;  // in the order of the names
    for (const auto& [name, tensor] : inputs) {
      shapes[name] = tensor.shape();
      key.push_back(tensor.shape().dims());
    }
    constexpr size_t kMost = 16;
    if (contexts_.size() >= kMost && !contexts_.contains(key)) contexts_.clear();
    auto& context = contexts_[key];
    if (!context) context = plain_engine(graph_, shapes)->create_context();
    return *context;
  }

 private:
  const Graph& graph_;
  std::map<std::vector<std::vector<int64_t>>, std::unique_ptr<engine::ExecutionContext>> contexts_;
};

/// The size that all inputs have first; 1 when they differ.
int64_t samples_in(const InputTensors& inputs) {
  int64_t samples = 0;
  for (const auto& [name, tensor] : inputs) {
    const int64_t first = tensor.shape().rank() > 0 ? tensor.shape()[0] : 1;
    if (samples != 0 && samples != first) return 1;
    samples = first;
  }
  return std::max<int64_t>(samples, 1);
}

quant::RunFn runner(const CalibrationData& data) {
  if (!data) return {};
  return [&data](const Graph& graph, const quant::ObserveFn& observe) {
    PlainEngines engines(graph);
    int64_t first = 0;
    data([&](const InputTensors& batch) {
      const int64_t samples = samples_in(batch);
      engine::ExecutionContext& context = engines.context(batch);
      for (const auto& [name, tensor] : batch) observe({name, tensor, first, samples});
      api::run_observed(context, batch,
                        [&](const std::string& name, size_t, const Tensor& tensor, backend::Format) {
                          observe({name, tensor, first, samples});
                        });
      first += samples;
    });
  };
}

/// The images of the batch that decoded, at most `most`, from the one at `begin` of them.
Tensor decoded(const data::Batch& batch, int64_t begin, int64_t most) {
  const auto labels = batch.labels.span<int64_t>();
  std::vector<size_t> rows;
  for (size_t i = 0; i < labels.size(); ++i)
    if (labels[i] != data::kNoLabel) rows.push_back(i);
  const auto from = std::min(static_cast<size_t>(begin), rows.size());
  const auto count = std::min(static_cast<size_t>(most), rows.size() - from);
  Shape shape = batch.images.shape();
  const auto size = static_cast<size_t>(shape.numel(1, shape.rank()));
  shape[0] = static_cast<int64_t>(count);
  const Tensor images(DType::kF32, shape);
  for (size_t i = 0; i < count; ++i)
    std::ranges::copy(batch.images.span<float>().subspan(rows[from + i] * size, size),
                      images.span<float>().subspan(i * size).begin());
  return images;
}

}  // namespace

CalibrationData calibration_images(const Model& model, DataLoader& data, int64_t images) {
  const std::vector<TensorInfo> inputs = model.input_infos();
  TWOFOUR_CHECK(inputs.size() == 1 && inputs[0].shape.rank() > 0, kInvalidArgument,
                "calibration on images needs a model with one input, this has {}", inputs.size());
  const int64_t fixed = inputs[0].shape[0];
  TWOFOUR_CHECK(fixed <= data.batch_size(), kInvalidArgument,
                "the model takes batches of {} images, the loader gives {}: let it give as many", fixed,
                data.batch_size());
  const int64_t size = fixed > 0 ? fixed : data.batch_size();
  const Value* input = model.graph().inputs()[0];
  return [&data, name = input->name(), dims = input->dims(), fixed, size, images](const auto& each) {
    data::Loader& loader = data.loader();
    loader.seek(0, 0);
    int64_t left = images;
    for (int64_t i = 0; i < loader.batches_per_epoch() && left > 0; ++i) {
      const data::Batch batch = loader.next();
      for (int64_t begin = 0; left > 0; begin += size) {
        const Tensor part = decoded(batch, begin, fixed > 0 ? size : std::min(size, left));
        const int64_t count = part.shape()[0];
        if (count == 0 || (fixed > 0 && count < fixed)) break;
        each({{name, train::as_taken(part, dims)}});
        left -= count;
      }
    }
  };
}

CalibrationData random_calibration(const Model& model, const Shapes& shapes) {
  constexpr uint64_t kRuns = 4;
  return [engine = plain_engine(model.graph(), shapes)](const auto& each) {
    for (uint64_t seed = 0; seed < kRuns; ++seed) each(engine::random_inputs(*engine, {}, seed));
  };
}

TensorRanges calibrate(const Model& model, const CalibrationData& data, const QuantizeOptions& options) {
  api::settle_threads();
  Graph graph = model.graph().clone();
  train::to_inference_form(graph);
  return quant::ranges_of(graph, runner(data), options);
}

QuantizeReport quantize(Model& model, const CalibrationData& data, const QuantizeOptions& options,
                        const AccuracyFn& accuracy) {
  api::settle_threads();
  Graph graph = model.graph().clone();
  train::to_inference_form(graph);
  quant::ScoreFn score;
  if (accuracy) score = [&](const Graph& candidate) { return accuracy(Model(candidate.clone())); };
  QuantizeReport report = quant::quantise(graph, runner(data), options, score);
  model.graph() = std::move(graph);
  return report;
}

TensorRanges read_calibration(const std::filesystem::path& path, const Model& model) {
  const Node* codes = quant::find_codes(model.graph());
  TWOFOUR_CHECK(!codes, kFailedPrecondition,
                "{} has ranges for a float model, and this one is quantised already: it has {}; leave the "
                "file out, or give the float model",
                path.string(), codes->label());
  return quant::ranges_of(quant::read_calibration(path), model.graph(), path.string());
}

void write_calibration(const std::filesystem::path& path, const TensorRanges& ranges) {
  write_file_atomic(path, quant::calibration_text(ranges));
}

}  // namespace twofour
