// RNN, GRU and LSTM on f32, every form. Weights are packed for packed_product.h, when they are constant in
// the engine and otherwise in scratch memory. The products with X run for many steps at once, those with h
// step by step for the whole batch.
#include <cmath>

#include "base/parallel.h"
#include "cpu/native/recurrent/cells.h"
#include "cpu/native/recurrent/recurrent_problem.h"
#include "cpu/tactics.h"

namespace twofour::cpu {
namespace {

using P = RecurrentProblem;

/// X's part of the gates is computed for about as many floats at a time.
constexpr int64_t kChunk = 1 << 17;

size_t float_bytes(int64_t floats) { return static_cast<size_t>(floats) * sizeof(float); }

class RecurrentKernel final : public Kernel {
 public:
  RecurrentKernel(const NodeDesc& node, std::span<const Tensor> packed)
      : problem_(node),
        inputs_(node, packed,
                {{P::kW, float_bytes(problem_.packed_w())}, {P::kR, float_bytes(problem_.packed_r())}}),
        outputs_(node.outputs.size()),
        long_lengths_(node.has_input(P::kLengths) && node.inputs[P::kLengths].desc.dtype == DType::kI64) {
    const P& p = problem_;
    chunk_ = std::clamp<int64_t>(kChunk / (p.batch * p.columns()), 1, p.seq);
    w_ = layout_.add(inputs_.is_packed(P::kW) ? 0 : float_bytes(p.packed_w()));
    r_ = layout_.add(inputs_.is_packed(P::kR) ? 0 : float_bytes(p.packed_r()));
    gates_ = layout_.add(float_bytes(p.dirs * chunk_ * p.batch * p.columns()));
    h_ = layout_.add(float_bytes(p.dirs * p.batch * p.hidden));
    c_ = layout_.add(float_bytes(p.dirs * p.batch * p.hidden));
    kept_ = layout_.add(float_bytes(p.dirs * p.batch * p.gate_columns()));
    bias_ = layout_.add(float_bytes(p.dirs * (p.columns() + p.gate_columns())));
  }

  size_t scratch_bytes() const override { return layout_.size(); }

  void run(const KernelArgs& args) const override;

 private:
  class Run;

  P problem_;
  PackedInputs inputs_;
  size_t outputs_;
  bool long_lengths_;
  int64_t chunk_;  // steps
  ScratchLayout layout_;
  size_t w_, r_, gates_, h_, c_, kept_, bias_;
};

/// One call.
class RecurrentKernel::Run {
 public:
  Run(const RecurrentKernel& kernel, const KernelArgs& args)
      : k_(kernel),
        p_(kernel.problem_),
        args_(args),
        w_(weight(P::kW, p_.input, k_.w_)),
        r_(weight(P::kR, p_.hidden, k_.r_)) {
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
  const float* input(size_t i) const {
    if (i >= args_.src.size()) return nullptr;
    return reinterpret_cast<const float*>(k_.inputs_.at(args_, i));
  }
  const float* weight(size_t i, int64_t k, size_t offset) const {
    if (k_.inputs_.is_packed(i)) return input(i);
    p_.pack(input(i), k, scratch(offset));
    return scratch(offset);
  }

  bool has_lengths() const { return input(P::kLengths) != nullptr; }
  int64_t length(int64_t item) const {
    if (!has_lengths()) return p_.seq;
    const std::byte* data = k_.inputs_.at(args_, P::kLengths);
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
    const float* w = w_ + dir * p_.packed_w() / p_.dirs;
    const float* x = input(P::kX);
    if (!has_lengths() && (!p_.batch_first || p_.batch == 1)) {
      const float* from = x + earliest(dir, 0, first, last) * p_.x_step();
      add_packed_product({from, p_.input, (last - first) * p_.batch}, w, p_.input, columns, gates(dir, 0),
                         columns);
      return;
    }
    for (int64_t item = 0; item < p_.batch; ++item) {
      const int64_t steps = std::min(last, length(item)) - first;
      const float* from = x + earliest(dir, item, first, last) * p_.x_step() + item * p_.x_item();
      if (steps > 0)
        add_packed_product({from, p_.x_step(), steps}, w, p_.input, columns, gates(dir, item),
                           p_.batch * columns);
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
    const float* r = r_ + (dir * p_.gates + from) * p_.gate_columns() * p_.hidden;
    add_packed_product({h, p_.hidden, rows}, r, p_.hidden, (to - from) * p_.gate_columns(), dst, dst_step);
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
  const float *w_, *r_;
};

void RecurrentKernel::run(const KernelArgs& args) const {
  const Run run(*this, args);
  // Directions are independent; more threads than those are of use within a step.
  const int64_t grain = max_threads() > problem_.dirs ? problem_.dirs : 1;
  parallel_ranges(problem_.dirs, grain, [&](int64_t first, int64_t last) {
    for (int64_t dir = first; dir < last; ++dir) run.direction(dir);
  });
}

class NativeRecurrent final : public OpTactic {
 public:
  NativeRecurrent() : OpTactic("native.recurrent", {"LSTM", "GRU", "RNN"}) {}

  bool packs() const override { return true; }
  std::string packed_form(const NodeDesc&) const override { return ""; }

  std::vector<Tensor> make_packed(const NodeDesc& node) const override {
    const P problem(node);
    return pack_constants(node, [&](size_t input, const Tensor& data) {
      if (input == P::kW) return pack(problem, data, problem.input, problem.packed_w());
      if (input == P::kR) return pack(problem, data, problem.hidden, problem.packed_r());
      return data;
    });
  }

  std::unique_ptr<Kernel> make(const NodeDesc& node, std::span<const Tensor> packed) const override {
    return std::make_unique<RecurrentKernel>(node, packed);
  }

 protected:
  Support accepts(const NodeDesc& node) const override {
    for (size_t i = 0; i < node.inputs.size(); ++i)
      if (i != P::kLengths && node.has_input(i) && node.inputs[i].desc.dtype != DType::kF32)
        return declined(Reason::kDtype, node.inputs[i].desc.to_string());
    return all_of({none_empty(node), all_plain(node)});
  }

 private:
  static Tensor pack(const P& problem, const Tensor& weight, int64_t k, int64_t floats) {
    Tensor packed(DType::kU8, {static_cast<int64_t>(float_bytes(floats))});
    problem.pack(weight.span<float>().data(), k, reinterpret_cast<float*>(packed.raw()));
    return packed;
  }
};

}  // namespace

TWOFOUR_DEFINE_TACTIC(NativeRecurrent)

}  // namespace twofour::cpu
