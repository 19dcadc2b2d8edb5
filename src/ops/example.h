// The examples that op files carry, as graphs and data: for conformance tests, tactic tests and fuzz seeds.
#pragma once

#include "ops/op_def.h"

namespace twofour::ops {

/// A constant i64 vector, for op files.
ExampleInput example_ints(std::vector<float> values);

/// A graph of one node. Its inputs are the example's inputs that are neither constant nor absent; all outputs
/// of the node are graph outputs. `seed` decides the constants that have no values of their own.
Graph example_graph(const OpDef& op, const Example& example, uint64_t seed);
/// Values for that graph's inputs, the same for the same seed. `distinct` values are odd multiples of 0.03,
/// shuffled.
std::vector<Tensor> example_inputs(const Example& example, uint64_t seed);

}  // namespace twofour::ops
