// Reductions, pools and what picks elements by their order. NaN wins every comparison for the extreme of a
// set.
#include <cmath>

#include "tactics/oracle.h"

namespace twofour::oracle {
namespace {

using Ints = std::vector<int64_t>;

Ints position_of(const Shape& shape, int64_t at) {
  Ints position(shape.rank());
  for (size_t axis = shape.rank(); axis-- > 0; at /= shape[axis]) position[axis] = at % shape[axis];
  return position;
}

size_t index_of(const Shape& shape, const Ints& position) {
  int64_t at = 0;
  for (size_t axis = 0; axis < shape.rank(); ++axis) at = at * shape[axis] + position[axis];
  return static_cast<size_t>(at);
}

bool beats(bool most, Real a, Real b) {
  if (std::isnan(b)) return false;
  return std::isnan(a) || (most ? a > b : a < b);
}

Real extreme_of(const std::vector<Real>& set, bool most) {
  Real best = set[0];
  for (const Real v : set)
    if (beats(most, v, best)) best = v;
  return best;
}

Real magnitude_of(const std::vector<Real>& set) {
  Real sum = 0;
  for (const Real v : set) sum += std::abs(v);
  return sum;
}

template <typename Fn>
Real sum_of(const std::vector<Real>& set, const Fn& fn) {
  Real sum = 0;
  for (const Real v : set) sum += fn(v);
  return sum;
}

Real log_sum_exp(const std::vector<Real>& set) {
  const Real most = extreme_of(set, true);
  if (!std::isfinite(most)) return most;
  return most + std::log(sum_of(set, [&](Real v) { return std::exp(v - most); }));
}

Real folded(const std::string& op, const std::vector<Real>& set) {
  const auto value = [](Real v) { return v; };
  const auto magnitude = [](Real v) { return std::abs(v); };
  const auto square = [](Real v) { return v * v; };
  if (op == "ReduceMax" || op == "GlobalMaxPool") return extreme_of(set, true);
  if (op == "ReduceMin") return extreme_of(set, false);
  if (op == "ReduceSum") return sum_of(set, value);
  if (op == "ReduceMean" || op == "GlobalAveragePool")
    return sum_of(set, value) / static_cast<Real>(set.size());
  if (op == "ReduceL1") return sum_of(set, magnitude);
  if (op == "ReduceL2") return std::sqrt(sum_of(set, square));
  if (op == "ReduceSumSquare") return sum_of(set, square);
  if (op == "ReduceLogSum") return std::log(sum_of(set, value));
  if (op == "ReduceLogSumExp") return log_sum_exp(set);
  Real product = 1;
  for (const Real v : set) product *= v;
  return product;
}

Real scale_of(const std::string& op, const std::vector<Real>& set, Real result) {
  if (op == "ReduceMax" || op == "ReduceMin" || op == "GlobalMaxPool" || op == "ReduceProd")
    return std::abs(result);
  if (op == "ReduceSumSquare" || op == "ReduceL2") return sum_of(set, [](Real v) { return v * v; });
  return magnitude_of(set) + std::abs(result);
}

std::vector<bool> reduced_axes(const Question& q) {
  const size_t rank = q.in[0].shape.rank();
  const bool spatial = q.op.starts_with("Global");
  std::vector<bool> reduced(rank, q.attrs.i("noop_with_empty_axes", 0) == 0);
  if (spatial)
    for (size_t i = 0; i < rank; ++i) reduced[i] = i >= 2;
  if (!q.has(1) || q.in[1].at.empty()) return reduced;
  reduced.assign(rank, false);
  for (const Real axis : q.in[1].at) reduced[axis_of(static_cast<int64_t>(axis), q.in[0].shape)] = true;
  return reduced;
}

Answer reduce(const Question& q) {
  const std::vector<bool> reduced = reduced_axes(q);
  const Shape& shape = q.in[0].shape;
  Shape kept = shape;
  for (size_t i = 0; i < kept.rank(); ++i)
    if (reduced[i]) kept[i] = 1;
  std::vector<std::vector<Real>> sets(static_cast<size_t>(kept.numel()));
  for (size_t i = 0; i < q.in[0].at.size(); ++i) {
    Ints position = position_of(shape, static_cast<int64_t>(i));
    for (size_t axis = 0; axis < position.size(); ++axis)
      if (reduced[axis]) position[axis] = 0;
    sets[index_of(kept, position)].push_back(q.in[0].at[i]);
  }
  Expected result(sets.size());
  for (size_t i = 0; i < sets.size(); ++i) {
    if (sets[i].empty()) {
      const Real none = q.op == "ReduceMax" || q.op == "ReduceLogSum" || q.op == "ReduceLogSumExp" ? -INFINITY
                        : q.op == "ReduceMin"                                                      ? INFINITY
                        : q.op == "ReduceProd"                                                     ? 1
                        : q.op == "ReduceMean" ? std::nanl("")
                                               : 0;
      result.at[i] = none;
      continue;
    }
    result.at[i] = folded(q.op, sets[i]);
    if (!is_float(q.in[0].dtype) && q.op == "ReduceMean") result.at[i] = std::trunc(result.at[i]);
    result.scale[i] = scale_of(q.op, sets[i], result.at[i]);
  }
  return {result};
}

Answer arg(const Question& q) {
  Expected result(static_cast<size_t>(q.out[0].shape.numel()));
  const bool last = q.attrs.i("select_last_index", 0) != 0;
  for_each_row(q.in[0], q.attrs.i("axis", 0), [&](size_t row, const auto& values, const auto&) {
    size_t best = 0;
    for (size_t k = 1; k < values.size(); ++k) {
      const bool equal = values[k] == values[best] || (std::isnan(values[k]) && std::isnan(values[best]));
      if (beats(q.op == "ArgMax", values[k], values[best]) || (last && equal)) best = k;
    }
    result.at[row] = static_cast<Real>(best);
  });
  return {result};
}

Answer hardmax(const Question& q) {
  Expected result(q.in[0].at.size());
  for_each_row(q.in[0], q.attrs.i("axis", -1), [&](size_t, const auto& values, const auto& places) {
    size_t best = 0;
    for (size_t k = 1; k < values.size(); ++k)
      if (beats(true, values[k], values[best])) best = k;
    result.at[places[best]] = 1;
  });
  return {result};
}

// NaN counts as the largest.
Answer top_k(const Question& q) {
  const auto count = static_cast<size_t>(q.out[0].shape.numel());
  Expected values(count), indices(count);
  const bool largest = q.attrs.i("largest", 1) != 0;
  const Shape& out = q.out[0].shape;
  const int64_t axis = q.attrs.i("axis", -1);
  const size_t along = axis_of(axis, out);
  Shape rows = out;
  rows[along] = 1;
  for_each_row(q.in[0], axis, [&](size_t row, const auto& set, const auto&) {
    std::vector<bool> taken(set.size(), false);
    Ints position = position_of(rows, static_cast<int64_t>(row));
    for (int64_t k = 0; k < out[along]; ++k) {
      size_t best = set.size();
      for (size_t i = 0; i < set.size(); ++i) {
        if (taken[i]) continue;
        const bool better =
            best == set.size() || (largest ? beats(true, set[i], set[best]) : beats(true, set[best], set[i]));
        if (better) best = i;
      }
      taken[best] = true;
      position[along] = k;
      values.at[index_of(out, position)] = set[best];
      indices.at[index_of(out, position)] = static_cast<Real>(best);
    }
  });
  return {values, indices};
}

Answer cumulative(const Question& q) {
  Expected result(q.in[0].at.size());
  const bool product = q.op == "CumProd";
  const bool exclusive = q.attrs.i("exclusive", 0) != 0, reverse = q.attrs.i("reverse", 0) != 0;
  for_each_row(q.in[0], static_cast<int64_t>(q.in[1].at[0]),
               [&](size_t, const auto& values, const auto& places) {
                 Real sum = product ? 1 : 0, scale = 0;
                 for (size_t i = 0; i < values.size(); ++i) {
                   const size_t k = reverse ? values.size() - 1 - i : i;
                   if (exclusive) result.at[places[k]] = sum;
                   sum = product ? sum * values[k] : sum + values[k];
                   scale = product ? std::abs(sum) : scale + std::abs(values[k]);
                   if (!exclusive) result.at[places[k]] = sum;
                   result.scale[places[k]] = scale;
                 }
               });
  return {result};
}

/// A pool's geometry over any number of spatial axes.
struct Window {
  Ints kernel, strides, dilations, begins, ends;

  explicit Window(const Question& q) {
    const size_t n = q.in[0].shape.rank() - 2;
    kernel = q.attrs.ints("kernel_shape");
    strides = q.attrs.ints("strides", Ints(n, 1));
    dilations = q.attrs.ints("dilations", Ints(n, 1));
    const Ints pads = q.attrs.ints("pads", Ints(2 * n, 0));
    const std::string automatic = q.attrs.s("auto_pad", "NOTSET");
    for (size_t i = 0; i < n; ++i) {
      begins.push_back(pads[i]);
      ends.push_back(pads[i + n]);
      if (!automatic.starts_with("SAME")) continue;
      const int64_t extent = (kernel[i] - 1) * dilations[i] + 1, in = q.in[0].shape[i + 2];
      const int64_t total = std::max<int64_t>(0, (q.out[0].shape[i + 2] - 1) * strides[i] + extent - in);
      begins[i] = automatic == "SAME_UPPER" ? total / 2 : total - total / 2;
      ends[i] = total - begins[i];
    }
  }
};

struct Taps {
  std::vector<Real> values;
  std::vector<size_t> places;
  int64_t padded = 0;  // positions in the input or its padding
};

Taps taps_at(const Question& q, const Window& w, const Ints& at) {
  const Shape& in = q.in[0].shape;
  Taps taps;
  const Shape kernel(w.kernel);
  for (int64_t k = 0; k < kernel.numel(); ++k) {
    const Ints tap = position_of(kernel, k);
    Ints from = {at[0], at[1]};
    bool inside = true, padded = true;
    for (size_t i = 0; i < tap.size(); ++i) {
      const int64_t x = at[i + 2] * w.strides[i] - w.begins[i] + tap[i] * w.dilations[i];
      inside = inside && x >= 0 && x < in[i + 2];
      padded = padded && x < in[i + 2] + w.ends[i];
      from.push_back(x);
    }
    taps.padded += padded ? 1 : 0;
    if (!inside) continue;
    taps.places.push_back(index_of(in, from));
    taps.values.push_back(q.in[0].at[taps.places.back()]);
  }
  return taps;
}

Real pooled(const Question& q, const Taps& taps) {
  if (q.op == "MaxPool") return taps.values.empty() ? -INFINITY : extreme_of(taps.values, true);
  if (q.op == "AveragePool") {
    const auto count = q.attrs.i("count_include_pad", 0) != 0 ? static_cast<Real>(taps.padded)
                                                              : static_cast<Real>(taps.values.size());
    return count == 0 ? 0 : sum_of(taps.values, [](Real v) { return v; }) / count;
  }
  const auto p = static_cast<Real>(q.attrs.i("p", 2));
  return std::pow(sum_of(taps.values, [&](Real v) { return std::pow(std::abs(v), p); }), 1 / p);
}

Answer pool(const Question& q) {
  const Window window(q);
  const auto count = static_cast<size_t>(q.out[0].shape.numel());
  Expected result(count), indices(count);
  for (size_t i = 0; i < count; ++i) {
    const Taps taps = taps_at(q, window, position_of(q.out[0].shape, static_cast<int64_t>(i)));
    result.at[i] = pooled(q, taps);
    result.scale[i] =
        q.op == "MaxPool" ? std::abs(result.at[i]) : magnitude_of(taps.values) + std::abs(result.at[i]);
    size_t best = 0;
    for (size_t k = 1; k < taps.values.size(); ++k)
      if (beats(true, taps.values[k], taps.values[best])) best = k;
    if (!taps.places.empty()) indices.at[i] = static_cast<Real>(taps.places[best]);
  }
  if (q.out.size() > 1 && q.attrs.i("storage_order", 0) == 0) return {result, indices};
  return {result};
}

Answer global_lp(const Question& q) {
  Expected result(static_cast<size_t>(q.out[0].shape.numel()));
  const size_t area = q.in[0].at.size() / std::max<size_t>(result.at.size(), 1);
  const auto p = static_cast<Real>(q.attrs.i("p", 2));
  for (size_t i = 0; i < result.at.size(); ++i) {
    const std::vector<Real> set(q.in[0].at.begin() + static_cast<std::ptrdiff_t>(i * area),
                                q.in[0].at.begin() + static_cast<std::ptrdiff_t>((i + 1) * area));
    result.at[i] = std::pow(sum_of(set, [&](Real v) { return std::pow(std::abs(v), p); }), 1 / p);
    result.scale[i] = magnitude_of(set);
  }
  return {result};
}

}  // namespace

const Table& selections() {
  static const Table table = {
      {"ArgMax", arg},
      {"ArgMin", arg},
      {"AveragePool", pool},
      {"CumProd", cumulative},
      {"CumSum", cumulative},
      {"GlobalAveragePool", reduce},
      {"GlobalLpPool", global_lp},
      {"GlobalMaxPool", reduce},
      {"Hardmax", hardmax},
      {"LpPool", pool},
      {"MaxPool", pool},
      {"ReduceL1", reduce},
      {"ReduceL2", reduce},
      {"ReduceLogSum", reduce},
      {"ReduceLogSumExp", reduce},
      {"ReduceMax", reduce},
      {"ReduceMean", reduce},
      {"ReduceMin", reduce},
      {"ReduceProd", reduce},
      {"ReduceSum", reduce},
      {"ReduceSumSquare", reduce},
      {"TopK", top_k},
  };
  return table;
}

}  // namespace twofour::oracle
