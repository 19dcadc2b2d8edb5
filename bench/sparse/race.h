// The candidates of a problem, run in turn.
#pragma once

#include "sparse/peer.h"
#include "sparse/row.h"

namespace twofour::bench {

struct Effort {
  size_t least_rounds = 7;
  size_t most_rounds = 25;
  double seconds = 0.7;  // of all rounds of a row, once the least are done
  double turn_s = 2e-3;  // a turn is at least as long, or one run
};

/// `peer` may be null. Throws Error{kInternal} when a result differs from the first candidate's.
Row race(const Problem& problem, const ProblemData& data, int threads, NodePeer* peer, const Effort& effort);

}  // namespace twofour::bench
