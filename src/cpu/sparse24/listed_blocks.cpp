#include "cpu/sparse24/listed_blocks.h"

#include <limits>

#include "base/error.h"

namespace twofour::cpu {
namespace {

uint32_t x_offset(const BlockSpec& spec, int64_t column) {
  const int64_t offset = spec.row_offsets ? (*spec.row_offsets)[static_cast<size_t>(column)]
                                          : (column - spec.columns.begin) * kPanelRowBytes;
  TWOFOUR_ASSERT(offset >= 0 && offset <= std::numeric_limits<uint32_t>::max(), "X row {} lies {} bytes off",
                 column, offset);
  return static_cast<uint32_t>(offset);
}

void append(const backend::Sparse24View& matrix, const BlockSpec& spec, std::vector<ListedWeight>& weights) {
  for (int64_t row = spec.rows.begin; row < spec.rows.end; ++row) {
    const float* kept = &matrix.values[static_cast<size_t>(row * matrix.k / 2)];
    for (int64_t quad = spec.columns.begin / 4; quad < spec.columns.end / 4; ++quad) {
      const auto positions = matrix.positions(row, quad);
      for (size_t i = 0; i < 2; ++i)
        weights.push_back(
            {x_offset(spec, quad * 4 + positions[i]), kept[quad * 2 + static_cast<int64_t>(i)]});
    }
  }
}

/// Limits that every activation is a case of.
void set_limits(const Epilogue& epilogue, ListedBlock& block) {
  constexpr float kNone = std::numeric_limits<float>::infinity();
  const bool clip = epilogue.activation == Activation::kClip;
  block.hi = clip ? epilogue.hi : kNone;
  block.lo = clip ? epilogue.lo : epilogue.activation == Activation::kRelu ? 0.0F : -kNone;
}

}  // namespace

ListedBlocks::ListedBlocks(const backend::Sparse24View& matrix, const Epilogue& epilogue,
                           std::span<const BlockSpec> specs)
    : bias_(epilogue.bias) {
  weights_.reserve(static_cast<size_t>(matrix.m * matrix.k / 2));
  for (const BlockSpec& spec : specs) {
    ListedBlock& block = blocks_.emplace_back();
    block.weights = weights_.data() + weights_.size();
    block.rows = spec.rows.size();
    block.kept = spec.columns.size() / 2;
    block.first = spec.first;
    block.last = spec.last;
    block.residual = epilogue.residual;
    if (spec.first && !bias_.empty()) block.bias = &bias_[static_cast<size_t>(spec.rows.begin)];
    set_limits(epilogue, block);
    append(matrix, spec, weights_);
  }
}

}  // namespace twofour::cpu
