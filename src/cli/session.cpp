#include "cli/session.h"

#include <cstring>

namespace twofour::cli {
namespace {

void copy(const Tensor& from, const Tensor& to) { std::memcpy(to.raw(), from.raw(), from.size_bytes()); }

}  // namespace

Session::Session(const Engine& engine, const Inputs& inputs) : context_(engine.context()) {
  for (const TensorInfo& info : engine.inputs()) {
    host_inputs_.push_back(inputs.at(info.name));
    if (info.is_open()) context_.bind(info.name, Tensor(info.dtype, host_inputs_.back().shape()));
    inputs_.push_back(context_.tensor(info.name));
  }
  for (const TensorInfo& info : engine.outputs()) {
    output_names_.push_back(info.name);
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
  host_outputs_.resize(output_names_.size());
  for (size_t i = 0; i < output_names_.size(); ++i) {
    const Tensor output = context_.tensor(output_names_[i]);
    Tensor& host = host_outputs_[i];
    if (!host.defined() || host.shape() != output.shape()) host = Tensor(output.dtype(), output.shape());
    copy(output, host);
  }
}

}  // namespace twofour::cli
