#include "models/peers.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"

namespace twofour::bench {

Peers start_peers(Precision precision, std::vector<std::string>* notes) {
  std::vector<std::string> names = {"openvino"};
  if (is_in_onnxruntime(precision)) names.insert(names.begin(), "onnxruntime");
  Peers peers;
  for (const std::string& name : names) try {
      peers.push_back(std::make_unique<PythonProgram>(
          "models/peer.py",
          std::vector<std::string>{name, std::string(name_of(kPrecisionNames, precision))}));
    } catch (const Error& error) {
      notes->push_back(fmt::format("left out: {}", error.what()));
    }
  return peers;
}

std::string title_of(const PythonProgram& peer) { return fmt::format("{}", fmt::join(peer.greeting(), " ")); }

bool is_onnxruntime(const PythonProgram& peer) { return peer.greeting()[0] == "ONNX_Runtime"; }

}  // namespace twofour::bench
