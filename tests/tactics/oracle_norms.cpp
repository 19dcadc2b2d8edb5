// Normalisations.
#include <cmath>

#include "tactics/oracle.h"

namespace twofour::oracle {
namespace {

using Set = std::vector<Real>;

struct Moments {
  Real mean = 0, variance = 0, square = 0, magnitude = 0;
  explicit Moments(const Set& set) {
    for (const Real v : set) mean += v, magnitude = std::max(magnitude, std::abs(v));
    mean /= static_cast<Real>(set.size());
    for (const Real v : set) variance += (v - mean) * (v - mean), square += v * v;
    variance /= static_cast<Real>(set.size());
    square /= static_cast<Real>(set.size());
  }
};

/// One output per element: (v - mean) / deviation * scale + bias. Its scale covers squares on the way.
void normalise(Expected& result, size_t i, Real v, Real mean, Real deviation, Real scale, Real bias,
               Real largest) {
  result.at[i] = (v - mean) / deviation * scale + bias;
  result.scale[i] = std::max((std::abs(v) + std::abs(mean)) / deviation * std::abs(scale) + std::abs(bias),
                             largest * largest);
  if (largest * largest < 0x1p120L)
    result.scale[i] = (std::abs(v) + std::abs(mean)) / deviation * std::abs(scale) + std::abs(bias);
}

Answer layer_norm(const Question& q) {
  const Shape& shape = q.in[0].shape;
  const auto length = static_cast<size_t>(shape.numel(axis_of(q.attrs.i("axis", -1), shape), shape.rank()));
  const bool centred = q.op == "LayerNormalization";
  const Set& src = q.in[0].at;
  Expected result(src.size()), means(src.size() / length), deviations(src.size() / length);
  for (size_t row = 0; row < src.size() / length; ++row) {
    const Set set(src.begin() + static_cast<std::ptrdiff_t>(row * length),
                  src.begin() + static_cast<std::ptrdiff_t>((row + 1) * length));
    const Moments m(set);
    const Real mean = centred ? m.mean : 0;
    const Real square = centred ? m.variance : m.square;
    const Real deviation = std::sqrt(square + Real(q.attrs.f("epsilon", 1e-5F)));
    means.at[row] = mean;
    deviations.at[row] = 1 / deviation;
    means.scale[row] = m.magnitude;
    deviations.scale[row] = m.magnitude > 1e15L ? m.magnitude * m.magnitude : 1 / deviation;
    for (size_t i = row * length; i < (row + 1) * length; ++i)
      normalise(result, i, src[i], mean, deviation, broadcast(q.in[1], shape, i),
                q.has(2) ? broadcast(q.in[2], shape, i) : 0, m.magnitude);
  }
  Answer answer = {result};
  if (q.out.size() > 1) answer.push_back(means);
  if (q.out.size() > 2) answer.push_back(deviations);
  return answer;
}

Answer channel_norm(const Question& q) {
  const Shape& shape = q.in[0].shape;
  const auto channels = static_cast<size_t>(shape[1]);
  const auto plane = static_cast<size_t>(shape.numel(2, shape.rank()));
  const size_t group =
      q.op == "InstanceNormalization" ? 1 : channels / static_cast<size_t>(q.attrs.i("num_groups", 1));
  const Set& src = q.in[0].at;
  Expected result(src.size());
  for (size_t first = 0; first < src.size(); first += group * plane) {
    const Moments m(Set(src.begin() + static_cast<std::ptrdiff_t>(first),
                        src.begin() + static_cast<std::ptrdiff_t>(first + group * plane)));
    const Real deviation = std::sqrt(m.variance + Real(q.attrs.f("epsilon", 1e-5F)));
    for (size_t i = first; i < first + group * plane; ++i)
      normalise(result, i, src[i], m.mean, deviation, q.in[1].at[i / plane % channels],
                q.in[2].at[i / plane % channels], m.magnitude);
  }
  return {result};
}

Answer batch_norm(const Question& q) {
  const Shape& shape = q.in[0].shape;
  const auto channels = static_cast<size_t>(shape[1]);
  const auto plane = static_cast<size_t>(shape.numel(2, shape.rank()));
  Expected result(q.in[0].at.size());
  for (size_t i = 0; i < result.at.size(); ++i) {
    const size_t c = i / plane % channels;
    const Real deviation = std::sqrt(q.in[4].at[c] + Real(q.attrs.f("epsilon", 1e-5F)));
    normalise(result, i, q.in[0].at[i], q.in[3].at[c], deviation, q.in[1].at[c], q.in[2].at[c], 0);
  }
  return {result};
}

Answer softmax(const Question& q) {
  Expected result(q.in[0].at.size());
  for_each_row(
      q.in[0], q.attrs.i("axis", -1), [&](size_t, const Set& set, const std::vector<size_t>& places) {
        Real most = -INFINITY, sum = 0;
        for (const Real v : set) most = std::max(most, v);
        for (const Real v : set) sum += std::exp(v - most);
        for (size_t k = 0; k < set.size(); ++k) {
          const bool log = q.op == "LogSoftmax";
          result.at[places[k]] = log ? set[k] - most - std::log(sum) : std::exp(set[k] - most) / sum;
          result.scale[places[k]] = log ? std::abs(set[k]) + std::abs(most) + 1 : result.at[places[k]];
        }
      });
  return {result};
}

Answer lp_norm(const Question& q) {
  Expected result(q.in[0].at.size());
  const bool squares = q.attrs.i("p", 2) == 2;
  for_each_row(q.in[0], q.attrs.i("axis", -1),
               [&](size_t, const Set& set, const std::vector<size_t>& places) {
                 Real sum = 0;
                 for (const Real v : set) sum += squares ? v * v : std::abs(v);
                 const Real norm = squares ? std::sqrt(sum) : sum;
                 for (size_t k = 0; k < set.size(); ++k) {
                   result.at[places[k]] = norm == 0 ? 0 : set[k] / norm;
                   result.scale[places[k]] = 1;
                 }
               });
  return {result};
}

Answer lrn(const Question& q) {
  const int64_t size = q.attrs.i("size", 1), channels = q.in[0].shape[1];
  Expected result(q.in[0].at.size());
  for_each_row(q.in[0], 1, [&](size_t, const Set& set, const std::vector<size_t>& places) {
    for (int64_t c = 0; c < channels; ++c) {
      Real sum = 0;
      for (int64_t k = std::max<int64_t>(0, c - (size - 1) / 2); k <= std::min(channels - 1, c + size / 2);
           ++k)
        sum += set[static_cast<size_t>(k)] * set[static_cast<size_t>(k)];
      const auto i = static_cast<size_t>(c);
      const Real base =
          Real(q.attrs.f("bias", 1)) + Real(q.attrs.f("alpha", 1e-4F)) / static_cast<Real>(size) * sum;
      result.at[places[i]] = set[i] / std::pow(base, Real(q.attrs.f("beta", 0.75F)));
      result.scale[places[i]] = std::max(std::abs(result.at[places[i]]), sum > 0x1p120L ? sum : 0);
    }
  });
  return {result};
}

Answer mean_variance(const Question& q) {
  const Shape& shape = q.in[0].shape;
  std::vector<bool> reduced(shape.rank(), false);
  for (const int64_t axis : q.attrs.ints("axes", {0, 2, 3})) reduced[axis_of(axis, shape)] = true;
  std::map<std::vector<size_t>, std::vector<size_t>> groups;
  for (size_t i = 0; i < q.in[0].at.size(); ++i) {
    std::vector<size_t> key;
    size_t rest = i;
    for (size_t axis = shape.rank(); axis-- > 0; rest /= static_cast<size_t>(shape[axis]))
      key.push_back(reduced[axis] ? 0 : rest % static_cast<size_t>(shape[axis]));
    groups[key].push_back(i);
  }
  Expected result(q.in[0].at.size());
  for (const auto& [key, places] : groups) {
    Set set;
    for (const size_t i : places) set.push_back(q.in[0].at[i]);
    const Moments m(set);
    for (const size_t i : places)
      normalise(result, i, q.in[0].at[i], m.mean, std::sqrt(m.variance) + 1e-9L, 1, 0, m.magnitude);
  }
  return {result};
}

}  // namespace

const Table& norms() {
  static const Table table = {
      {"BatchNormalization", batch_norm},
      {"GroupNormalization", channel_norm},
      {"InstanceNormalization", channel_norm},
      {"LRN", lrn},
      {"LayerNormalization", layer_norm},
      {"LogSoftmax", softmax},
      {"LpNormalization", lp_norm},
      {"MeanVarianceNormalization", mean_variance},
      {"RMSNormalization", layer_norm},
      {"Softmax", softmax},
  };
  return table;
}

}  // namespace twofour::oracle
