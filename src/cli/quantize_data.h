// Calibration data of `twofour quantize`.
#pragma once

#include "cli/data_arguments.h"
#include "cli/inputs.h"
#include "twofour/quantize.h"

namespace twofour::cli {

/// By input, a folder of .npy files, one for each run in the order of their names, or one such file; at most
/// `most` runs. All inputs must have files, as many of each. Throws Error naming input and file where a name
/// is unknown, or type or shape do not fit the model. Reads no values yet.
CalibrationData calibration_files(const Model& model, const InputFiles& folders, int64_t most);

/// The data with a bar that shows how far each pass over them is; `total` samples or runs.
CalibrationData with_progress(CalibrationData data, int64_t total);

}  // namespace twofour::cli
