// The trial of precisions: a network is built in each that it may compute in, and the finished engines run in
// turn, since what its layers gain alone may be lost to casts between them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "builder/built.h"

namespace twofour::builder {

/// The network in one precision.
struct Variant {
  std::string precision;  // for the report: "fp32", "bf16", "int8", "int8+bf16"
  Graph graph;
  std::optional<DType> half = {};                   // as Options::half
  bool timing_only = false;                         // as in the report
  std::map<std::string, std::string> reasons = {};  // why layers are not on codes, by their names
};

/// What there is to choose from.
struct Precisions {
  std::vector<Variant> variants;        // at least one; the first is the model as it is
  std::vector<PrecisionTime> declined;  // what was asked for and cannot be
};

/// The fastest of them as a whole; the first, unless another is faster by more than the noise. Where nothing
/// is timed it is the last. Variants that are not as options.layer_types wants are out; when all are, the
/// constraint decides: a warning for each layer that is not as wanted, or Error{kFailedPrecondition} naming
/// the first. One that cannot be built is out, unless it is the first. When the race fails (builder/race.h)
/// the first is taken and the report says why. Throws Error{kNotFound} on a glob that matches no layer, and
/// as build() does.
Result build_fastest(Precisions precisions, const backend::Backend& backend, Options options);

}  // namespace twofour::builder
