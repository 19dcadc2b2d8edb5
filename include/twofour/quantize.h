// Quantisation after training: from a float model to one whose products run on 8-bit codes, as standard ONNX
// with QuantizeLinear and DequantizeLinear.
//
//   auto model = twofour::Model::load("resnet20.onnx");
//   twofour::DataLoader images({.source = "cifar", .image_shape = model.image_shape()});
//   const auto report = twofour::quantize(model, twofour::calibration_images(model, images, 512));
//   model.save("resnet20-int8.onnx");
//
// 2:4 weights stay 2:4.
#pragma once

#include <filesystem>
#include <functional>

#include "twofour/compare.h"
#include "twofour/data.h"
#include "twofour/model.h"
#include "twofour/quantize_options.h"

namespace twofour {

/// Calls the function with the inputs of each batch. Every call goes over the same batches in the same order:
/// there are several, and none is kept. A batch may have any size that the model takes.
using CalibrationData = std::function<void(const std::function<void(const InputTensors& batch)>& each)>;

/// The first `images` of the data's first epoch, in batches of the loader's size, or of the model's where
/// that is fixed; images that did not decode are left out. `data` must outlive the result, and nobody else
/// may read from it meanwhile. Throws Error{kInvalidArgument} unless the model has one input.
CalibrationData calibration_images(const Model& model, DataLoader& data, int64_t images);

/// Some runs on values as Engine::random_inputs() gives them, at these shapes: for engines that are only
/// timed. Throws as build_engine() does.
CalibrationData random_calibration(const Model& model, const std::map<std::string, Shape>& shapes);

/// The accuracy of a model, a fraction.
using AccuracyFn = std::function<double(const Model& model)>;

/// Quantises the model: batch norms are folded, ranges of activations measured on the data, the mean errors
/// that codes cause taken out through the biases. Inputs and outputs stay as they are. `data` may be empty
/// where options.ranges are given; nothing is measured or corrected then. With `accuracy` layers stay in
/// floating point until options.budget is met. Throws Error, and leaves the model as it was:
/// kFailedPrecondition when it is quantised already or no layer can be, kInvalidArgument naming the tensor
/// when the data do not fit, or the sample, too, when they are not finite, kNotFound on a glob that matches
/// no layer.
QuantizeReport quantize(Model& model, const CalibrationData& data, const QuantizeOptions& options = {},
                        const AccuracyFn& accuracy = {});

/// The ranges by which quantize() would go. Throws as it does.
TensorRanges calibrate(const Model& model, const CalibrationData& data, const QuantizeOptions& options = {});

/// Ranges from a TensorRT calibration cache or ONNX Runtime's calibration.cache; they are symmetric, or start
/// at 0 where no value of the tensor can be negative. Throws Error{kDataCorrupt} with file and line, and
/// kInvalidArgument when no tensor of the model is named, kFailedPrecondition when the model is quantised
/// already.
TensorRanges read_calibration(const std::filesystem::path& path, const Model& model);
/// Writes them as a TensorRT 8.6 calibration cache. Atomic.
void write_calibration(const std::filesystem::path& path, const TensorRanges& ranges);

}  // namespace twofour
