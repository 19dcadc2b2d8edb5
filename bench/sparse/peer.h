// ONNX Runtime as a candidate: a Python program that waits while the others run.
#pragma once

#include <optional>

#include "contest.h"
#include "sparse/candidate.h"

namespace twofour::bench {

class NodePeer {
 public:
  /// Throws Error{kFailedPrecondition} when there is no such Python program.
  NodePeer();
  /// "ONNX Runtime 1.31.1".
  std::string title() const;
  /// The problem's node with a weight of its own for each copy, in a session of `threads` threads; in int8 a
  /// QLinear node. One candidate lives at a time. Throws Error{kFailedPrecondition} with the reason when it
  /// does not load.
  Candidate candidate(const Problem& problem, const ProblemData& data, int threads);

 private:
  PythonProgram program_;
};

}  // namespace twofour::bench
