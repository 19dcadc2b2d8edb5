// The discrete Fourier transform of several signals at once: Stockham's form for lengths with small prime
// factors (see Van Loan, Computational Frameworks for the FFT, 1992), Bluestein's otherwise. In double
// precision, so that large terms that cancel leave no more than a rounding of f32.
#pragma once

#include <complex>
#include <memory>
#include <vector>

namespace twofour::cpu {

class Fft {
 public:
  /// Signals that are transformed together.
  static constexpr int64_t kLanes = 16;

  /// e^(-2 pi j k n / length), or with + when inverse; nothing is scaled.
  Fft(int64_t length, bool inverse);

  int64_t length() const { return length_; }
  /// Numbers of one block: length * kLanes for real parts, then as many for imaginary ones.
  int64_t block_numbers() const { return 2 * length_ * kLanes; }
  /// Numbers of the memory that run() needs beside the block.
  int64_t scratch_numbers() const;
  /// Transforms a block, element after element with kLanes signals each.
  void run(double* block, double* scratch) const;

 private:
  using Roots = std::vector<std::complex<double>>;

  void run_stockham(double* block, double* scratch) const;
  void run_bluestein(double* block, double* scratch) const;

  int64_t length_;
  bool inverse_;
  std::vector<int64_t> radices_;  // empty: Bluestein's
  Roots roots_;                   // of unity, `length_` of them
  Roots chirp_, filter_;          // Bluestein's, the filter transformed
  std::unique_ptr<Fft> forward_, backward_;
};

}  // namespace twofour::cpu
