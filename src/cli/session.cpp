#include "cli/session.h"

#include <cstring>

namespace twofour::cli {
namespace {

void copy(const Tensor& from, const Tensor& to) { std::memcpy(to.raw(), from.raw(), from.size_bytes()); }

}  // namespace

Session::Session(const Engine& engine, const Inputs& inputs) : context_(engine.context()) {
  for (const TensorInfo& info : engine.inputs()) {
    host_inputs_.push_back(inputs.at(info.name));
    inputs_.push_back(context_.tensor(info.name));
  }
  for (const TensorInfo& info : engine.outputs()) {
    outputs_.push_back(context_.tensor(info.name));
    host_outputs_.emplace_back(info.dtype, info.shape);
  }
  copy_in();
}

void Session::copy_in() {
  for (size_t i = 0; i < inputs_.size(); ++i) copy(host_inputs_[i], inputs_[i]);
}

double Session::run() {
  const auto start = Clock::now();
  context_.run();
  return ms_between(start, Clock::now());
}

void Session::run_profiled(std::vector<double>& layer_us) { context_.run_profiled(layer_us); }

void Session::copy_out() {
  for (size_t i = 0; i < outputs_.size(); ++i) copy(outputs_[i], host_outputs_[i]);
}

}  // namespace twofour::cli
