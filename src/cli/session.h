// An engine with its own context and, on the outside, the tensors a caller would have.
#pragma once

#include <chrono>
#include <vector>

#include "cli/inputs.h"

namespace twofour::cli {

using Clock = std::chrono::steady_clock;

inline double ms_between(Clock::time_point start, Clock::time_point end) {
  return std::chrono::duration<double, std::milli>(end - start).count();
}

class Session {
 public:
  Session(const Engine& engine, const Inputs& inputs);

  void copy_in();
  /// Milliseconds.
  double run();
  /// As run(), with each layer's microseconds in Engine::layer_names() order.
  void run_profiled(std::vector<double>& layer_us);
  void copy_out();
  /// What copy_out() filled; its shapes may differ from run to run.
  const std::vector<Tensor>& outputs() const { return host_outputs_; }

 private:
  Context context_;
  std::vector<std::string> output_names_;
  std::vector<Tensor> host_inputs_, inputs_, host_outputs_;
};

}  // namespace twofour::cli
