// Convolutions and matrix products by their sums, with the bias, residual and activation of the fused forms.
#include <cmath>

#include "tactics/oracle.h"

namespace twofour::oracle {
namespace {

using Ints = std::vector<int64_t>;

/// A sum and the magnitude of what went into it.
struct Sum {
  Real value = 0, magnitude = 0;
  void add(Real v) {
    value += v;
    magnitude += std::abs(v);
  }
  void add_product(const Question& q, Real v, Real weight) {
    if (!q.pruned || weight != 0) add(v * weight);
  }
};

void finish(const Question& q, Expected& result, size_t i, const Sum& sum) {
  result.at[i] = activation(q.attrs, sum.value);
  const bool slopes = q.attrs.s("activation", "none") != "clip";
  result.scale[i] = std::max(sum.magnitude, std::abs(result.at[i]));
  if (!slopes) return;
  result.scale[i] *= std::max<Real>({1, std::abs(Real(q.attrs.f("activation_slope", 0)))});
}

/// [N, C, spatial...] as N, C and three sizes, the missing ones 1 in front.
struct Image {
  int64_t n, c;
  std::array<int64_t, 3> size{1, 1, 1};
  explicit Image(const Shape& shape) : n(shape[0]), c(shape[1]) {
    for (size_t i = 2; i < shape.rank(); ++i) size[i + 3 - shape.rank()] = shape[i];
  }
  size_t at(int64_t image, int64_t channel, const std::array<int64_t, 3>& p) const {
    return static_cast<size_t>((((image * c + channel) * size[0] + p[0]) * size[1] + p[1]) * size[2] + p[2]);
  }
};

std::array<int64_t, 3> three(const Ints& values, size_t spatial, int64_t otherwise) {
  std::array<int64_t, 3> result{otherwise, otherwise, otherwise};
  for (size_t i = 0; i < spatial && i < values.size(); ++i) result[i + 3 - spatial] = values[i];
  return result;
}

template <typename Fn>
void for_each_position(const std::array<int64_t, 3>& size, const Fn& fn) {
  for (int64_t z = 0; z < size[0]; ++z)
    for (int64_t y = 0; y < size[1]; ++y)
      for (int64_t x = 0; x < size[2]; ++x) fn(std::array<int64_t, 3>{z, y, x});
}

/// What the padding before each axis is, auto_pad included.
std::array<int64_t, 3> pads_before(const Question& q, const Image& src, const Image& dst, const Image& weight,
                                   size_t spatial) {
  const auto stride = three(q.attrs.ints("strides"), spatial, 1);
  const auto dilation = three(q.attrs.ints("dilations"), spatial, 1);
  auto pads = three(q.attrs.ints("pads"), spatial, 0);
  const std::string automatic = q.attrs.s("auto_pad", "NOTSET");
  if (!automatic.starts_with("SAME")) return pads;
  for (size_t i = 3 - spatial; i < 3; ++i) {
    const int64_t extent = (weight.size[i] - 1) * dilation[i] + 1;
    const int64_t total = std::max<int64_t>(0, (dst.size[i] - 1) * stride[i] + extent - src.size[i]);
    pads[i] = automatic == "SAME_UPPER" ? total / 2 : total - total / 2;
  }
  return pads;
}

Answer conv(const Question& q) {
  const size_t spatial = q.in[0].shape.rank() - 2;
  const Image src(q.in[0].shape), dst(q.out[0].shape), weight(q.in[1].shape);
  const auto stride = three(q.attrs.ints("strides"), spatial, 1);
  const auto dilation = three(q.attrs.ints("dilations"), spatial, 1);
  const auto pads = pads_before(q, src, dst, weight, spatial);
  const int64_t group = dst.c / q.attrs.i("group", 1);
  Expected result(static_cast<size_t>(q.out[0].shape.numel()));
  result.unclear.resize(result.at.size());
  for (int64_t n = 0; n < dst.n; ++n)
    for (int64_t k = 0; k < dst.c; ++k)
      for_each_position(dst.size, [&](const std::array<int64_t, 3>& to) {
        Sum sum;
        if (q.has(2)) sum.add(q.in[2].at[static_cast<size_t>(k)]);
        for (int64_t c = 0; c < weight.c; ++c)
          for_each_position(weight.size, [&](const std::array<int64_t, 3>& tap) {
            std::array<int64_t, 3> from{};
            for (size_t i = 0; i < 3; ++i) {
              from[i] = to[i] * stride[i] - pads[i] + tap[i] * dilation[i];
              if (from[i] >= 0 && from[i] < src.size[i]) continue;
              if (!std::isfinite(q.in[1].at[weight.at(k, c, tap)])) result.unclear[dst.at(n, k, to)] = true;
              return;
            }
            sum.add_product(q, q.in[0].at[src.at(n, k / group * weight.c + c, from)],
                            q.in[1].at[weight.at(k, c, tap)]);
          });
        const size_t at = dst.at(n, k, to);
        if (q.has(3)) sum.add(q.in[3].at[at]);
        finish(q, result, at, sum);
      });
  return {result};
}

/// Whether a weight of an output channel of ConvTranspose is not finite.
bool is_spoilt(const Question& q, const Image& weight, int64_t first, int64_t group, int64_t k) {
  bool spoilt = false;
  for (int64_t c = first; c < first + group; ++c)
    for_each_position(weight.size, [&](const std::array<int64_t, 3>& tap) {
      spoilt |= !std::isfinite(q.in[1].at[weight.at(c, k, tap)]);
    });
  return spoilt;
}

Answer conv_transpose(const Question& q) {
  const size_t spatial = q.in[0].shape.rank() - 2;
  const Image src(q.in[0].shape), dst(q.out[0].shape), weight(q.in[1].shape);
  const auto stride = three(q.attrs.ints("strides"), spatial, 1);
  const auto dilation = three(q.attrs.ints("dilations"), spatial, 1);
  auto pads = three(q.attrs.ints("pads"), spatial, 0);
  const std::string automatic = q.attrs.s("auto_pad", "NOTSET");
  const auto extra = three(q.attrs.ints("output_padding"), spatial, 0);
  if (automatic.starts_with("SAME") || !q.attrs.ints("output_shape").empty())
    for (size_t i = 3 - spatial; i < 3; ++i) {
      const int64_t extent = (weight.size[i] - 1) * dilation[i] + 1;
      const int64_t total = (src.size[i] - 1) * stride[i] + extent + extra[i] - dst.size[i];
      pads[i] = automatic == "SAME_UPPER" ? total / 2 : total - total / 2;
    }
  const int64_t groups = q.attrs.i("group", 1), group = src.c / groups;
  std::vector<Sum> sums(static_cast<size_t>(q.out[0].shape.numel()));
  for (int64_t n = 0; n < src.n; ++n)
    for (int64_t c = 0; c < src.c; ++c)
      for_each_position(src.size, [&](const std::array<int64_t, 3>& from) {
        for (int64_t k = 0; k < weight.c; ++k)
          for_each_position(weight.size, [&](const std::array<int64_t, 3>& tap) {
            std::array<int64_t, 3> to{};
            for (size_t i = 0; i < 3; ++i) {
              to[i] = from[i] * stride[i] - pads[i] + tap[i] * dilation[i];
              if (to[i] < 0 || to[i] >= dst.size[i]) return;
            }
            sums[dst.at(n, c / group * weight.c + k, to)].add(q.in[0].at[src.at(n, c, from)] *
                                                              q.in[1].at[weight.at(c, k, tap)]);
          });
      });
  Expected result(sums.size());
  const int64_t plane = dst.size[0] * dst.size[1] * dst.size[2];
  result.unclear.resize(sums.size());
  for (size_t i = 0; i < sums.size(); ++i) {
    const int64_t k = static_cast<int64_t>(i) / plane % dst.c;
    if (q.has(2)) sums[i].add(q.in[2].at[static_cast<size_t>(k)]);
    finish(q, result, i, sums[i]);
    result.unclear[i] =
        std::isfinite(result.at[i]) && is_spoilt(q, weight, k / weight.c * group, group, k % weight.c);
  }
  return {result};
}

Answer gemm(const Question& q) {
  const bool ta = q.attrs.i("transA", 0) != 0, tb = q.attrs.i("transB", 0) != 0;
  const int64_t rows = q.out[0].shape[0], columns = q.out[0].shape[1], depth = q.in[0].shape[ta ? 0 : 1];
  const Real alpha = q.attrs.f("alpha", 1), beta = q.attrs.f("beta", 1);
  Expected result(static_cast<size_t>(rows * columns));
  for (int64_t m = 0; m < rows; ++m)
    for (int64_t n = 0; n < columns; ++n) {
      Sum sum;
      for (int64_t k = 0; k < depth; ++k)
        sum.add_product(q, alpha * q.in[0].at[static_cast<size_t>(ta ? k * rows + m : m * depth + k)],
                        q.in[1].at[static_cast<size_t>(tb ? n * depth + k : k * columns + n)]);
      if (q.has(2)) {
        const Shape& c = q.in[2].shape;
        const int64_t height = c.rank() > 1 ? c[c.rank() - 2] : 1, width = c.rank() > 0 ? c[c.rank() - 1] : 1;
        sum.add(beta * q.in[2].at[static_cast<size_t>((height == 1 ? 0 : m * width) + (width == 1 ? 0 : n))]);
      }
      finish(q, result, static_cast<size_t>(m * columns + n), sum);
    }
  return {result};
}

/// A shape of at least two axes: vectors become a row or a column.
Ints as_matrix(Shape shape, bool left) {
  Ints dims = shape.dims();
  if (dims.size() == 1) dims.insert(left ? dims.begin() : dims.end(), 1);
  return dims;
}

Answer matmul(const Question& q) {
  const Ints a = as_matrix(q.in[0].shape, true), b = as_matrix(q.in[1].shape, false);
  const int64_t rows = a[a.size() - 2], depth = a.back(), columns = b.back();
  const size_t batch_axes = std::max(a.size(), b.size()) - 2;
  Ints batch(batch_axes, 1);
  const auto size_at = [&](const Ints& dims, size_t axis) {
    const size_t missing = batch_axes + 2 - dims.size();
    return axis < missing ? int64_t{1} : dims[axis - missing];
  };
  for (size_t i = 0; i < batch_axes; ++i) batch[i] = std::max(size_at(a, i), size_at(b, i));
  for (size_t i = 0; i < batch_axes; ++i)
    if (size_at(a, i) == 0 || size_at(b, i) == 0) batch[i] = 0;
  const auto matrix_of = [&](const Ints& dims, int64_t at) {
    int64_t index = 0, step = 1;
    for (size_t i = batch_axes; i-- > 0; at /= batch[i]) {
      if (size_at(dims, i) != 1) index += at % batch[i] * step;
      step *= size_at(dims, i);
    }
    return index;
  };
  Expected result(static_cast<size_t>(q.out[0].shape.numel()));
  const Real alpha = q.attrs.f("alpha", 1);
  size_t i = 0;
  const int64_t products = Shape(batch).numel();
  for (int64_t p = 0; p < products; ++p)
    for (int64_t m = 0; m < rows; ++m)
      for (int64_t n = 0; n < columns; ++n, ++i) {
        Sum sum;
        for (int64_t k = 0; k < depth; ++k)
          sum.add_product(q,
                          alpha * q.in[0].at[static_cast<size_t>((matrix_of(a, p) * rows + m) * depth + k)],
                          q.in[1].at[static_cast<size_t>((matrix_of(b, p) * depth + k) * columns + n)]);
        if (q.has(2)) sum.add(q.in[2].at[static_cast<size_t>(n)]);
        finish(q, result, i, sum);
      }
  return {result};
}

}  // namespace

const Table& products() {
  static const Table table = {
      {"Conv", conv},      {"ConvTranspose", conv_transpose}, {"FusedConv", conv},
      {"FusedGemm", gemm}, {"FusedMatMul", matmul},           {"Gemm", gemm},
      {"MatMul", matmul},
  };
  return table;
}

}  // namespace twofour::oracle
