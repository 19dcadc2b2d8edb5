// The networks that bench_models runs, with the shapes of their open inputs.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "twofour/model.h"

namespace twofour::bench {

struct BenchModel {
  std::string name;
  std::string file;                                    // in the models folder; empty: of the zoo
  std::map<std::string, std::vector<int64_t>> inputs;  // dims, kBatch in place of the batch size
  std::map<std::string, int64_t> numbers = {};         // what fills an i64 input that is not random
};
inline constexpr int64_t kBatch = -1;

const std::vector<BenchModel>& bench_models();
/// Throws Error{kNotFound} listing the names.
const BenchModel& bench_model(const std::string& name);

/// Shapes of the open inputs at `batch`; nothing when the network's batch size is fixed to another.
bool shapes_at(const BenchModel& entry, const Model& model, int64_t batch,
               std::map<std::string, Shape>* shapes);

}  // namespace twofour::bench
