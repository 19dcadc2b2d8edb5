// Calibration files of other tools: the range of every tensor as one magnitude.
//
// TensorRT's calibration cache is text: a first line "TRT-8601-EntropyCalibration2" (version and calibrator),
// then a line "name: 3c010a14" for each tensor, the last eight the bits of an f32 scale, which is the
// largest magnitude / 127, in hexadecimal. ONNX Runtime's calibration.cache has lines "name 1.25" with the
// larger end of the range, which is the magnitude unless it is negative: then the line is left out. Names may
// hold colons and blanks: the last separator counts.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "ir/graph.h"
#include "twofour/quantize_options.h"

namespace twofour::quant {

/// The largest magnitude of each tensor.
using Magnitudes = std::map<std::string, float>;

/// Either kind; the first line tells which. `source` names the file in error texts. Throws
/// Error{kDataCorrupt} with the line's number and what is expected there, also for a tensor that comes twice.
Magnitudes parse_calibration(std::string_view text, std::string_view source);
/// Throws as parse_calibration(), Error{kNotFound, kIo} where the file cannot be read, and kResourceExhausted
/// when it is larger than any calibration file (64 MiB).
Magnitudes read_calibration(const std::filesystem::path& path);
/// A cache as TensorRT 8.6 writes it, tensors sorted by name.
std::string calibration_text(const TensorRanges& ranges);

/// The ranges of the graph's tensors: symmetric, or from 0 where the graph says that no value is negative.
/// Entries for tensors that are not there are left out, with a warning. Throws Error{kInvalidArgument} when
/// that leaves none: it is another model's file.
TensorRanges ranges_of(const Magnitudes& magnitudes, const Graph& graph, std::string_view source);

}  // namespace twofour::quant
