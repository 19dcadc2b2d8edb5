// The trial of a sparse engine: layers are chosen one by one, and what they gain can be less than what a
// whole network loses to them (caches, code, reorders). So the finished 2:4 engine runs in turn with the
// dense one, and layers go back to dense, those that gain least first, until it does not lose.
#pragma once

#include <functional>
#include <set>
#include <string>

#include "builder/built.h"

namespace twofour::builder {

/// The same network with these layers kept dense.
using BuildWithDense = std::function<Built(const std::set<std::string>& dense_layers)>;

/// Runs a sparse network in turn with its dense self: all of a trial but the layers that went back.
using Race = std::function<SparsityTrial(const Built& sparse)>;
/// Races against this dense network.
using RaceAgainst = std::function<Race(const Built& dense)>;

/// As builder/race.h has it; the dense engine is made once. `dense`, `backend` and `options` outlive it.
Race race_against(const Built& dense, const backend::Backend& backend, const Options& options);

/// Builds with no layer kept dense and, where sparse tactics were picked, with all of them and as many others
/// as the trial takes. The report says what was measured. Where a race throws, the choice by layers stands,
/// with the reason in the report.
Built settle_sparse_layers(const BuildWithDense& build, const RaceAgainst& against);

}  // namespace twofour::builder
