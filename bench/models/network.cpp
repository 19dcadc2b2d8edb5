#include "models/network.h"

#include <algorithm>

#include "base/error.h"
#include "quant/quantise.h"
#include "twofour/quantize.h"
#include "zoo/bert.h"

namespace twofour::bench {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kSamples = 3;  // that int8 is calibrated on

/// Makes inputs for these shapes without timing anything.
class InputMaker {
 public:
  InputMaker(const BenchModel& entry, const Model& model, const cli::Shapes& shapes)
      : entry_(entry), engine_(build_engine(model, untimed(shapes)).engine) {}

  cli::Inputs operator()(uint64_t seed) const {
    cli::Inputs inputs = engine_.random_inputs({}, seed);
    for (const auto& [name, value] : entry_.numbers)
      std::ranges::fill(inputs.at(name).span<int64_t>(), value);
    return inputs;
  }

 private:
  static BuildOptions untimed(const cli::Shapes& shapes) {
    BuildOptions options{.sparsity = Sparsity::kDisable, .shapes = shapes};
    options.tuning.level = 0;
    return options;
  }

  const BenchModel& entry_;
  Engine engine_;
};

Model zoo_model(const std::string& name) {
  return name == "bert_base" ? Model(zoo::make_bert()) : Model::zoo(name);
}

fs::path float_file(const BenchModel& entry, const fs::path& models, const fs::path& work) {
  if (!entry.file.empty()) return models / entry.file;
  fs::path onnx = work / (entry.name + ".onnx");
  if (!fs::exists(onnx)) zoo_model(entry.name).save(onnx);
  return onnx;
}

void write_quantised(const BenchModel& entry, Model model, const fs::path& onnx) {
  cli::Shapes shapes;
  shapes_at(entry, model, 1, &shapes);
  const InputMaker make_inputs(entry, model, shapes);
  const CalibrationData samples = [&](const auto& each) {
    for (uint64_t seed = 1; seed <= kSamples; ++seed) each(make_inputs(seed));
  };
  quantize(model, samples, {.method = CalibrationMethod::kMinMax, .bias_correction = false});
  model.save(onnx);
}

}  // namespace

Network make_network(const BenchModel& entry, Precision precision, const fs::path& models,
                     const fs::path& work) {
  const fs::path onnx = float_file(entry, models, work);
  Model model = Model::load(onnx);
  const bool in_codes = has_codes(model);
  TWOFOUR_CHECK(!in_codes || precision == Precision::kInt8, kFailedPrecondition,
                "the network is in codes, which are int8");
  if (in_codes || precision != Precision::kInt8) return {&entry, precision, onnx, std::move(model)};
  const fs::path quantised = work / (entry.name + ".int8.onnx");
  if (!fs::exists(quantised)) write_quantised(entry, std::move(model), quantised);
  return {&entry, precision, quantised, Model::load(quantised)};
}

bool has_codes(const Model& model) { return quant::find_codes(model.graph()) != nullptr; }

cli::Inputs network_inputs(const BenchModel& entry, const Model& model, const cli::Shapes& shapes) {
  return InputMaker(entry, model, shapes)(cli::kInputSeed);
}

}  // namespace twofour::bench
