#include "train/step.h"

#include <algorithm>
#include <array>

#include "train/autodiff.h"
#include "train/prepare.h"

namespace twofour::train {
namespace {

constexpr std::array kPrecisionDTypes = {DType::kF32, DType::kF16, DType::kBF16};

void check_options(const StepOptions& options) {
  check(options.update.sgd);
  check(options.update.scaling);
  TWOFOUR_CHECK(options.label_smoothing >= 0 && options.label_smoothing < 1, kInvalidArgument,
                "[label_smoothing] is {}, expected 0 or more and less than 1", options.label_smoothing);
  TWOFOUR_CHECK(options.update.clip_norm >= 0, kInvalidArgument, "[clip_norm] is {}, expected 0 or more",
                options.update.clip_norm);
}

class StepMaker {
 public:
  StepMaker(const Graph& model, const StepOptions& options)
      : options_(options),
        forward_(prepare_training(model, options.batch_size, options.image_shape)),
        graph_(forward_.graph) {}

  TrainingStep make() {
    add_inputs();
    add_loss();
    add_backward();
    paint();
    append_update(graph_, parameters_, scale_, lr_, options_.update);
    collect_state();
    collect_outputs();
    graph_.erase_dead();
    step_.graph = std::move(graph_);
    return std::move(step_);
  }

 private:
  Value* scalar_input(std::string name, DType dtype) {
    return graph_.add_input(std::move(name), {dtype, {}});
  }

  void add_inputs() {
    labels_ = graph_.add_input("labels", {DType::kI64, {options_.batch_size}});
    lr_ = scalar_input("lr", DType::kF32);
    const auto mode = options_.update.scaling.mode;
    if (mode != LossScaling::Mode::kNone) scale_.scale = scalar_input("loss_scale", DType::kF32);
    if (mode == LossScaling::Mode::kDynamic) scale_.tracker = scalar_input("loss_scale_tracker", DType::kI32);
  }

  void add_loss() {
    ops::Builder builder(graph_, "train.");
    Attrs attrs = {{"reduction", std::string("mean")}};
    if (options_.label_smoothing > 0)
      attrs.set("label_smoothing", static_cast<float>(options_.label_smoothing));
    loss_ = builder.op("SoftmaxCrossEntropyLoss", {forward_.scores, labels_}, attrs);
    correct_ = builder.op("TopOneCorrect", {forward_.scores, labels_});
  }

  /// Gradients first, on constants; the constants that have one become inputs, the others stay.
  void add_backward() {
    ops::Builder builder(graph_, "train.");
    Value* seed = scale_.scale ? scale_.scale : builder.scalar(1);
    const auto gradients = append_gradients(graph_, loss_, forward_.parameters, seed);
    for (Value* constant : forward_.parameters) {
      Value* gradient = gradients.at(constant);
      if (!gradient) continue;
      Value* parameter = promote_to_input(graph_, constant);
      const std::string& name = parameter->name();
      Value* momentum = graph_.add_input("momentum/" + name, parameter->type());
      Value* mask = nullptr;
      if (options_.masked.contains(name))
        mask = graph_.add_input("mask/" + name, {DType::kBool, parameter->dims()});
      parameters_.push_back({parameter, gradient, momentum, mask});
    }
    TWOFOUR_CHECK(!parameters_.empty(), kInvalidArgument, "the loss depends on no weight of the model");
    for (const std::string& name : options_.masked)
      TWOFOUR_CHECK(
          std::ranges::any_of(parameters_, [&](const auto& p) { return p.parameter->name() == name; }),
          kInvalidArgument, "mask \"{}\" belongs to no parameter of the model", name);
  }

  /// Paints the joint graph. Its outputs keep their types, so the gradients come back as f32.
  void paint() {
    std::vector<Value*> outputs = {loss_, correct_};
    for (const auto& statistic : forward_.statistics) outputs.push_back(statistic.next);
    for (const ParameterUpdate& p : parameters_) outputs.push_back(p.gradient);
    graph_.set_outputs(std::move(outputs));
    graph_.erase_dead();
    if (options_.precision == Precision::kF32) return;
    step_.paint =
        amp::paint(graph_, {.dtype = precision_dtype(options_.precision), .deny_nodes = options_.deny_half});
    auto painted = graph_.outputs().begin();
    loss_ = *painted++;
    correct_ = *painted++;
    for (auto& statistic : forward_.statistics) statistic.next = *painted++;
    for (ParameterUpdate& p : parameters_) p.gradient = *painted++;
  }

  void add_state(StateTensor::Kind kind, const Value* input, Value* output, const std::string& name) {
    graph_.rename(output, "new/" + input->name());
    step_.state.push_back({kind, name, input->name(), output->name()});
    outputs_.push_back(output);
  }

  void collect_state() {
    using Kind = StateTensor::Kind;
    for (const ParameterUpdate& p : parameters_) {
      const std::string& name = p.parameter->name();
      add_state(Kind::kParameter, p.parameter, p.next_parameter, name);
      add_state(Kind::kMomentum, p.momentum, p.next_momentum, name);
      if (p.mask) step_.masks[name] = p.mask->name();
    }
    for (const auto& [current, next] : forward_.statistics)
      add_state(Kind::kStatistic, current, unless_skipped(graph_, next, current, scale_), current->name());
    if (!scale_.tracker) return;
    add_state(Kind::kLossScale, scale_.scale, scale_.next_scale, {});
    add_state(Kind::kTracker, scale_.tracker, scale_.next_tracker, {});
  }

  std::string add_output(Value* value, std::string name) {
    graph_.rename(value, std::move(name));
    outputs_.push_back(value);
    return value->name();
  }

  void collect_outputs() {
    step_.num_classes = forward_.scores->shape()[1];
    step_.images = forward_.images->name();
    step_.labels = labels_->name();
    step_.lr = lr_->name();
    step_.loss = add_output(loss_, "loss");
    step_.correct = add_output(correct_, "correct");
    if (scale_.scale) {
      step_.loss_scale = scale_.scale->name();
      step_.nonfinite = add_output(scale_.nonfinite, "nonfinite");
      for (const ParameterUpdate& p : parameters_)
        step_.nonfinite_gradients[p.parameter->name()] =
            add_output(p.nonfinite, "nonfinite/" + p.parameter->name());
    }
    graph_.set_outputs(outputs_);
  }

  const StepOptions& options_;
  TrainingForward forward_;
  Graph& graph_;
  Value* labels_ = nullptr;
  Value* lr_ = nullptr;
  Value* loss_ = nullptr;
  Value* correct_ = nullptr;
  std::vector<ParameterUpdate> parameters_;
  ScaleUpdate scale_;
  std::vector<Value*> outputs_;
  TrainingStep step_;
};

}  // namespace

DType precision_dtype(Precision precision) { return kPrecisionDTypes[static_cast<size_t>(precision)]; }

std::map<std::string, std::string> TrainingStep::donations() const {
  std::map<std::string, std::string> result;
  for (const StateTensor& tensor : state) result[tensor.output] = tensor.input;
  return result;
}

TrainingStep make_step(const Graph& model, const StepOptions& options) {
  check_options(options);
  return StepMaker(model, options).make();
}

}  // namespace twofour::train
