// DFT and STFT on f32 by fast transforms, a block of signals at a time.
#include <algorithm>

#include "base/parallel.h"
#include "cpu/native/signal/fft.h"
#include "cpu/op_tactic.h"
#include "cpu/tactics.h"
#include "ops/infer.h"
#include "ops/strided.h"

namespace twofour::cpu {
namespace {

constexpr int64_t kLanes = Fft::kLanes;

/// Where the signals (or spectra) of a tensor lie: the parts of a number are neighbours.
struct Signals {
  int64_t numbers;                        // of one signal
  int64_t step;                           // floats from one number to the next
  int64_t parts;                          // 1: real
  int64_t inner, inner_step, outer_step;  // signal i begins at (i / inner, i % inner)

  int64_t begin(int64_t i) const { return i / inner * outer_step + i % inner * inner_step; }
};

Signals along_axis(const Shape& shape, size_t axis) {
  const ops::AxisView view(shape, axis);  // `inner` counts the parts too
  const int64_t parts = shape[shape.rank() - 1];
  return {.numbers = view.size,
          .step = view.inner,
          .parts = parts,
          .inner = view.inner / parts,
          .inner_step = parts,
          .outer_step = view.size * view.inner};
}

struct Problem {
  Signals src, dst;
  int64_t count, length;
  bool inverse = false;
  bool completes = false;  // src is half the spectrum of a real signal
  bool windowed = false;

  explicit Problem(const NodeDesc& node) {
    if (node.op == "STFT") set_frames(node);
    else set_axis(node);
  }

 private:
  static std::optional<int64_t> constant(const NodeDesc& node, size_t input) {
    if (!node.has_input(input)) return std::nullopt;
    return ops::to_ints(node.inputs[input].data)[0];
  }

  void set_axis(const NodeDesc& node) {
    const Shape& from = node.inputs[0].desc.shape;
    const size_t axis = ops::normalize_axis(constant(node, 2).value_or(-2), from.rank());
    src = along_axis(from, axis);
    dst = along_axis(node.outputs[0].shape, axis);
    inverse = node.attrs.i("inverse", 0) != 0;
    completes = inverse && node.attrs.i("onesided", 0) != 0;
    count = from.numel() / (src.numbers * src.parts);
    length = constant(node, 1).value_or(completes ? 2 * (src.numbers - 1) : src.numbers);
  }

  void set_frames(const NodeDesc& node) {
    const Shape& from = node.inputs[0].desc.shape;
    const Shape& to = node.outputs[0].shape;
    windowed = node.has_input(2);
    length = constant(node, 3).value_or(windowed ? node.inputs[2].desc.shape.numel() : from[1]);
    const int64_t parts = from[2];
    src = {.numbers = length,
           .step = parts,
           .parts = parts,
           .inner = to[1],
           .inner_step = *constant(node, 1) * parts,
           .outer_step = from[1] * parts};
    dst = {.numbers = to[2],
           .step = 2,
           .parts = 2,
           .inner = to[1],
           .inner_step = to[2] * 2,
           .outer_step = to[1] * to[2] * 2};
    count = to[0] * to[1];
  }
};

class FourierKernel final : public Kernel {
 public:
  explicit FourierKernel(const NodeDesc& node) : p_(node), fft_(p_.length, p_.inverse) {
    numbers_ = fft_.block_numbers() + fft_.scratch_numbers();
    blocks_ = ceil_div(p_.count, kLanes);
    parts_ = std::min<int64_t>(blocks_, max_threads());
  }

  size_t scratch_bytes() const override { return static_cast<size_t>(numbers_ * parts_) * sizeof(double); }

  void run(const KernelArgs& args) const override {
    parallel_ranges(parts_, 1, [&](int64_t first, int64_t last) {
      for (int64_t part = first; part < last; ++part) {
        double* const block = reinterpret_cast<double*>(args.scratch) + part * numbers_;
        for (int64_t i = blocks_ * part / parts_; i < blocks_ * (part + 1) / parts_; ++i) {
          const int64_t lanes = std::min(kLanes, p_.count - i * kLanes);
          load(args, i * kLanes, lanes, block);
          fft_.run(block, block + fft_.block_numbers());
          store(args, i * kLanes, lanes, block);
        }
      }
    });
  }

 private:
  void load(const KernelArgs& args, int64_t first, int64_t lanes, double* block) const {
    std::fill_n(block, fft_.block_numbers(), 0.0);
    const int64_t plane = p_.length * kLanes;
    const int64_t most = p_.completes ? p_.length / 2 + 1 : p_.length;
    const float* window = p_.windowed ? args.in<float>(2) : nullptr;
    for (int64_t lane = 0; lane < lanes; ++lane) {
      const float* from = args.in<float>(0) + p_.src.begin(first + lane);
      for (int64_t i = 0; i < std::min(p_.src.numbers, most); ++i) {
        const double factor = window ? double{window[i]} : 1.0;
        block[i * kLanes + lane] = from[i * p_.src.step] * factor;
        if (p_.src.parts == 2) block[plane + i * kLanes + lane] = from[i * p_.src.step + 1] * factor;
      }
    }
    if (p_.completes) complete(block);
  }

  /// The second half is the first one's conjugate, backwards; what is its own conjugate is real.
  void complete(double* block) const {
    double* const im = block + p_.length * kLanes;
    std::fill_n(im, kLanes, 0.0);
    if (p_.length % 2 == 0) std::fill_n(im + p_.length / 2 * kLanes, kLanes, 0.0);
    for (int64_t i = p_.length / 2 + 1; i < p_.length; ++i)
      for (int64_t lane = 0; lane < kLanes; ++lane) {
        block[i * kLanes + lane] = block[(p_.length - i) * kLanes + lane];
        im[i * kLanes + lane] = -im[(p_.length - i) * kLanes + lane];
      }
  }

  void store(const KernelArgs& args, int64_t first, int64_t lanes, const double* block) const {
    const int64_t plane = p_.length * kLanes;
    const double scale = p_.inverse ? 1.0 / static_cast<double>(p_.length) : 1.0;
    for (int64_t lane = 0; lane < lanes; ++lane) {
      float* to = args.out<float>() + p_.dst.begin(first + lane);
      for (int64_t i = 0; i < p_.dst.numbers; ++i) {
        to[i * p_.dst.step] = static_cast<float>(block[i * kLanes + lane] * scale);
        if (p_.dst.parts == 2)
          to[i * p_.dst.step + 1] = static_cast<float>(block[plane + i * kLanes + lane] * scale);
      }
    }
  }

  Problem p_;
  Fft fft_;
  int64_t numbers_;         // of one part
  int64_t blocks_, parts_;  // of kLanes signals; those that run at a time
};

class NativeFourier final : public OpTactic {
 public:
  NativeFourier() : OpTactic("native.fourier", {"DFT", "STFT"}) {}

  std::unique_ptr<Kernel> make(const NodeDesc& node, std::span<const Tensor>) const override {
    return std::make_unique<FourierKernel>(node);
  }

 protected:
  Support accepts(const NodeDesc& node) const override {
    const bool stft = node.op == "STFT";
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      const bool number = i == 1 || i == (stft ? 3U : 2U);
      if (!node.has_input(i)) continue;
      if (number && !node.is_constant(i))
        return declined(Reason::kAttribute, fmt::format("input {} is not constant", i));
      if (!number && node.inputs[i].desc.dtype != DType::kF32)
        return declined(Reason::kDtype, node.inputs[i].desc.to_string());
    }
    if (node.outputs[0].dtype != DType::kF32) return declined(Reason::kDtype, node.outputs[0].to_string());
    if (Support no = all_of({all_plain(node), none_empty(node)}); !no) return no;
    const Problem problem(node);
    return problem.length <= kMostLength ? supported() : declined(Reason::kShape, "a very long transform");
  }

 private:
  static constexpr int64_t kMostLength = int64_t{1} << 24;
};

}  // namespace

TWOFOUR_DEFINE_TACTIC(NativeFourier)

}  // namespace twofour::cpu
