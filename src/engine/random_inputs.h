// Values for an engine's inputs where the user gives none.
#pragma once

#include <map>
#include <string>

#include "engine/engine.h"

namespace twofour::engine {

/// One tensor per input. Inputs whose readers declare a domain (ops/domain.h) get values from it, also where
/// the values pass layers that only move them, or add to an integer, subtract from it or limit it by a
/// constant. `shapes`: of inputs with open sizes, those that are missing are as small as they may be.
std::map<std::string, Tensor> random_inputs(const Engine& engine, const std::map<std::string, Shape>& shapes,
                                            uint64_t seed);

}  // namespace twofour::engine
