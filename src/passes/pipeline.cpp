#include "passes/pipeline.h"

#include <algorithm>
#include <chrono>

#include "ir/verify.h"
#include "passes/rewrites.h"

namespace twofour::passes {
namespace {

constexpr Pass kPasses[] = {
    {"inline_if", inline_if},
    {"eliminate_identity", eliminate_identity},
    {"fold_constants", fold_constants},
    {"lower_einsum", lower_einsum},
    {"expand_attention", expand_attention},
    {"expand_means", expand_means},
    {"merge_duplicates", merge_duplicates},
    {"move_quantisation", move_quantisation},
    {"fold_byte_functions", fold_byte_functions},
    {"quantise", quantise},
    {"fuse_quantised", fuse_quantised},
    {"compute_on_codes", compute_on_codes},
    {"fold_dequantised", fold_dequantised},
    {"sink_squeeze", sink_squeeze},
    {"fold_batch_norm", fold_batch_norm},
    {"fold_pad", fold_pad},
    {"recognise_activations", recognise_activations},
    {"fuse_layer_norm", fuse_layer_norm},
    {"fuse_conv", fuse_conv},
    {"fuse_gemm", fuse_gemm},
    {"fuse_matmul", fuse_matmul},
    {"eliminate_dead_code", eliminate_dead_code},
};

void check_names(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    if (std::ranges::find(kPasses, name, &Pass::name) != std::end(kPasses)) continue;
    std::vector<std::string_view> known;
    for (const Pass& pass : kPasses) known.push_back(pass.name);
    fail(ErrorCode::kNotFound, "there is no pass \"{}\"; there are: {}", name, fmt::join(known, ", "));
  }
}

// Returns the number of changes.
size_t run(const Pass& pass, Graph& graph, bool verify_after, PassReport& report) {
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  const size_t changed = with_context([&] { return fmt::format("running pass {}", pass.name); },
                                      [&] { return pass.run(graph); });
  report.changed += changed;
  report.time_us += std::chrono::duration<double, std::micro>(Clock::now() - start).count();
  if (verify_after)
    with_context([&] { return fmt::format("checking pass {}", pass.name); }, [&] { verify(graph); });
  return changed;
}

}  // namespace

std::span<const Pass> inference_passes() { return kPasses; }

std::vector<PassReport> optimise(Graph& graph, const PipelineOptions& options) {
  check_names(options.disabled);
  std::vector<Pass> passes;
  std::vector<PassReport> reports;
  for (const Pass& pass : kPasses) {
    if (std::ranges::find(options.disabled, pass.name) != options.disabled.end()) continue;
    passes.push_back(pass);
    reports.push_back({.name = std::string(pass.name)});
  }
  const auto repeat = [&](size_t count) {
    for (bool again = true; again;) {
      again = false;
      for (size_t i = 0; i < count; ++i) again |= run(passes[i], graph, options.verify_each, reports[i]) > 0;
    }
  };
  // Every change removes a node or a constant, replaces one for good, or moves a Squeeze or a
  // DequantizeLinear down or a QuantizeLinear up, so this ends. Weights stay codes until nothing more can
  // read them so.
  repeat(static_cast<size_t>(std::ranges::find(passes, "fold_dequantised", &Pass::name) - passes.begin()));
  repeat(passes.size());
  return reports;
}

}  // namespace twofour::passes
