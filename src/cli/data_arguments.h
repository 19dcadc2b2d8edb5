// The data options that eval, train and demo share.
#pragma once

#include <string>

#include <CLI/CLI.hpp>

#include "twofour/data.h"
#include "twofour/model.h"

namespace twofour::cli {

struct DataArguments {
  std::string source, mean, std;
  int64_t batch_size = 128;
  int64_t size = 0;
  uint64_t seed = 1;
};

void add_data_arguments(CLI::App& app, DataArguments& arguments);

/// Opens the data for `model`, with a progress bar; says how many images were left out and why.
DataLoader open_data(const DataArguments& arguments, const Model& model, DataOptions options);

}  // namespace twofour::cli
