#include "cpu/native/recurrent/recurrent_kernel.h"

#include "base/parallel.h"
#include "cpu/native/recurrent/cells.h"

namespace twofour::cpu {
namespace {

using P = RecurrentProblem;

/// X's part of the gates is computed for about as many floats at a time.
constexpr int64_t kChunk = 1 << 17;

size_t float_bytes(int64_t floats) { return static_cast<size_t>(floats) * sizeof(float); }

}  // namespace

RecurrentKernel::RecurrentKernel(const NodeDesc& node, std::span<const Tensor> packed,
                                 const RecurrentPacking& packing)
    : problem_(node),
      inputs_(node, packed,
              {{P::kW, packing.bytes(problem_, P::kW)}, {P::kR, packing.bytes(problem_, P::kR)}}),
      packing_(packing),
      outputs_(node.outputs.size()),
      long_lengths_(node.has_input(P::kLengths) && node.inputs[P::kLengths].desc.dtype == DType::kI64) {
  const P& p = problem_;
  chunk_ = std::clamp<int64_t>(kChunk / (p.batch * p.columns()), 1, p.seq);
  w_ = layout_.add(inputs_.is_packed(P::kW) ? 0 : packing.bytes(p, P::kW));
  r_ = layout_.add(inputs_.is_packed(P::kR) ? 0 : packing.bytes(p, P::kR));
  gates_ = layout_.add(float_bytes(p.dirs * chunk_ * p.batch * p.columns()));
  h_ = layout_.add(float_bytes(p.dirs * p.batch * p.hidden));
  c_ = layout_.add(float_bytes(p.dirs * p.batch * p.hidden));
  kept_ = layout_.add(float_bytes(p.dirs * p.batch * p.gate_columns()));
  bias_ = layout_.add(float_bytes(p.dirs * (p.columns() + p.gate_columns())));
}

/// One call.
class RecurrentKernel::Run {
 public:
  Run(const RecurrentKernel& kernel, const KernelArgs& args) : k_(kernel), p_(kernel.problem_), args_(args) {
    for (int64_t item = 0; item < p_.batch; ++item)
      TWOFOUR_CHECK(length(item) >= 0 && length(item) <= p_.seq, kInvalidArgument,
                    "a sequence length is {}; it must be in [0, {}]", length(item), p_.seq);
  }

  void direction(int64_t dir) const {
    load(input(P::kH), dir, scratch(k_.h_));
    if (p_.kind == RecurrentCellKind::kLstm) load(input(P::kC), dir, scratch(k_.c_));
    load_bias(dir);
    if (has_lengths()) clear_output(dir);
    for (int64_t first = 0; first < p_.seq; first += k_.chunk_) {
      const int64_t last = std::min(first + k_.chunk_, p_.seq);
      project(dir, first, last);
      for (int64_t step = first; step < last; ++step) run_step(dir, first, last, step);
    }
    if (k_.outputs_ > 1) store(dir, scratch(k_.h_), args_.out<float>(1));
    if (k_.outputs_ > 2) store(dir, scratch(k_.c_), args_.out<float>(2));
  }

 private:
  float* scratch(size_t offset) const { return reinterpret_cast<float*>(args_.scratch + offset); }
  const float* input(size_t i) const { return reinterpret_cast<const float*>(k_.input(args_, i)); }

  bool has_lengths() const { return input(P::kLengths) != nullptr; }
  int64_t length(int64_t item) const {
    if (!has_lengths()) return p_.seq;
    const std::byte* data = k_.input(args_, P::kLengths);
    return k_.long_lengths_ ? reinterpret_cast<const int64_t*>(data)[item]
                            : reinterpret_cast<const int32_t*>(data)[item];
  }

  void load(const float* initial, int64_t dir, float* states) const {
    float* to = states + dir * p_.batch * p_.hidden;
    for (int64_t item = 0; item < p_.batch; ++item, to += p_.hidden)
      if (initial) std::copy_n(initial + p_.state_at(dir, item), p_.hidden, to);
      else std::fill_n(to, p_.hidden, 0.0F);
  }
  void store(int64_t dir, const float* states, float* dst) const {
    const float* from = states + dir * p_.batch * p_.hidden;
    for (int64_t item = 0; item < p_.batch; ++item, from += p_.hidden)
      std::copy_n(from, p_.hidden, dst + p_.state_at(dir, item));
  }
  void clear_output(int64_t dir) const {
    for (int64_t item = 0; item < p_.batch; ++item)
      for (int64_t t = length(item); t < p_.seq; ++t)
        std::fill_n(args_.out<float>() + p_.y_at(t, dir, item), p_.hidden, 0.0F);
  }

  /// Of all gates, as their columns lie, and then what the recurrent product of a GRU's candidate starts
  /// from.
  float* bias(int64_t dir) const { return scratch(k_.bias_) + dir * (p_.columns() + p_.gate_columns()); }
  void load_bias(int64_t dir) const {
    const float* b = input(P::kB);
    float* to = bias(dir);
    std::fill_n(to, p_.columns() + p_.gate_columns(), 0.0F);
    if (!b) return;
    b += dir * 2 * p_.gates * p_.hidden;
    for (int64_t gate = 0; gate < p_.gates; ++gate) {
      const bool apart = p_.kind == RecurrentCellKind::kGruAfterProduct && gate == 2;
      const float* own = b + gate * p_.hidden;
      const float* recurrent = own + p_.gates * p_.hidden;
      for (int64_t i = 0; i < p_.hidden; ++i)
        to[gate * p_.gate_columns() + i] = own[i] + (apart ? 0.0F : recurrent[i]);
      if (apart) std::copy_n(recurrent, p_.hidden, to + p_.columns());
    }
  }

  /// The earliest time of the item that steps [first, last) touch; from then on they are stored in order of
  /// time.
  int64_t earliest(int64_t dir, int64_t item, int64_t first, int64_t last) const {
    const int64_t n = length(item);
    return p_.backwards(dir) ? n - std::min(last, n) : first;
  }
  float* gates(int64_t dir, int64_t row) const {
    return scratch(k_.gates_) + (dir * k_.chunk_ * p_.batch + row) * p_.columns();
  }

  /// W x + b for the steps [first, last).
  void project(int64_t dir, int64_t first, int64_t last) const {
    const int64_t columns = p_.columns();
    for (int64_t row = 0; row < (last - first) * p_.batch; ++row)
      std::copy_n(bias(dir), columns, gates(dir, row));
    if (!has_lengths() && (!p_.batch_first || p_.batch == 1)) {
      k_.add_input(args_, dir, {p_.x_row(earliest(dir, 0, first, last), 0), 1, (last - first) * p_.batch},
                   {gates(dir, 0), columns});
      return;
    }
    for (int64_t item = 0; item < p_.batch; ++item) {
      const int64_t steps = std::min(last, length(item)) - first;
      if (steps > 0)
        k_.add_input(args_, dir, {p_.x_row(earliest(dir, item, first, last), item), p_.x_step(), steps},
                     {gates(dir, item), p_.batch * columns});
    }
  }

  void run_step(int64_t dir, int64_t first, int64_t last, int64_t step) const {
    float* const h = scratch(k_.h_) + dir * p_.batch * p_.hidden;
    float* const c = scratch(k_.c_) + dir * p_.batch * p_.hidden;
    const auto time = [&](int64_t item) { return p_.backwards(dir) ? length(item) - 1 - step : step; };
    const auto cell = [&](int64_t item) {
      const int64_t row = (time(item) - earliest(dir, item, first, last)) * p_.batch + item;
      return CellGates{gates(dir, row), p_.gate_columns(), p_.hidden, p_.clip, p_.activations_of(dir)};
    };
    if (has_lengths()) {
      for (int64_t item = 0; item < p_.batch; ++item)
        if (step < length(item)) advance(dir, cell(item), 1, h + item * p_.hidden, c + item * p_.hidden);
    } else {
      // Without lengths the rows of a step lie together.
      advance(dir, cell(0), p_.batch, h, c);
    }
    for (int64_t item = 0; item < p_.batch; ++item)
      if (step < length(item))
        std::copy_n(h + item * p_.hidden, p_.hidden, args_.out<float>() + p_.y_at(time(item), dir, item));
  }

  /// The recurrent product of `rows` items for gates [from, to), added to dst.
  void add_recurrent(int64_t dir, const float* h, int64_t rows, int64_t from, int64_t to, float* dst,
                     int64_t dst_step) const {
    k_.add_recurrent(args_, dir, {h, p_.hidden, rows}, from, to, {dst, dst_step});
  }

  /// One step of `rows` items, whose gates follow each other.
  void advance(int64_t dir, const CellGates& first, int64_t rows, float* h, float* c) const {
    const auto item = [&](int64_t i) {
      CellGates gates = first;
      gates.data += i * p_.columns();
      return gates;
    };
    const bool gru = p_.kind == RecurrentCellKind::kGru || p_.kind == RecurrentCellKind::kGruAfterProduct;
    add_recurrent(dir, h, rows, 0, gru ? 2 : p_.gates, first.data, p_.columns());
    if (gru) {
      advance_gru(dir, first, item, rows, h);
      return;
    }
    const float* peephole = input(P::kPeephole);
    if (peephole) peephole += dir * 3 * p_.hidden;
    for (int64_t i = 0; i < rows; ++i) {
      float* const state = h + i * p_.hidden;
      if (p_.kind == RecurrentCellKind::kRnn) rnn_cell(item(i), state);
      else lstm_cell(item(i), peephole, p_.coupled, state, c + i * p_.hidden);
    }
  }

  /// Gates z and r are complete.
  template <typename Item>
  void advance_gru(int64_t dir, const CellGates& first, const Item& item, int64_t rows, float* h) const {
    float* const kept = scratch(k_.kept_) + dir * p_.batch * p_.gate_columns();
    const bool after_product = p_.kind == RecurrentCellKind::kGruAfterProduct;
    if (after_product) {
      for (int64_t i = 0; i < rows; ++i)
        std::copy_n(bias(dir) + p_.columns(), p_.gate_columns(), kept + i * p_.gate_columns());
      add_recurrent(dir, h, rows, 2, 3, kept, p_.gate_columns());
    }
    for (int64_t i = 0; i < rows; ++i) {
      const CellGates gates = item(i);
      gates.activate(gates.gate(0), 0);
      gates.activate(gates.gate(1), 0);
      if (after_product) gru_add_recurrent(gates, kept + i * p_.gate_columns());
      else gru_keep(gates, h + i * p_.hidden, kept + i * p_.hidden);
    }
    if (!after_product) add_recurrent(dir, kept, rows, 2, 3, first.gate(2), p_.columns());
    for (int64_t i = 0; i < rows; ++i) gru_update(item(i), h + i * p_.hidden);
  }

  const RecurrentKernel& k_;
  const P& p_;
  const KernelArgs& args_;
};

void RecurrentKernel::run(const KernelArgs& args) const {
  const Run run(*this, args);
  for (const auto& [weight, offset] : {std::pair(P::kW, w_), std::pair(P::kR, r_)})
    if (!inputs_.is_packed(weight)) packing_.pack(problem_, weight, args.src[weight], args.scratch + offset);
  prepare(args);
  // Directions are independent; more threads than those are of use within a step.
  const int64_t grain = max_threads() > problem_.dirs ? problem_.dirs : 1;
  parallel_ranges(problem_.dirs, grain, [&](int64_t first, int64_t last) {
    for (int64_t dir = first; dir < last; ++dir) run.direction(dir);
  });
}

std::vector<Tensor> RecurrentTactic::make_packed(const NodeDesc& node) const {
  const P problem(node);
  return pack_constants(node, [&](size_t input, const Tensor& data) {
    if (input != P::kW && input != P::kR) return data;
    Tensor packed(DType::kU8, {static_cast<int64_t>(packing_.bytes(problem, input))});
    packing_.pack(problem, input, data.raw(), packed.raw());
    return packed;
  });
}

}  // namespace twofour::cpu
