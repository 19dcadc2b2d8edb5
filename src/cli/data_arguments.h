// The data options that eval, train and demo share.
#pragma once

#include <optional>
#include <string>

#include "cli/ignored_options.h"
#include "twofour/data.h"
#include "twofour/model.h"

namespace twofour::cli {

struct DataArguments {
  std::string source, class_names;
  std::vector<float> mean, std;
  Shape input_size;  // H,W or C,H,W
  int64_t batch_size = 128;
  int64_t size = 0, resize = 0, center_crop = 0;
  uint64_t seed = 1;
};

/// Images that twofour makes itself.
bool is_drawn(const std::string& source);

/// Starts the group of these. Returns --data.
Argument add_data_arguments(CLI::App& app, DataArguments& arguments);

/// Which of them have an effect on the images of the arguments' source and of `test_source`; either may be
/// empty.
std::vector<OptionUse> data_uses(const DataArguments& arguments, const std::string& test_source = {});

/// C,H,W: the model's, with --input_size for the sizes that it leaves open. Throws Error{kInvalidArgument}
/// naming the option.
Shape image_shape(const DataArguments& arguments, const Model& model);

/// --class_names, a list or a file with one in a line, else the model's. Throws Error{kInvalidArgument} where
/// they are not a different name for each of the model's scores.
std::vector<std::string> class_names(const DataArguments& arguments, const Model& model);

/// Opens the data for `model`, with a progress bar, and says what it is.
DataLoader open_data(const DataArguments& arguments, const Model& model, DataOptions options);

/// The data for the accuracy of a model that `train` trains: `source`, else the test split of the arguments'
/// data. Without either says so and returns nothing. Throws Error{kInvalidArgument} when its classes are not
/// those of `train`.
std::optional<DataLoader> open_test_data(const DataArguments& arguments, const std::string& source,
                                         const Model& model, const DataLoader& train);

/// "; left out because they did not decode: 3", or nothing for 0.
std::string skipped_text(int64_t skipped);
/// The same in a line of its own, when there are any.
void print_skipped(const DataLoader& loader, std::string_view split);

}  // namespace twofour::cli
