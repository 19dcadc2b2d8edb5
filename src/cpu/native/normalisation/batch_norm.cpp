#include "cpu/native/normalisation/batch_norm.h"

#include <algorithm>

#include "base/parallel.h"
#include "cpu/native/simd.h"
#include "cpu/op_tactic.h"

namespace twofour::cpu {
namespace {

constexpr int64_t kRowsPerPiece = 256;  // of NHWC pixels: a piece stays in cache between its two passes
constexpr int64_t kChannelBlock = 128;  // of NHWC channels handled together
constexpr int64_t kLanes = 16;
constexpr int64_t kGrainElements = 16384;

/// grad where the gate is open. By value, so that both are loaded whatever the gate says and the loop
/// vectorises.
inline float gated(float grad, float gate) { return gate > 0 ? grad : 0.0F; }

/// Calls fn(o, c) in parallel for every contiguous plane, or fn(first row, last row) for NHWC.
template <typename Fn>
void for_each_plane(const ChannelView& v, const Fn& fn) {
  parallel_ranges(v.outer * v.channels, kGrainElements / v.inner, [&](int64_t first, int64_t last) {
    for (int64_t plane = first; plane < last; ++plane) fn(plane / v.channels, plane % v.channels);
  });
}

/// NHWC is cut into pieces of rows, NCHW into planes.
int64_t pieces_of(const ChannelView& v) {
  return v.inner == 1 ? std::max<int64_t>(1, v.outer / kRowsPerPiece) : v.outer;
}

/// Mean and sum of squared deviations of n neighbours.
void plane_moments(const float* src, int64_t n, double* mean, double* deviation) {
  run_simd([=]() TWOFOUR_INLINE {
    float lanes[kLanes] = {};
    const int64_t whole = n / kLanes * kLanes;
    double sum = 0;
    for (int64_t i = 0; i < whole; i += kLanes)
#pragma omp simd
      for (int64_t j = 0; j < kLanes; ++j) lanes[j] += src[i + j];
    for (int64_t j = 0; j < kLanes; ++j) sum += static_cast<double>(lanes[j]);
    for (int64_t i = whole; i < n; ++i) sum += static_cast<double>(src[i]);
    *mean = sum / static_cast<double>(n);
    const auto centre = static_cast<float>(*mean);
    for (float& lane : lanes) lane = 0;
    for (int64_t i = 0; i < whole; i += kLanes)
#pragma omp simd
      for (int64_t j = 0; j < kLanes; ++j) {
        const float d = src[i + j] - centre;
        lanes[j] += d * d;
      }
    double squares = 0;
    for (int64_t j = 0; j < kLanes; ++j) squares += static_cast<double>(lanes[j]);
    for (int64_t i = whole; i < n; ++i) {
      const double d = static_cast<double>(src[i] - centre);
      squares += d * d;
    }
    // About the rounded centre; moved to the exact mean.
    const double off = *mean - static_cast<double>(centre);
    *deviation = squares - static_cast<double>(n) * off * off;
  });
}

/// The same for `rows` rows of C channels, `count` <= kChannelBlock of them.
void row_moments(const float* src, int64_t rows, int64_t channels, int64_t count, double* mean,
                 double* deviation) {
  run_simd([=]() TWOFOUR_INLINE {
    float sum[kChannelBlock] = {};
    for (int64_t row = 0; row < rows; ++row) {
      const float* line = src + row * channels;
#pragma omp simd
      for (int64_t c = 0; c < count; ++c) sum[c] += line[c];
    }
    float centre[kChannelBlock] = {};
    for (int64_t c = 0; c < count; ++c) centre[c] = sum[c] / static_cast<float>(rows);
    float squares[kChannelBlock] = {};
    float offset[kChannelBlock] = {};
    for (int64_t row = 0; row < rows; ++row) {
      const float* line = src + row * channels;
#pragma omp simd
      for (int64_t c = 0; c < count; ++c) {
        const float d = line[c] - centre[c];
        squares[c] += d * d;
        offset[c] += d;
      }
    }
    for (int64_t c = 0; c < count; ++c) {
      const double off = static_cast<double>(offset[c]) / static_cast<double>(rows);
      mean[c] = static_cast<double>(centre[c]) + off;
      deviation[c] = static_cast<double>(squares[c]) - static_cast<double>(rows) * off * off;
    }
  });
}

template <bool kGated>
void plane_products(const float* grad, const float* src, const float* gate, float mean, int64_t n,
                    double* sum, double* product) {
  run_simd([=]() TWOFOUR_INLINE {
    float sums[kLanes] = {};
    float products[kLanes] = {};
    double total = 0;
    double dot = 0;
    const int64_t whole = n / kLanes * kLanes;
    for (int64_t i = 0; i < whole; i += kLanes) {
#pragma omp simd
      for (int64_t j = 0; j < kLanes; ++j) {
        const float g = kGated ? gated(grad[i + j], gate[i + j]) : grad[i + j];
        sums[j] += g;
        products[j] += g * (src[i + j] - mean);
      }
    }
    for (int64_t j = 0; j < kLanes; ++j) {
      total += static_cast<double>(sums[j]);
      dot += static_cast<double>(products[j]);
    }
    for (int64_t i = whole; i < n; ++i) {
      const float g = kGated ? gated(grad[i], gate[i]) : grad[i];
      total += static_cast<double>(g);
      dot += static_cast<double>(g * (src[i] - mean));
    }
    *sum = total;
    *product = dot;
  });
}

void row_products(const float* grad, const float* src, const float* gate, const float* mean, int64_t rows,
                  int64_t channels, int64_t count, double* sum, double* product) {
  run_simd([=]() TWOFOUR_INLINE {
    float sums[kChannelBlock] = {};
    float products[kChannelBlock] = {};
    for (int64_t row = 0; row < rows; ++row) {
      const int64_t at = row * channels;
      if (gate) {
#pragma omp simd
        for (int64_t c = 0; c < count; ++c) {
          const float g = gated(grad[at + c], gate[at + c]);
          sums[c] += g;
          products[c] += g * (src[at + c] - mean[c]);
        }
      } else {
#pragma omp simd
        for (int64_t c = 0; c < count; ++c) {
          sums[c] += grad[at + c];
          products[c] += grad[at + c] * (src[at + c] - mean[c]);
        }
      }
    }
    for (int64_t c = 0; c < count; ++c) {
      sum[c] = static_cast<double>(sums[c]);
      product[c] = static_cast<double>(products[c]);
    }
  });
}

/// Calls fn(piece, first row, rows, first channel, channels) in parallel over the NHWC pieces.
template <typename Fn>
void for_each_piece(const ChannelView& v, int64_t pieces, const Fn& fn) {
  const int64_t piece_elements = v.outer * v.channels / pieces;
  parallel_ranges(pieces, kGrainElements / std::max<int64_t>(piece_elements, 1),
                  [&](int64_t first, int64_t last) {
                    for (int64_t piece = first; piece < last; ++piece) {
                      const int64_t row = v.outer * piece / pieces;
                      const int64_t rows = v.outer * (piece + 1) / pieces - row;
                      for (int64_t c = 0; c < v.channels; c += kChannelBlock)
                        fn(piece, row, rows, c, std::min(kChannelBlock, v.channels - c));
                    }
                  });
}

int64_t rows_in_piece(const ChannelView& v, int64_t pieces, int64_t piece) {
  return v.inner == 1 ? v.outer * (piece + 1) / pieces - v.outer * piece / pieces : v.inner;
}

}  // namespace

ChannelView::ChannelView(const backend::TensorDesc& desc) {
  const Shape& s = desc.shape;
  channels = s[1];
  inner = s.numel(2, s.rank());
  outer = s[0];
  if (desc.format == Format::kChannelsLast && s.rank() == 4) {
    outer *= inner;
    inner = 1;
  }
}

void scale_channels(const ChannelView& v, const float* src, const ChannelScale& scale, bool relu,
                    float* dst) {
  const float low = relu ? 0.0F : -__builtin_inff();
  if (v.inner == 1) {
    parallel_ranges(v.outer, kGrainElements / v.channels, [&](int64_t first, int64_t last) {
      run_simd([=, &v, centre = scale.centre, factor = scale.factor, shift = scale.shift]() TWOFOUR_INLINE {
        for (int64_t row = first; row < last; ++row) {
          const float* from = src + row * v.channels;
          float* to = dst + row * v.channels;
#pragma omp simd
          for (int64_t c = 0; c < v.channels; ++c) {
            const float value = (from[c] - centre[c]) * factor[c] + shift[c];
            to[c] = value < low ? low : value;
          }
        }
      });
    });
    return;
  }
  for_each_plane(v, [&](int64_t o, int64_t c) {
    const float* from = src + (o * v.channels + c) * v.inner;
    float* to = dst + (o * v.channels + c) * v.inner;
    run_simd([=, n = v.inner, m = scale.centre[c], a = scale.factor[c], b = scale.shift[c]]() TWOFOUR_INLINE {
#pragma omp simd
      for (int64_t i = 0; i < n; ++i) {
        const float value = (from[i] - m) * a + b;
        to[i] = value < low ? low : value;
      }
    });
  });
}

void mix_channels(const ChannelView& v, const float* grad, const float* src, const float* gate,
                  const ChannelMix& mix, float* dst) {
  if (v.inner == 1) {
    parallel_ranges(v.outer, kGrainElements / v.channels, [&](int64_t first, int64_t last) {
      run_simd([=, &v]() TWOFOUR_INLINE {
        for (int64_t row = first; row < last; ++row) {
          const int64_t at = row * v.channels;
          if (gate) {
#pragma omp simd
            for (int64_t c = 0; c < v.channels; ++c) {
              const float g = gated(grad[at + c], gate[at + c]);
              dst[at + c] = g * mix.on_grad[c] + (src[at + c] * mix.on_src[c] + mix.shift[c]);
            }
          } else {
#pragma omp simd
            for (int64_t c = 0; c < v.channels; ++c)
              dst[at + c] = grad[at + c] * mix.on_grad[c] + (src[at + c] * mix.on_src[c] + mix.shift[c]);
          }
        }
      });
    });
    return;
  }
  for_each_plane(v, [&](int64_t o, int64_t c) {
    const int64_t at = (o * v.channels + c) * v.inner;
    run_simd([=, n = v.inner, on_grad = mix.on_grad[c], on_src = mix.on_src[c], shift = mix.shift[c]]()
                 TWOFOUR_INLINE {
                   if (gate) {
#pragma omp simd
                     for (int64_t i = at; i < at + n; ++i) {
                       const float g = gated(grad[i], gate[i]);
                       dst[i] = g * on_grad + (src[i] * on_src + shift);
                     }
                   } else {
#pragma omp simd
                     for (int64_t i = at; i < at + n; ++i)
                       dst[i] = grad[i] * on_grad + (src[i] * on_src + shift);
                   }
                 });
  });
}

ChannelMoments::ChannelMoments(const ChannelView& view) : view_(view), pieces_(pieces_of(view)) {}

size_t ChannelMoments::scratch_bytes() const {
  return static_cast<size_t>(2 * pieces_ * view_.channels) * sizeof(double);
}

void ChannelMoments::run(const float* src, double* mean, double* variance, std::byte* scratch) const {
  const ChannelView& v = view_;
  auto* means = reinterpret_cast<double*>(scratch);
  double* deviations = means + pieces_ * v.channels;
  if (v.inner == 1) {
    for_each_piece(v, pieces_, [&](int64_t piece, int64_t row, int64_t rows, int64_t c, int64_t count) {
      row_moments(src + row * v.channels + c, rows, v.channels, count, means + piece * v.channels + c,
                  deviations + piece * v.channels + c);
    });
  } else {
    for_each_plane(v, [&](int64_t o, int64_t c) {
      const int64_t plane = o * v.channels + c;
      plane_moments(src + plane * v.inner, v.inner, means + plane, deviations + plane);
    });
  }
  // Chan, Golub and LeVeque's rule for joining two samples.
  for (int64_t c = 0; c < v.channels; ++c) mean[c] = variance[c] = 0;
  double before = 0;
  for (int64_t piece = 0; piece < pieces_; ++piece) {
    const auto rows = static_cast<double>(rows_in_piece(v, pieces_, piece));
    const double weight = rows / (before + rows);
    for (int64_t c = 0; c < v.channels; ++c) {
      const double delta = means[piece * v.channels + c] - mean[c];
      mean[c] += delta * weight;
      variance[c] += deviations[piece * v.channels + c] + delta * delta * before * weight;
    }
    before += rows;
  }
  for (int64_t c = 0; c < v.channels; ++c) variance[c] = variance[c] < 0 ? 0.0 : variance[c] / before;
}

ChannelProducts::ChannelProducts(const ChannelView& view) : view_(view), pieces_(pieces_of(view)) {}

size_t ChannelProducts::scratch_bytes() const {
  return static_cast<size_t>(2 * pieces_ * view_.channels) * sizeof(double);
}

void ChannelProducts::run(const float* grad, const float* src, const float* gate, const float* mean,
                          double* sum, double* product, std::byte* scratch) const {
  const ChannelView& v = view_;
  auto* sums = reinterpret_cast<double*>(scratch);
  double* products = sums + pieces_ * v.channels;
  if (v.inner == 1) {
    for_each_piece(v, pieces_, [&](int64_t piece, int64_t row, int64_t rows, int64_t c, int64_t count) {
      const int64_t at = row * v.channels + c;
      row_products(grad + at, src + at, gate ? gate + at : nullptr, mean + c, rows, v.channels, count,
                   sums + piece * v.channels + c, products + piece * v.channels + c);
    });
  } else {
    for_each_plane(v, [&](int64_t o, int64_t c) {
      const int64_t plane = o * v.channels + c;
      const int64_t at = plane * v.inner;
      if (gate)
        plane_products<true>(grad + at, src + at, gate + at, mean[c], v.inner, sums + plane,
                             products + plane);
      else
        plane_products<false>(grad + at, src + at, nullptr, mean[c], v.inner, sums + plane, products + plane);
    });
  }
  for (int64_t c = 0; c < v.channels; ++c) sum[c] = product[c] = 0;
  for (int64_t piece = 0; piece < pieces_; ++piece)
    for (int64_t c = 0; c < v.channels; ++c) {
      sum[c] += sums[piece * v.channels + c];
      product[c] += products[piece * v.channels + c];
    }
}

}  // namespace twofour::cpu
