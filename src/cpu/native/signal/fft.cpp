#include "cpu/native/signal/fft.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numbers>

#include "cpu/native/simd.h"

namespace twofour::cpu {
namespace {

constexpr int64_t kMostRadix = 64;  // a step of a prime radix costs its square

std::complex<double> root(int64_t turns, int64_t length, double sign) {
  return std::complex<double>(std::polar(
      1.0, sign * 2 * std::numbers::pi * static_cast<double>(turns) / static_cast<double>(length)));
}

/// Factors of 4 first; empty when a prime one is large.
std::vector<int64_t> factors_of(int64_t n) {
  std::vector<int64_t> factors;
  for (const int64_t factor : {int64_t{4}, int64_t{2}})
    for (; n % factor == 0; n /= factor) factors.push_back(factor);
  for (int64_t factor = 3; n > 1; factor += 2) {
    if (factor > kMostRadix) return {};
    for (; n % factor == 0; n /= factor) factors.push_back(factor);
  }
  if (factors.empty()) factors.push_back(1);
  return factors;
}

/// One step: sequences of `length` in `stride` interleaved ones become `radix` times as many shorter ones.
struct Step {
  int64_t radix, length, stride;
  int64_t plane;                      // numbers of the real parts
  const std::complex<double>* roots;  // of the whole transform
  int64_t root_step;                  // roots of `length` stand so far apart
  bool inverse;
};

/// dst_k = sum over j of w^(j k) src_j, then times the twiddle of k; n neighbours.
template <typename Src, typename Dst>
TWOFOUR_INLINE inline void small_transform(const Step& s, int64_t p, int64_t n, const Src& src,
                                           const Dst& dst) {
  const int64_t m = s.length / s.radix;
  for (int64_t k = 0; k < s.radix; ++k) {
    const std::complex<double> twiddle = s.roots[p * k % s.length * s.root_step];
    double* re = dst(k);
    double* im = re + s.plane;
    for (int64_t j = 0; j < s.radix; ++j) {
      const std::complex<double> w = twiddle * s.roots[j * k % s.radix * m * s.root_step];
      const double wr = w.real(), wi = w.imag();
      const double* x = src(j);
      const double* y = x + s.plane;
      if (j == 0) {
#pragma omp simd
        for (int64_t i = 0; i < n; ++i) {
          re[i] = x[i] * wr - y[i] * wi;
          im[i] = x[i] * wi + y[i] * wr;
        }
      } else {
#pragma omp simd
        for (int64_t i = 0; i < n; ++i) {
          re[i] += x[i] * wr - y[i] * wi;
          im[i] += x[i] * wi + y[i] * wr;
        }
      }
    }
  }
}

template <typename Src, typename Dst>
TWOFOUR_INLINE inline void transform4(const Step& s, int64_t p, int64_t n, const Src& src, const Dst& dst) {
  const double turn = s.inverse ? -1.0 : 1.0;
  const std::complex<double> w1 = s.roots[p * s.root_step];
  const std::complex<double> w2 = s.roots[2 * p % s.length * s.root_step];
  const std::complex<double> w3 = s.roots[3 * p % s.length * s.root_step];
  const double *a = src(0), *b = src(1), *c = src(2), *d = src(3);
  double *w = dst(0), *x = dst(1), *y = dst(2), *z = dst(3);
  const int64_t im = s.plane;
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) {
    const double sum_r = a[i] + c[i], sum_i = a[im + i] + c[im + i];
    const double gap_r = a[i] - c[i], gap_i = a[im + i] - c[im + i];
    const double odd_r = b[i] + d[i], odd_i = b[im + i] + d[im + i];
    const double turn_r = turn * (b[im + i] - d[im + i]), turn_i = turn * (d[i] - b[i]);
    w[i] = sum_r + odd_r;
    w[im + i] = sum_i + odd_i;
    const double x_r = gap_r + turn_r, x_i = gap_i + turn_i;
    x[i] = x_r * w1.real() - x_i * w1.imag();
    x[im + i] = x_r * w1.imag() + x_i * w1.real();
    const double y_r = sum_r - odd_r, y_i = sum_i - odd_i;
    y[i] = y_r * w2.real() - y_i * w2.imag();
    y[im + i] = y_r * w2.imag() + y_i * w2.real();
    const double z_r = gap_r - turn_r, z_i = gap_i - turn_i;
    z[i] = z_r * w3.real() - z_i * w3.imag();
    z[im + i] = z_r * w3.imag() + z_i * w3.real();
  }
}

void run_step(const Step& step, const double* from, double* to) {
  run_simd([=]() TWOFOUR_INLINE {
    const Step s = step;
    const int64_t m = s.length / s.radix;
    const int64_t n = s.stride * Fft::kLanes;
    for (int64_t p = 0; p < m; ++p) {
      const auto src = [=](int64_t j) TWOFOUR_INLINE { return from + (p + j * m) * n; };
      const auto dst = [=](int64_t k) TWOFOUR_INLINE { return to + (s.radix * p + k) * n; };
      if (s.radix == 4) transform4(s, p, n, src, dst);
      else small_transform(s, p, n, src, dst);
    }
  });
}

/// (re, im) of row k times w[k], for all rows.
void multiply_rows(const std::complex<double>* w, int64_t rows, int64_t plane, const double* src,
                   int64_t src_plane, double* dst) {
  run_simd([=]() TWOFOUR_INLINE {
    for (int64_t k = 0; k < rows; ++k) {
      const double wr = w[k].real(), wi = w[k].imag();
      const double* x = src + k * Fft::kLanes;
      double* to = dst + k * Fft::kLanes;
#pragma omp simd
      for (int64_t i = 0; i < Fft::kLanes; ++i) {
        const double re = x[i], im = x[src_plane + i];
        to[i] = re * wr - im * wi;
        to[plane + i] = re * wi + im * wr;
      }
    }
  });
}

}  // namespace

Fft::Fft(int64_t length, bool inverse) : length_(length), inverse_(inverse), radices_(factors_of(length)) {
  const double sign = inverse ? 1 : -1;
  if (!radices_.empty()) {
    for (int64_t i = 0; i < length; ++i) roots_.push_back(root(i, length, sign));
    return;
  }
  // X[k] = chirp[k] times the convolution of x * chirp with the conjugate of the chirp.
  const auto size = static_cast<int64_t>(std::bit_ceil(static_cast<uint64_t>(2 * length - 1)));
  forward_ = std::make_unique<Fft>(size, false);
  backward_ = std::make_unique<Fft>(size, true);
  for (int64_t i = 0; i < length; ++i) chirp_.push_back(root(i * i % (2 * length), 2 * length, sign));
  std::vector<double> block(static_cast<size_t>(forward_->block_numbers()), 0.0);
  std::vector<double> scratch(static_cast<size_t>(forward_->scratch_numbers()));
  const auto plane = static_cast<size_t>(size * kLanes);
  for (int64_t i = 0; i < length; ++i)
    for (const int64_t at : {i, (size - i) % size}) {
      block[static_cast<size_t>(at * kLanes)] = chirp_[static_cast<size_t>(i)].real();
      block[plane + static_cast<size_t>(at * kLanes)] = -chirp_[static_cast<size_t>(i)].imag();
    }
  forward_->run(block.data(), scratch.data());
  const double scale = 1.0 / static_cast<double>(size);
  for (size_t i = 0; i < plane; i += kLanes) filter_.emplace_back(block[i] * scale, block[plane + i] * scale);
}

int64_t Fft::scratch_numbers() const {
  return forward_ ? forward_->block_numbers() + forward_->scratch_numbers() : block_numbers();
}

void Fft::run(double* block, double* scratch) const {
  if (forward_) run_bluestein(block, scratch);
  else run_stockham(block, scratch);
}

void Fft::run_stockham(double* block, double* scratch) const {
  const int64_t plane = length_ * kLanes;
  Step step{.radix = 1,
            .length = length_,
            .stride = 1,
            .plane = plane,
            .roots = roots_.data(),
            .root_step = 1,
            .inverse = inverse_};
  double* from = block;
  double* to = scratch;
  for (const int64_t radix : radices_) {
    step.radix = radix;
    step.root_step = length_ / step.length;
    run_step(step, from, to);
    step.length /= radix;
    step.stride *= radix;
    std::swap(from, to);
  }
  if (from != block) std::copy_n(from, 2 * plane, block);
}

void Fft::run_bluestein(double* block, double* scratch) const {
  const int64_t plane = length_ * kLanes;
  const int64_t wide = forward_->length() * kLanes;
  double* const padded = scratch;
  double* const rest = scratch + forward_->block_numbers();
  std::fill_n(padded, forward_->block_numbers(), 0.0);
  multiply_rows(chirp_.data(), length_, wide, block, plane, padded);
  forward_->run(padded, rest);
  multiply_rows(filter_.data(), forward_->length(), wide, padded, wide, padded);
  backward_->run(padded, rest);
  multiply_rows(chirp_.data(), length_, plane, padded, wide, block);
}

}  // namespace twofour::cpu
