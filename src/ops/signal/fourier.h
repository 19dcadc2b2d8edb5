// The discrete Fourier transform that DFT and STFT share.
#pragma once

#include <complex>
#include <span>
#include <vector>

namespace twofour::ops {

/// dst[k] = sum over n of src[n] * e^(-2 pi j k n / length), with + and 1 / length when inverse; src counts
/// as zero beyond its end.
class Fourier {
 public:
  Fourier(int64_t length, bool inverse);
  void transform(std::span<const std::complex<double>> src, std::span<std::complex<double>> dst) const;

 private:
  std::vector<std::complex<double>> roots_;
  double factor_;
};

}  // namespace twofour::ops
