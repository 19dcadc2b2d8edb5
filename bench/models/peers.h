// ONNX Runtime and OpenVINO, each as a Python program.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "contest.h"
#include "precision.h"

namespace twofour::bench {

using Peers = std::vector<std::unique_ptr<PythonProgram>>;

/// Those that compute at `precision`. `notes`: why one is not there.
Peers start_peers(Precision precision, std::vector<std::string>* notes);

/// "OpenVINO 2026.4.1".
std::string title_of(const PythonProgram& peer);
bool is_onnxruntime(const PythonProgram& peer);

}  // namespace twofour::bench
