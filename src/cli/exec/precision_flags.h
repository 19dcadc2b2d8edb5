// The flags of `twofour exec` that choose what layers compute in.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "twofour/model.h"
#include "twofour/precision.h"

namespace CLI {
class App;
}

namespace twofour::cli {

struct PrecisionFlags {
  bool bf16 = false, fp16 = false, int8 = false, best = false, strongly_typed = false;
  std::string calib;  // a file, or kRandomCalib
  LayerTypes layers;

  bool is_random() const;
  /// The file, if it is one.
  std::string calib_file() const { return is_random() ? "" : calib; }
};
inline constexpr std::string_view kRandomCalib = "random";

void add_precision_flags(CLI::App& exec, PrecisionFlags& flags);

/// What can be said before a model is read: notes on flags without effect. Throws Error{kInvalidArgument}
/// when flags contradict each other.
std::vector<std::string> check_precision_flags(const PrecisionFlags& flags);

/// What they ask of the model's build. `shapes`: of its open inputs. Throws as read_calibration() and
/// calibrate() do.
PrecisionOptions precision_options(const PrecisionFlags& flags, const Model& model,
                                   const std::map<std::string, Shape>& shapes);

}  // namespace twofour::cli
