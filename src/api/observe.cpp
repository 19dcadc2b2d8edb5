#include "api/observe.h"

#include <cstring>

#include "api/device.h"

namespace twofour {
namespace {

/// A row-major copy of a tensor that lies in memory as `format` says.
Tensor plain_copy(const Tensor& tensor, backend::Format format) {
  if (format == backend::Format::kPlain || tensor.shape().rank() != 4) return tensor.clone();
  Tensor result(tensor.dtype(), tensor.shape());
  const size_t size = dtype_size(tensor.dtype());
  const int64_t images = tensor.shape()[0];
  const int64_t channels = tensor.shape()[1];
  const int64_t pixels = tensor.shape().numel(2, 4);
  for (int64_t n = 0; n < images; ++n)
    for (int64_t c = 0; c < channels; ++c)
      for (int64_t p = 0; p < pixels; ++p)
        std::memcpy(result.raw() + static_cast<size_t>((n * channels + c) * pixels + p) * size,
                    tensor.raw() + static_cast<size_t>((n * pixels + p) * channels + c) * size, size);
  return result;
}

}  // namespace

void api::run_observed(engine::ExecutionContext& context, const InputTensors& inputs,
                       const ObserveFn& observe) {
  settle_threads();
  const engine::Plan& plan = context.engine().plan();
  for (const int i : plan.inputs) {
    const std::string& name = plan.tensors[static_cast<size_t>(i)].name;
    TWOFOUR_CHECK(inputs.contains(name), kInvalidArgument, "there is no tensor for input \"{}\"", name);
    context.bind(name, inputs.at(name));
  }
  std::vector<size_t> producer(plan.tensors.size());  // step by tensor; reorders stand for what they reorder
  context.run_observed([&](size_t step, std::span<const Tensor> outputs) {
    const engine::PlanStep& s = plan.steps[step];
    const bool reorder = s.op == "Reorder";
    for (size_t i = 0; i < outputs.size(); ++i) {
      const auto number = static_cast<size_t>(s.outputs[i]);
      const engine::PlanTensor& t = plan.tensors[number];
      producer[number] = reorder ? producer[static_cast<size_t>(s.inputs[0])] : step;
      // Only a reorder of an output has the name of a value of the model.
      if (!outputs[i].defined() || (reorder && t.kind != engine::PlanTensor::Kind::kOutput)) continue;
      observe(t.name, producer[number], outputs[i], t.desc.format);
    }
  });
}

api::ObservedRun api::observe_run(const engine::Engine& engine, const InputTensors& inputs) {
  const auto context = engine.create_context();
  ObservedRun run;
  run_observed(*context, inputs,
               [&](const std::string& name, size_t step, const Tensor& tensor, backend::Format format) {
                 run.tensors.push_back({name, step, plain_copy(tensor, format)});
               });
  const engine::Plan& plan = engine.plan();
  for (const int i : plan.outputs)
    run.outputs.push_back(context->tensor(plan.tensors[static_cast<size_t>(i)].name));
  return run;
}

}  // namespace twofour
