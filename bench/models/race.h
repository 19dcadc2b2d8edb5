// One network in our engines and in the peers, run in turn on the same random inputs.
#pragma once

#include "models/network.h"
#include "models/peers.h"
#include "models/report.h"

namespace twofour::bench {

/// One network at one batch size and number of threads.
struct Case {
  const Network& network;
  cli::Shapes shapes;
  int64_t batch;
  int threads;
  bool sparse;  // our engine of the pruned network takes part
};

/// Our dense engine where it is a peer of our 2:4 one.
inline constexpr const char* kOwnDense = "twofour dense";

/// Races for `seconds` at least. The row of our dense engine and, with `sparse`, that of the 2:4 one, which
/// the dense engines of everybody are compared with. `folder`: where inputs and outputs go.
std::vector<ModelRow> race(const Case& test, Peers& peers, const std::filesystem::path& folder,
                           double seconds);

}  // namespace twofour::bench
