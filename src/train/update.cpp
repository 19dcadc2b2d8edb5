#include "train/update.h"

namespace twofour::train {
namespace {

void unscale(Graph& graph, std::vector<ParameterUpdate>& parameters, ScaleUpdate& scale) {
  std::vector<Value*> flags;
  for (ParameterUpdate& p : parameters) {
    ops::Builder builder(graph, "unscale." + p.parameter->name() + ".");
    const auto outputs = builder.op_n("GradUnscale", {p.gradient, scale.scale}, 2);
    p.gradient = outputs[0];
    p.nonfinite = outputs[1];
    flags.push_back(p.nonfinite);
  }
  scale.nonfinite = ops::Builder(graph, "unscale.").op("AnyNonFinite", flags);
}

Value* clip_factor(Graph& graph, const std::vector<ParameterUpdate>& parameters, double max_norm) {
  std::vector<Value*> norms;
  for (const ParameterUpdate& p : parameters)
    norms.push_back(
        ops::Builder(graph, "clip." + p.parameter->name() + ".").op("GradNormSquared", {p.gradient}));
  return ops::Builder(graph, "clip.").op("ClipFactor", norms, {{"max_norm", static_cast<float>(max_norm)}});
}

void update_parameter(Graph& graph, ParameterUpdate& p, Value* lr, Value* nonfinite, Value* factor,
                      const SgdOptions& sgd) {
  const bool decay = sgd.decay_norm_and_bias || p.parameter->rank() > 1;
  const Attrs attrs = {{"momentum", static_cast<float>(sgd.momentum)},
                       {"weight_decay", decay ? static_cast<float>(sgd.weight_decay) : 0.0F},
                       {"nesterov", int64_t{sgd.nesterov}}};
  ops::Builder builder(graph, "update." + p.parameter->name() + ".");
  const auto outputs = builder.op_n(
      "SgdUpdate", {p.parameter, p.gradient, p.momentum, lr, p.mask, nonfinite, factor}, 2, attrs);
  p.next_parameter = outputs[0];
  p.next_momentum = outputs[1];
}

void update_scale(Graph& graph, ScaleUpdate& scale, const LossScaling& scaling) {
  const Attrs attrs = {{"growth_factor", static_cast<float>(scaling.growth_factor)},
                       {"backoff_factor", static_cast<float>(scaling.backoff_factor)},
                       {"growth_interval", scaling.growth_interval},
                       {"min_scale", static_cast<float>(scaling.min_scale)},
                       {"max_scale", static_cast<float>(scaling.max_scale)}};
  ops::Builder builder(graph, "update.loss_scale.");
  const auto outputs =
      builder.op_n("LossScaleUpdate", {scale.scale, scale.tracker, scale.nonfinite}, 2, attrs);
  scale.next_scale = outputs[0];
  scale.next_tracker = outputs[1];
}

}  // namespace

void append_update(Graph& graph, std::vector<ParameterUpdate>& parameters, ScaleUpdate& scale, Value* lr,
                   const UpdateOptions& options) {
  if (scale.scale) unscale(graph, parameters, scale);
  Value* factor = options.clip_norm > 0 ? clip_factor(graph, parameters, options.clip_norm) : nullptr;
  for (ParameterUpdate& p : parameters) update_parameter(graph, p, lr, scale.nonfinite, factor, options.sgd);
  if (scale.tracker) update_scale(graph, scale, options.scaling);
}

Value* unless_skipped(Graph& graph, Value* next, Value* current, const ScaleUpdate& scale) {
  if (!scale.nonfinite) return next;
  ops::Builder builder(graph, "update." + current->name() + ".");
  Value* finite = builder.op("Equal", {scale.nonfinite, builder.scalar(0)});
  return builder.op("Where", {finite, next, current});
}

}  // namespace twofour::train
