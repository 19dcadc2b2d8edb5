// DFT and STFT. The last axis holds real and imaginary part.
#include "ops/signal/fourier.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "ops/domain.h"
#include "ops/example.h"
#include "ops/infer.h"
#include "ops/shape_value.h"
#include "ops/strided.h"

namespace twofour::ops {

using Complex = std::complex<double>;

Fourier::Fourier(int64_t length, bool inverse)
    : roots_(static_cast<size_t>(length)), factor_(inverse ? 1 / static_cast<double>(length) : 1) {
  const double turn = (inverse ? 2 : -2) * std::numbers::pi / static_cast<double>(length);
  for (size_t i = 0; i < roots_.size(); ++i) roots_[i] = std::polar(1.0, turn * static_cast<double>(i));
}

void Fourier::transform(std::span<const Complex> src, std::span<Complex> dst) const {
  const size_t used = std::min(src.size(), roots_.size());
  for (size_t k = 0; k < dst.size(); ++k) {
    Complex sum = 0;
    for (size_t n = 0; n < used; ++n) sum += src[n] * roots_[k * n % roots_.size()];
    dst[k] = sum * factor_;
  }
}

namespace {

constexpr int64_t kMostLength = int64_t{1} << 31;  // keeps k * n below overflow

void check_signal(const ValueType& src) {
  check_real(src, "src");
  TWOFOUR_CHECK(src.dims.size() >= 2 && (dims_fit(src.dims.back(), 1) || dims_fit(src.dims.back(), 2)),
                kInvalidArgument, "src is {}; its last size must be 1 (real) or 2 (complex)",
                src.to_string());
}

void check_scalar(const Node& node, size_t input) {
  if (!node.input(input)) return;
  const std::string_view what = get_op(node.op()).inputs[input].name;
  check_index(node.input(input)->type(), what);
  check_one_element(node.input(input)->type(), what);
}

int64_t checked_length(int64_t length) {
  TWOFOUR_CHECK(length >= 1 && length < kMostLength, kInvalidArgument,
                "a transform of length {} is out of range", length);
  return length;
}

struct Direction {
  bool inverse, onesided;
  /// From half a spectrum to a real signal.
  bool to_real() const { return inverse && onesided; }
};

Direction direction_of(const Attrs& attrs) {
  return {attrs.i("inverse", 0) != 0, attrs.i("onesided", 0) != 0};
}

size_t signal_axis(int64_t axis, size_t rank) {
  const size_t i = normalize_axis(axis, rank);
  TWOFOUR_CHECK(i + 1 < rank, kInvalidArgument, "axis {} is the one of real and imaginary part", axis);
  return i;
}

void infer_dft(const Node& node, std::span<ValueType> outputs) {
  const ValueType& src = node.input(0)->type();
  check_signal(src);
  check_scalar(node, 1);
  check_scalar(node, 2);
  const Direction direction = direction_of(node.attrs());
  TWOFOUR_CHECK(direction.inverse || !direction.onesided || src.dims.back() != Dim(2), kInvalidArgument,
                "onesided needs a real signal; src is {}", src.to_string());
  outputs[0] = src;
  Dims& dims = outputs[0].dims;
  dims.back() = direction.to_real() ? 1 : 2;
  const auto axis = node.input(2) ? known_ints(node.input(2)) : std::vector<int64_t>{-2};
  if (!axis) {
    std::fill(dims.begin(), dims.end() - 1, Dim());
    return;
  }
  Dim& size = dims[signal_axis((*axis)[0], dims.size())];
  if (node.input(1)) {
    const auto length = known_ints(node.input(1));
    size = length ? Dim((*length)[0]) : Dim();
  } else if (direction.to_real() && size.known()) {
    size = 2 * (size.value - 1);
  } else if (direction.to_real()) {
    size = Dim();
  }
  if (size.known() || node.input(1)) {
    if (size.value != Dim::kUnknown || !node.input(1)) checked_length(size.value);
  }
  if (direction.onesided && !direction.inverse) size = size.known() ? Dim(size.value / 2 + 1) : Dim();
}

/// The signal at `begin`, every `stride`-th element of `parts` numbers; half a spectrum is completed.
std::vector<Complex> read_signal(const double* src, int64_t begin, int64_t count, int64_t stride,
                                 int64_t parts) {
  std::vector<Complex> signal;
  for (int64_t i = 0; i < count; ++i) {
    const double* at = src + (begin + i * stride) * parts;
    signal.emplace_back(at[0], parts == 2 ? at[1] : 0.0);
  }
  return signal;
}

std::vector<Complex> completed(std::vector<Complex> half, int64_t length) {
  half.resize(static_cast<size_t>(length / 2 + 1));
  half[0] = half[0].real();
  if (length % 2 == 0) half.back() = half.back().real();
  std::vector<Complex> full(static_cast<size_t>(length));
  for (size_t k = 0; k < full.size(); ++k)
    full[k] = k < half.size() ? half[k] : std::conj(half[full.size() - k]);
  return full;
}

void reference_dft(const ReferenceArgs& args) {
  const Direction direction = direction_of(args.attrs);
  const Tensor src = args.inputs[0].to(DType::kF64);
  Tensor dst(DType::kF64, args.outputs[0].shape());
  const size_t rank = src.shape().rank();
  const Tensor axis_input = input_or_none(args, 2);
  const size_t axis = signal_axis(axis_input.defined() ? to_ints(axis_input)[0] : -2, rank);
  const auto without_parts = [](const Shape& shape) {
    return Shape(std::vector<int64_t>(shape.begin(), shape.end() - 1));
  };
  const AxisView from(without_parts(src.shape()), axis);
  const AxisView to(without_parts(dst.shape()), axis);
  const Tensor length_input = input_or_none(args, 1);
  const int64_t length = checked_length(length_input.defined() ? to_ints(length_input)[0]
                                        : direction.to_real()  ? 2 * (from.size - 1)
                                                               : from.size);
  const Fourier fourier(length, direction.inverse);
  std::vector<Complex> result(static_cast<size_t>(to.size));
  const int64_t parts = dst.shape()[rank - 1];
  for (int64_t o = 0; o < from.outer; ++o)
    for (int64_t i = 0; i < from.inner; ++i) {
      std::vector<Complex> signal = read_signal(src.span<double>().data(), o * from.size * from.inner + i,
                                                from.size, from.inner, src.shape()[rank - 1]);
      if (direction.to_real()) signal = completed(std::move(signal), length);
      fourier.transform(signal, result);
      for (int64_t k = 0; k < to.size; ++k) {
        double* at = dst.span<double>().data() + ((o * to.size + k) * to.inner + i) * parts;
        at[0] = result[static_cast<size_t>(k)].real();
        if (parts == 2) at[1] = result[static_cast<size_t>(k)].imag();
      }
    }
  store(dst, args.outputs[0]);
}

/// The length of a frame, as far as it is known.
Dim frame_length(const Node& node) {
  const Dim window = node.input(2) ? node.input(2)->dims()[0] : Dim();
  Dim length = node.input(2) ? window : node.input(0)->dims()[1];
  if (node.input(3)) {
    const auto given = known_ints(node.input(3));
    length = given ? Dim((*given)[0]) : Dim();
    if (given) checked_length((*given)[0]);
    TWOFOUR_CHECK(dims_fit(length, window), kInvalidArgument, "window has {} elements, frame_length is {}",
                  window.to_string(), length.to_string());
    length = merge(length, window);
  }
  return length;
}

void infer_stft(const Node& node, std::span<ValueType> outputs) {
  const ValueType& src = node.input(0)->type();
  check_signal(src);
  TWOFOUR_CHECK(src.dims.size() == 3, kInvalidArgument, "src is {}; batch,length,parts is expected",
                src.to_string());
  check_scalar(node, 1);
  check_scalar(node, 3);
  if (node.input(2)) {
    check_dtype(node.input(2)->type(), src.dtype, "window");
    check_dims(node.input(2)->type(), {Dim()}, "window");
  }
  const bool onesided = node.attrs().i("onesided", 1) != 0;
  TWOFOUR_CHECK(!onesided || src.dims[2] != Dim(2), kInvalidArgument,
                "onesided needs a real signal; src is {}", src.to_string());
  const Dim length = frame_length(node);
  const auto step = known_ints(node.input(1));
  Dim frames;
  if (length.known() && src.dims[1].known() && step) {
    TWOFOUR_CHECK((*step)[0] >= 1, kInvalidArgument, "frame_step is {}; it must be positive", (*step)[0]);
    TWOFOUR_CHECK(checked_length(length.value) <= src.dims[1].value, kInvalidArgument,
                  "a frame of {} does not fit a signal of {}", length.value, src.dims[1].value);
    frames = (src.dims[1].value - length.value) / (*step)[0] + 1;
  }
  const Dim bins = !onesided ? length : length.known() ? Dim(length.value / 2 + 1) : Dim();
  outputs[0] = {src.dtype, {src.dims[0], frames, bins, 2}};
}

void reference_stft(const ReferenceArgs& args) {
  const Tensor src = args.inputs[0].to(DType::kF64);
  const int64_t step = to_ints(args.inputs[1])[0];
  Tensor dst(DType::kF64, args.outputs[0].shape());
  const Shape& shape = dst.shape();
  const Tensor window_input = input_or_none(args, 2);
  const Tensor length_input = input_or_none(args, 3);
  const int64_t length = length_input.defined()   ? to_ints(length_input)[0]
                         : window_input.defined() ? window_input.numel()
                                                  : src.shape()[1];
  const Tensor window = window_input.defined() ? window_input.to(DType::kF64) : Tensor();
  const Fourier fourier(checked_length(length), false);
  std::vector<Complex> result(static_cast<size_t>(shape[2]));
  double* to = dst.span<double>().data();
  for (int64_t n = 0; n < shape[0]; ++n)
    for (int64_t frame = 0; frame < shape[1]; ++frame) {
      std::vector<Complex> signal = read_signal(src.span<double>().data(), n * src.shape()[1] + frame * step,
                                                length, 1, src.shape()[2]);
      if (window.defined())
        for (size_t i = 0; i < signal.size(); ++i) signal[i] *= window.span<double>()[i];
      fourier.transform(signal, result);
      for (const Complex& v : result) {
        *to++ = v.real();
        *to++ = v.imag();
      }
    }
  store(dst, args.outputs[0]);
}

Domain transform_length(const Node& node, size_t) {
  const Dims& src = node.input(0)->dims();
  const size_t axis = src.size() < 2 ? 0 : src.size() - 2;
  const Dim& dim = src[axis];
  return dim.known() ? Domain{0, 0, {static_cast<double>(dim.value)}} : Domain{1, 2};
}

Domain frame_sizes(const Node& node, size_t) { return count_up_to(node.input(0)->dims()[1]); }

ExampleInput scalar(float value) {
  return {.dtype = DType::kI64, .shape = {}, .values = {value}, .constant = true};
}

OpDef fourier_op(std::string_view name, std::string_view doc, std::vector<Port> inputs,
                 std::vector<std::string_view> attrs, InferFn infer, ReferenceFn reference,
                 std::vector<Example> examples) {
  return {
      .name = name,
      .doc = doc,
      .inputs = std::move(inputs),
      .outputs = {{"dst"}},
      .attrs = std::move(attrs),
      .infer = infer,
      .reference = reference,
      .grad = not_differentiable("transforms of signals are for preprocessing only"),
      .amp = Amp::kDeny,
      .quant = quant_float("the range of a spectrum is too wide for 8 bits"),
      .sparsity = no_sparsity(),
      .examples = std::move(examples),
  };
}

}  // namespace

extern const OpDef kDFT;
const OpDef kDFT = fourier_op(
    "DFT",
    "The discrete Fourier transform along `axis`, or its inverse; onesided: half a spectrum of a real "
    "signal.",
    {{"src"},
     {.name = "dft_length", .optional = true, .state = true, .domain = transform_length},
     {.name = "axis", .optional = true, .state = true, .domain = exactly<-2>}},
    {"inverse", "onesided"}, infer_dft, reference_dft,
    {{.inputs = {{.shape = {2, 5, 1}}}},
     {.inputs = {{.shape = {2, 3, 4, 2}}, scalar(6), scalar(1)}, .attrs = {{"inverse", int64_t{1}}}},
     {.inputs = {{.shape = {1, 7, 1}}, {.absent = true}, scalar(-2)}, .attrs = {{"onesided", int64_t{1}}}},
     {.inputs = {{.shape = {1, 4, 2}}}, .attrs = {{"onesided", int64_t{1}}, {"inverse", int64_t{1}}}}});

extern const OpDef kSTFT;
const OpDef kSTFT = fourier_op(
    "STFT",
    "dst[n,f] = the Fourier transform of frame f of src[n], which begins at f * frame_step, times window.",
    {{"src"},
     {.name = "frame_step", .state = true, .domain = positive_numbers},
     {.name = "window", .optional = true, .state = true},
     {.name = "frame_length", .optional = true, .state = true, .domain = frame_sizes}},
    {"onesided"}, infer_stft, reference_stft,
    {{.inputs = {{.shape = {2, 12, 1}}, scalar(3), {.shape = {5}}}},
     {.inputs = {{.shape = {1, 9, 2}}, scalar(2), {.absent = true}, scalar(4)},
      .attrs = {{"onesided", int64_t{0}}}}});

}  // namespace twofour::ops
