// The files and listings of trtexec: times, outputs and layers.
#pragma once

#include <span>
#include <string>

#include "cli/exec/options.h"
#include "cli/exec/streams.h"

namespace twofour::cli {

/// One object per query: start/endEnqMs, start/endH2dMs, start/endComputeMs, start/endD2hMs, h2dMs,
/// computeMs, d2hMs, latencyMs.
std::string times_json(const Trace& trace);

/// [{"name", "dimensions": "1x3x224x224", "values": [...]}] of `tensors`, which `infos` names.
std::string tensors_json(const std::vector<TensorInfo>& infos, const std::vector<Tensor>& tensors);
/// "name: (1x10)" and the values, two lines per tensor.
std::string tensors_text(const std::vector<TensorInfo>& infos, const std::vector<Tensor>& tensors);
/// "input.1.3.224.224.Float.raw": what --dumpRawBindingsToFile calls a tensor's file.
std::string raw_file_name(std::string_view name, const Tensor& tensor);

/// The engine inspector's {"Layers": [...], "Bindings": [...]}; layers are names, or objects with
/// Verbosity::kDetailed, or left out with kNone.
std::string layers_json(const Engine& engine, Verbosity verbosity);
std::string layers_text(const Engine& engine, Verbosity verbosity);

}  // namespace twofour::cli
