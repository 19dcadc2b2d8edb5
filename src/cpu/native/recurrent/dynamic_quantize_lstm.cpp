// DynamicQuantizeLSTM: products of codes whose sums are exact. Weights are packed for packed_code_product.h,
// u8 ones less 128, as are their zero points.
#include "base/parallel.h"
#include "cpu/native/linear/packed_code_product.h"
#include "cpu/native/quantisation/value_range.h"
#include "cpu/native/recurrent/recurrent_kernel.h"
#include "cpu/tactics.h"

namespace twofour::cpu {
namespace {

using P = RecurrentProblem;

constexpr size_t kWScale = 8, kRScale = 10;  // each before its zero point
constexpr int64_t kGrain = 16384;            // elements of X for one thread

int64_t direction_bytes(const P& problem, size_t weight) {
  return packed_code_bytes(problem.terms(weight), problem.columns());
}

size_t packed_bytes(const P& problem, size_t weight) {
  return static_cast<size_t>(problem.dirs * direction_bytes(problem, weight));
}

/// What makes i8 codes of a weight's.
std::byte flip_of(const P& problem, size_t weight) {
  return problem.dtype(weight) == DType::kU8 ? std::byte{0x80} : std::byte{};
}

void pack(const P& problem, size_t weight, const std::byte* data, std::byte* packed) {
  const int64_t k = problem.terms(weight), columns = problem.gate_columns();
  const std::byte flip = flip_of(problem, weight);
  for (int64_t dir = 0; dir < problem.dirs; ++dir)
    pack_code_product(k, problem.columns(), packed + dir * direction_bytes(problem, weight),
                      [&](int64_t i, int64_t j) {
                        const int64_t gate = dir * problem.gates + j / columns, row = j % columns;
                        if (row >= problem.hidden) return int8_t{0};
                        return static_cast<int8_t>(data[(gate * problem.hidden + row) * k + i] ^ flip);
                      });
}

constexpr RecurrentPacking kPacking = {packed_bytes, pack};

class CodeKernel final : public RecurrentKernel {
 public:
  CodeKernel(const NodeDesc& node, std::span<const Tensor> packed)
      : RecurrentKernel(node, packed, kPacking),
        of_x_(book_product(node, P::kW, kWScale, problem().seq * problem().batch)),
        of_h_(book_product(node, P::kR, kRScale, problem().dirs * problem().batch)),
        ranges_(book(range_bytes(problem().seq * problem().batch * problem().input))) {}

 private:
  /// X W^T or h R^T, with offsets of scratch memory.
  struct Product {
    size_t weight, scale_input;
    bool column_scales, column_zero_points;  // or one for each direction
    size_t codes, rows;                      // of X or h
    size_t scale, zero_point;
  };

  Product book_product(const NodeDesc& node, size_t weight, size_t scale_input, int64_t rows) {
    const auto row_bytes = static_cast<size_t>(code_row_bytes(problem().terms(weight)));
    const auto column_bytes = static_cast<size_t>(problem().dirs * problem().columns()) * sizeof(float);
    const auto count = static_cast<size_t>(rows);
    return {weight,
            scale_input,
            node.inputs[scale_input].desc.shape.rank() == 2,
            node.inputs[scale_input + 1].desc.shape.rank() == 2,
            book(count * row_bytes),
            book(count * sizeof(CodeRow)),
            book(column_bytes),
            book(column_bytes)};
  }

  void prepare(const KernelArgs& args) const override {
    load_columns(args, of_x_);
    load_columns(args, of_h_);
    const P& p = problem();
    const auto* x = reinterpret_cast<const float*>(input(args, P::kX));
    const int64_t rows = p.seq * p.batch;
    const ValueRange range =
        range_of(x, rows * p.input, reinterpret_cast<ValueRange*>(args.scratch + ranges_));
    const ops::ByteCodes codes(range.low, range.high);
    parallel_ranges(rows, ceil_div(kGrain, p.input), [&](int64_t first, int64_t last) {
      for (int64_t row = first; row < last; ++row) quantize(args, of_x_, row, x + row * p.input, codes);
    });
  }

  /// Scales and zero points as the product reads them.
  void load_columns(const KernelArgs& args, const Product& product) const {
    const P& p = problem();
    const auto* from_scale = reinterpret_cast<const float*>(input(args, product.scale_input));
    const std::byte* from_zero = input(args, product.scale_input + 1);
    auto* scale = reinterpret_cast<float*>(args.scratch + product.scale);
    auto* zero_point = reinterpret_cast<int32_t*>(args.scratch + product.zero_point);
    const std::byte flip = flip_of(p, product.weight);
    std::fill_n(scale, p.dirs * p.columns(), 0.0F);
    std::fill_n(zero_point, p.dirs * p.columns(), 0);
    for (int64_t gate = 0; gate < p.dirs * p.gates; ++gate)
      for (int64_t j = 0; j < p.hidden; ++j) {
        const int64_t dir = gate / p.gates, from = gate * p.hidden + j, to = gate * p.gate_columns() + j;
        scale[to] = from_scale[product.column_scales ? from : dir];
        zero_point[to] = static_cast<int8_t>(from_zero[product.column_zero_points ? from : dir] ^ flip);
      }
  }

  void quantize(const KernelArgs& args, const Product& product, int64_t row, const float* src,
                const ops::ByteCodes& codes) const {
    const int64_t k = problem().terms(product.weight);
    auto* dst = reinterpret_cast<uint8_t*>(args.scratch + product.codes) + row * code_row_bytes(k);
    reinterpret_cast<CodeRow*>(args.scratch + product.rows)[row] = quantize_row(src, k, codes, dst);
  }

  QuantizedRows rows_of(const KernelArgs& args, const Product& product, const InputRows& rows) const {
    const int64_t bytes = code_row_bytes(problem().terms(product.weight));
    return {reinterpret_cast<const uint8_t*>(args.scratch + product.codes) + rows.first * bytes,
            reinterpret_cast<const CodeRow*>(args.scratch + product.rows) + rows.first, rows.step,
            rows.count};
  }

  CodeColumns columns_of(const KernelArgs& args, const Product& product, int64_t dir) const {
    const int64_t columns = problem().columns();
    return {problem().terms(product.weight), columns,
            weight(args, product.weight) + dir * direction_bytes(problem(), product.weight),
            reinterpret_cast<const float*>(args.scratch + product.scale) + dir * columns,
            reinterpret_cast<const int32_t*>(args.scratch + product.zero_point) + dir * columns};
  }

  void add_input(const KernelArgs& args, int64_t dir, const InputRows& x,
                 const GateRows& gates) const override {
    add_packed_code_product(rows_of(args, of_x_, x), columns_of(args, of_x_, dir), gates.data, gates.step);
  }

  void add_recurrent(const KernelArgs& args, int64_t dir, const ProductRows& h, int64_t from, int64_t to,
                     const GateRows& gates) const override {
    const int64_t first = dir * problem().batch, columns = problem().gate_columns();
    for (int64_t i = 0; i < h.rows; ++i) {
      const float* state = h.data + i * h.step;
      const ValueRange range = range_of(state, problem().hidden);
      quantize(args, of_h_, first + i, state, {range.low, range.high});
    }
    add_packed_code_product(rows_of(args, of_h_, {first, 1, h.rows}),
                            columns_of(args, of_h_, dir).part(from * columns, to * columns), gates.data,
                            gates.step);
  }

  Product of_x_, of_h_;
  size_t ranges_;
};

class NativeDynamicQuantizeLstm final : public RecurrentTactic {
 public:
  NativeDynamicQuantizeLstm()
      : RecurrentTactic("native.dynamic_quantize_lstm", {"DynamicQuantizeLSTM"}, kPacking) {}

  std::unique_ptr<Kernel> make(const NodeDesc& node, std::span<const Tensor> packed) const override {
    return std::make_unique<CodeKernel>(node, packed);
  }

 protected:
  Support accepts(const NodeDesc& node) const override {
    if (Support no = all_of({none_empty(node), all_plain(node)}); !no) return no;
    const P problem(node);
    return code_sums_fit(std::max(problem.input, problem.hidden));
  }
};

}  // namespace

TWOFOUR_DEFINE_TACTIC(NativeDynamicQuantizeLstm)

}  // namespace twofour::cpu
