// The windows of signal processing, HannWindow, HammingWindow and BlackmanWindow, and MelWeightMatrix.
#include <cmath>
#include <numbers>

#include "ops/builder.h"
#include "ops/domain.h"
#include "ops/example.h"
#include "ops/infer.h"
#include "ops/shape_value.h"

namespace twofour::ops {
namespace {

constexpr int64_t kMost = int64_t{1} << 31;

DType output_dtype(const Attrs& attrs) { return dtype_attr(attrs, "output_datatype").value_or(DType::kF32); }

void infer_window(const Node& node, std::span<ValueType> outputs) {
  check_index(node.input(0)->type(), "size");
  check_one_element(node.input(0)->type(), "size");
  outputs[0] = {output_dtype(node.attrs()), {Dim()}};
  const auto size = known_ints(node.input(0));
  if (!size) return;
  TWOFOUR_CHECK((*size)[0] >= 0 && (*size)[0] < kMost, kInvalidArgument, "the window has the size {}",
                (*size)[0]);
  outputs[0].dims[0] = (*size)[0];
}

/// dst[i] = a - b * cos(2 pi i / n) + c * cos(4 pi i / n), n being the size, or one less unless periodic.
void window(const ReferenceArgs& args, double a, double b, double c) {
  const int64_t size = to_ints(args.inputs[0])[0];
  TWOFOUR_CHECK(size == args.outputs[0].numel(), kInvalidArgument, "the window's size is {}, not {}", size,
                args.outputs[0].numel());
  const int64_t period = args.attrs.i("periodic", 1) != 0 ? size : size - 1;
  Tensor values(DType::kF64, {size});
  for (int64_t i = 0; i < size; ++i) {
    const double angle =
        2 * std::numbers::pi * static_cast<double>(i) / static_cast<double>(std::max<int64_t>(period, 1));
    values.span<double>()[static_cast<size_t>(i)] = a - b * std::cos(angle) + c * std::cos(2 * angle);
  }
  store(values, args.outputs[0]);
}

void reference_hann(const ReferenceArgs& args) { window(args, 0.5, 0.5, 0); }
void reference_hamming(const ReferenceArgs& args) { window(args, 25.0 / 46, 21.0 / 46, 0); }
void reference_blackman(const ReferenceArgs& args) { window(args, 0.42, 0.5, 0.08); }

OpDef signal_window(std::string_view name, std::string_view doc, ReferenceFn reference) {
  return {
      .name = name,
      .doc = doc,
      .inputs = {{.name = "size", .state = true, .domain = output_sizes}},
      .outputs = {{"dst"}},
      .attrs = {"output_datatype", "periodic"},
      .infer = infer_window,
      .reference = reference,
      .grad = not_differentiable("the result depends on a size only"),
      .amp = Amp::kFixed,
      .quant = quant_float("folded into a constant"),
      .sparsity = no_sparsity(),
      .examples = {{.inputs = {example_ints({10})}},
                   {.inputs = {{.dtype = DType::kI32, .shape = {}, .values = {7}, .constant = true}},
                    .attrs = {{"periodic", int64_t{0}}, {"output_datatype", std::string("f64")}}},
                   {.inputs = {example_ints({1})}, .attrs = {{"periodic", int64_t{0}}}}},
  };
}

constexpr std::array<std::string_view, 5> kMelInputs = {"num_mel_bins", "dft_length", "sample_rate",
                                                        "lower_edge_hertz", "upper_edge_hertz"};

void infer_mel(const Node& node, std::span<ValueType> outputs) {
  for (size_t i = 0; i < kMelInputs.size(); ++i) {
    const ValueType& type = node.input(i)->type();
    check_one_element(type, kMelInputs[i]);
    if (i < 3) check_index(type, kMelInputs[i]);
    else check_real(type, kMelInputs[i]);
  }
  outputs[0] = {output_dtype(node.attrs()), {Dim(), Dim()}};
  const auto bins = known_ints(node.input(0));
  const auto length = known_ints(node.input(1));
  for (const auto& size : {bins, length})
    TWOFOUR_CHECK(!size || ((*size)[0] > 0 && (*size)[0] < kMost), kInvalidArgument,
                  "num_mel_bins or dft_length is {}", (*size)[0]);
  if (length) outputs[0].dims[0] = (*length)[0] / 2 + 1;
  if (bins) outputs[0].dims[1] = (*bins)[0];
}

double mel_of(double hertz) { return 2595 * std::log10(1 + hertz / 700); }
double hertz_of(double mel) { return 700 * (std::pow(10, mel / 2595) - 1); }

/// The spectrogram's rows at which the triangles begin, peak and end.
std::vector<int64_t> mel_edges(const ReferenceArgs& args, int64_t bins, int64_t rows) {
  const auto number = [&](size_t i) { return args.inputs[i].to(DType::kF64).span<double>()[0]; };
  const double low = mel_of(number(3));
  const double step = (mel_of(number(4)) - low) / static_cast<double>(bins + 2);
  TWOFOUR_CHECK(number(2) > 0, kInvalidArgument, "sample_rate is {}", number(2));
  std::vector<int64_t> edges;
  for (int64_t i = 0; i < bins + 2; ++i) {
    const double hertz = hertz_of(low + static_cast<double>(i) * step);
    const double row = std::floor((number(1) + 1) * hertz / number(2));
    TWOFOUR_CHECK(row >= (edges.empty() ? 0.0 : static_cast<double>(edges.back())) &&
                      row < static_cast<double>(rows) + (i == bins + 1),
                  kInvalidArgument, "the edges {} and {} Hz do not lie, in this order, within half of {} Hz",
                  number(3), number(4), number(2));
    edges.push_back(static_cast<int64_t>(row));
  }
  return edges;
}

void reference_mel(const ReferenceArgs& args) {
  const Shape& shape = args.outputs[0].shape();
  const int64_t bins = shape[1];
  const std::vector<int64_t> edges = mel_edges(args, bins, shape[0]);
  Tensor weights(DType::kF64, shape);
  for (int64_t i = 0; i < bins; ++i) {
    const auto set = [&](int64_t row, double value) {
      weights.span<double>()[static_cast<size_t>(row * bins + i)] = value;
    };
    const auto at = static_cast<size_t>(i);
    const int64_t low = edges[at];
    const int64_t peak = edges[at + 1];
    const int64_t high = edges[at + 2];
    if (low == peak) set(peak, 1);
    for (int64_t row = low; low < peak && row <= peak; ++row)
      set(row, static_cast<double>(row - low) / static_cast<double>(peak - low));
    for (int64_t row = peak; row < high; ++row)
      set(row, static_cast<double>(high - row) / static_cast<double>(high - peak));
  }
  store(weights, args.outputs[0]);
}

ExampleInput hertz(float value) { return {.shape = {}, .values = {value}, .constant = true}; }

}  // namespace

extern const OpDef kHannWindow;
const OpDef kHannWindow = signal_window(
    "HannWindow", "dst = 1/2 - 1/2 cos(2 pi i / n), with n = size, or size - 1 unless periodic.",
    reference_hann);
extern const OpDef kHammingWindow;
const OpDef kHammingWindow = signal_window(
    "HammingWindow", "dst = 25/46 - 21/46 cos(2 pi i / n), with n = size, or size - 1 unless periodic.",
    reference_hamming);
extern const OpDef kBlackmanWindow;
const OpDef kBlackmanWindow = signal_window(
    "BlackmanWindow", "dst = 0.42 - 0.5 cos(2 pi i / n) + 0.08 cos(4 pi i / n), n as for the others.",
    reference_blackman);

extern const OpDef kMelWeightMatrix;
const OpDef kMelWeightMatrix = {
    .name = "MelWeightMatrix",
    .doc =
        "dst = the triangles that turn the rows of a spectrogram into bins of equal width on the mel scale.",
    .inputs = {{.name = kMelInputs[0], .state = true, .domain = exactly<8>},
               {.name = kMelInputs[1], .state = true, .domain = exactly<64>},
               {.name = kMelInputs[2], .state = true, .domain = exactly<8192>},
               {.name = kMelInputs[3], .state = true, .domain = exactly<0>},
               {.name = kMelInputs[4], .state = true, .domain = exactly<4096>}},
    .outputs = {{"dst"}},
    .attrs = {"output_datatype"},
    .infer = infer_mel,
    .reference = reference_mel,
    .grad = not_differentiable("the inputs are options"),
    .amp = Amp::kFixed,
    .quant = quant_float("folded into a constant"),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {example_ints({8}), example_ints({16}), example_ints({8192}), hertz(0),
                             hertz(4096)}},
                 {.inputs = {example_ints({3}), example_ints({9}), example_ints({100}), hertz(5), hertz(40)},
                  .attrs = {{"output_datatype", std::string("f64")}}}},
};

}  // namespace twofour::ops
