// Loops over several tensors at once in the memory order of the first: the shape of every kernel here that
// broadcasts or moves data. Sizes and strides are in elements.
#pragma once

#include <array>
#include <vector>

#include "base/parallel.h"
#include "cpu/op_tactic.h"

namespace twofour::cpu {

/// Elements to step by one along each logical axis.
std::vector<int64_t> strides_in_memory(const TensorDesc& desc);
/// The same as seen from `shape`, to which desc broadcasts: 0 along stretched axes.
std::vector<int64_t> broadcast_strides_in_memory(const TensorDesc& desc, const Shape& shape);

/// Elements of a run that threads share a tensor by: a run fits into the cache.
inline constexpr int64_t kLongestRun = 32768;

/// dims[i] iterations, each moving operand k by strides[i][k]; outermost first, neighbours merged where
/// possible.
template <size_t N>
struct LoopNest {
  std::vector<int64_t> dims;
  std::vector<std::array<int64_t, N>> strides;

  /// `extent` and one stride list per operand, all by logical axis. Loops are ordered by operand 0's strides.
  static LoopNest make(const Shape& extent, const std::array<std::vector<int64_t>, N>& operand_strides);
  int64_t inner() const { return dims.back(); }
  const std::array<int64_t, N>& inner_strides() const { return strides.back(); }

  /// Calls fn(count, offsets) for runs of the innermost loop, in parallel over the others; runs are cut to at
  /// most `longest` iterations, each of which is about the work of so many elements.
  template <typename Fn>
  void for_each_run(int64_t longest, Fn&& fn, int64_t elements = 1) const;
};

template <size_t N>
LoopNest<N> LoopNest<N>::make(const Shape& extent,
                              const std::array<std::vector<int64_t>, N>& operand_strides) {
  std::vector<size_t> axes;
  for (size_t i = 0; i < extent.rank(); ++i)
    if (extent[i] != 1) axes.push_back(i);
  std::ranges::stable_sort(axes,
                           [&](size_t a, size_t b) { return operand_strides[0][a] > operand_strides[0][b]; });
  LoopNest nest;
  for (const size_t axis : axes) {
    std::array<int64_t, N> step;
    for (size_t k = 0; k < N; ++k) step[k] = operand_strides[k][axis];
    bool merges = !nest.dims.empty();
    for (size_t k = 0; merges && k < N; ++k) merges = nest.strides.back()[k] == step[k] * extent[axis];
    if (merges) {
      nest.dims.back() *= extent[axis];
      nest.strides.back() = step;
    } else {
      nest.dims.push_back(extent[axis]);
      nest.strides.push_back(step);
    }
  }
  if (nest.dims.empty()) {
    nest.dims = {1};
    nest.strides = {{}};
  }
  return nest;
}

template <size_t N>
template <typename Fn>
void LoopNest<N>::for_each_run(int64_t longest, Fn&& fn, int64_t elements) const {
  const size_t outer = dims.size() - 1;
  const int64_t pieces = std::max<int64_t>(1, (inner() + longest - 1) / longest);
  int64_t runs = pieces;
  for (size_t i = 0; i < outer; ++i) runs *= dims[i];
  const int64_t grain = std::max<int64_t>(1, 8192 * pieces / std::max<int64_t>(inner() * elements, 1));
  parallel_ranges(runs, grain, [&](int64_t first, int64_t last) {
    std::array<int64_t, 8> index{};
    std::array<int64_t, N> base{};
    int64_t rest = first / pieces;
    for (size_t i = outer; i-- > 0;) {
      index[i] = rest % dims[i];
      rest /= dims[i];
      for (size_t k = 0; k < N; ++k) base[k] += index[i] * strides[i][k];
    }
    int64_t piece = first % pieces;
    for (int64_t run = first; run < last; ++run) {
      const int64_t begin =
          pieces == 1 ? 0 : inner() * piece / pieces;  // divisions cost as much as a short run
      const int64_t end = pieces == 1 ? inner() : inner() * (piece + 1) / pieces;
      std::array<int64_t, N> offsets = base;
      for (size_t k = 0; k < N; ++k) offsets[k] += begin * strides[outer][k];
      fn(end - begin, offsets);
      if (++piece < pieces) continue;
      piece = 0;
      for (size_t i = outer; i-- > 0;) {
        const bool more = ++index[i] < dims[i];
        const int64_t steps = more ? 1 : 1 - dims[i];
        for (size_t k = 0; k < N; ++k) base[k] += strides[i][k] * steps;
        if (more) break;
        index[i] = 0;
      }
    }
  });
}

/// Nests deeper than this are declined.
inline constexpr size_t kMostAxes = 8;
Support ranks_ok(const NodeDesc& node);

}  // namespace twofour::cpu
