// LSTM with the usual activations on f32 and constant weights, which are packed transposed: gates are sums of
// rows [4 * hidden], one per element of x and h.
#include <cmath>

#include "base/parallel.h"
#include "cpu/native/vector_math.h"
#include "cpu/op_tactic.h"
#include "cpu/tactics.h"

namespace twofour::cpu {
namespace {

constexpr size_t kX = 0, kW = 1, kR = 2, kB = 3, kLengths = 4, kH = 5, kC = 6, kPeephole = 7;
constexpr int64_t kGrainColumns = 512;

struct Sizes {
  int64_t dirs, seq, batch, input, hidden;
  bool reverse;
  int64_t columns() const { return 4 * hidden; }
  /// Of one direction in packed form: W^T, R^T, and the sum of both biases.
  int64_t packed() const { return (input + hidden + 1) * columns(); }
  int64_t state() const { return dirs * batch * hidden; }
};

Sizes sizes_of(const NodeDesc& node) {
  const Shape& x = node.inputs[kX].desc.shape;
  const std::string direction = node.attrs.s("direction", "forward");
  return {.dirs = direction == "bidirectional" ? 2 : 1,
          .seq = x[0],
          .batch = x[1],
          .input = x[2],
          .hidden = node.inputs[kR].desc.shape[2],
          .reverse = direction == "reverse"};
}

Tensor pack_weights(const NodeDesc& node) {
  const Sizes s = sizes_of(node);
  Tensor packed(DType::kF32, {s.dirs, s.packed()});
  const int64_t columns = s.columns();
  for (int64_t dir = 0; dir < s.dirs; ++dir) {
    float* to = packed.span<float>().data() + dir * s.packed();
    const float* w = node.inputs[kW].data.span<float>().data() + dir * columns * s.input;
    const float* r = node.inputs[kR].data.span<float>().data() + dir * columns * s.hidden;
    for (int64_t j = 0; j < columns; ++j) {
      for (int64_t k = 0; k < s.input; ++k) to[k * columns + j] = w[j * s.input + k];
      for (int64_t k = 0; k < s.hidden; ++k) to[(s.input + k) * columns + j] = r[j * s.hidden + k];
      const float* b =
          node.has_input(kB) ? node.inputs[kB].data.span<float>().data() + dir * 2 * columns : nullptr;
      to[(s.input + s.hidden) * columns + j] = b ? b[j] + b[columns + j] : 0.0F;
    }
  }
  return packed;
}

/// sums[j] += the sum over k of v[k] * rows[k * columns + j], for j in [first, last).
void add_product(const float* v, int64_t n, const float* rows, int64_t columns, float* sums, int64_t first,
                 int64_t last) {
  run_simd([=]() TWOFOUR_INLINE {
    int64_t k = 0;
    for (; k + 4 <= n; k += 4) {
      const float a = v[k], b = v[k + 1], c = v[k + 2], d = v[k + 3];
      const float* row = rows + k * columns;
#pragma omp simd
      for (int64_t j = first; j < last; ++j)
        sums[j] +=
            (a * row[j] + b * row[columns + j]) + (c * row[2 * columns + j] + d * row[3 * columns + j]);
    }
    for (; k < n; ++k) {
      const float a = v[k];
#pragma omp simd
      for (int64_t j = first; j < last; ++j) sums[j] += a * rows[k * columns + j];
    }
  });
}

/// Gates i, o, f, c of `hidden` cells each.
void update(const float* gates, int64_t hidden, float* h, float* c) {
  run_simd([=]() TWOFOUR_INLINE {
#pragma omp simd
    for (int64_t i = 0; i < hidden; ++i) {
      const float candidate = vector_tanh(gates[3 * hidden + i]);
      c[i] = vector_sigmoid(gates[2 * hidden + i]) * c[i] + vector_sigmoid(gates[i]) * candidate;
      h[i] = vector_sigmoid(gates[hidden + i]) * vector_tanh(c[i]);
    }
  });
}

class LstmKernel final : public Kernel {
 public:
  LstmKernel(const NodeDesc& node, Tensor packed)
      : sizes_(sizes_of(node)), packed_(std::move(packed)), outputs_(node.outputs.size()) {
    const auto bytes = [](int64_t floats) { return static_cast<size_t>(floats) * sizeof(float); };
    gates_ = layout_.add(bytes(sizes_.columns()));
    h_ = layout_.add(bytes(sizes_.state()));
    c_ = layout_.add(bytes(sizes_.state()));
  }

  size_t scratch_bytes() const override { return layout_.size(); }

  void run(const KernelArgs& args) const override {
    auto* h = reinterpret_cast<float*>(args.scratch + h_);
    auto* c = reinterpret_cast<float*>(args.scratch + c_);
    load(args.in<float>(kH), h);
    load(args.in<float>(kC), c);
    for (int64_t dir = 0; dir < sizes_.dirs; ++dir)
      for (int64_t step = 0; step < sizes_.seq; ++step)
        run_step(args, dir, sizes_.reverse || dir == 1 ? sizes_.seq - 1 - step : step, h, c);
    if (outputs_ > 1) std::copy_n(h, sizes_.state(), args.out<float>(1));
    if (outputs_ > 2) std::copy_n(c, sizes_.state(), args.out<float>(2));
  }

 private:
  void load(const float* initial, float* state) const {
    if (initial) std::copy_n(initial, sizes_.state(), state);
    else std::fill_n(state, sizes_.state(), 0.0F);
  }

  void run_step(const KernelArgs& args, int64_t dir, int64_t t, float* h, float* c) const {
    const Sizes& s = sizes_;
    const int64_t columns = s.columns();
    const float* weights = packed_.span<float>().data() + dir * s.packed();
    auto* gates = reinterpret_cast<float*>(args.scratch + gates_);
    for (int64_t item = 0; item < s.batch; ++item) {
      const int64_t at = (dir * s.batch + item) * s.hidden;
      const float* x = args.in<float>(kX) + (t * s.batch + item) * s.input;
      parallel_ranges(columns, kGrainColumns, [&](int64_t first, int64_t last) {
        std::copy_n(weights + (s.input + s.hidden) * columns + first, last - first, gates + first);
        add_product(x, s.input, weights, columns, gates, first, last);
        add_product(h + at, s.hidden, weights + s.input * columns, columns, gates, first, last);
      });
      update(gates, s.hidden, h + at, c + at);
      std::copy_n(h + at, s.hidden, args.out<float>() + ((t * s.dirs + dir) * s.batch + item) * s.hidden);
    }
  }

  Sizes sizes_;
  Tensor packed_;
  size_t outputs_;
  ScratchLayout layout_;
  size_t gates_ = 0, h_ = 0, c_ = 0;
};

class NativeLstm final : public OpTactic {
 public:
  NativeLstm() : OpTactic("native.lstm", {"LSTM"}) {}

  bool packs() const override { return true; }
  std::string packed_form(const NodeDesc&) const override { return ""; }
  std::vector<Tensor> make_packed(const NodeDesc& node) const override { return {pack_weights(node)}; }

  std::unique_ptr<Kernel> make(const NodeDesc& node, std::span<const Tensor> packed) const override {
    const Sizes s = sizes_of(node);
    TWOFOUR_CHECK(packed.size() == 1 && packed[0].dtype() == DType::kF32 &&
                      packed[0].shape() == Shape({s.dirs, s.packed()}),
                  kDataCorrupt, "{} needs one packed weight of {} values", node.label(), s.dirs * s.packed());
    return std::make_unique<LstmKernel>(node, packed[0]);
  }

 protected:
  Support accepts(const NodeDesc& node) const override {
    if (Support no = all_of({all_f32(node), none_empty(node), all_plain(node)}); !no) return no;
    for (const size_t i : {kW, kR, kB})
      if (node.has_input(i) && !node.is_constant(i)) return declined(Reason::kWeightNotConstant);
    for (const size_t i : {kX, kH, kC})
      if (node.is_constant(i)) return declined(Reason::kAttribute, "a constant state");
    if (node.has_input(kLengths) || node.has_input(kPeephole))
      return declined(Reason::kAttribute, "sequence lengths or peepholes");
    if (node.attrs.has("clip")) return declined(Reason::kAttribute, "clip");
    for (const char* name : {"input_forget", "layout"})
      if (node.attrs.i(name, 0) != 0) return declined(Reason::kAttribute, name);
    return usual_activations(node.attrs) ? supported() : declined(Reason::kAttribute, "activations");
  }

 private:
  static bool usual_activations(const Attrs& attrs) {
    constexpr std::string_view kUsual[] = {"Sigmoid", "Tanh", "Tanh"};
    for (const auto& [name, value] : attrs)
      if (name == "activations") {
        const auto& given = std::get<std::vector<std::string>>(value);
        for (size_t i = 0; i < given.size(); ++i)
          if (given[i] != kUsual[i % 3]) return false;
      }
    return true;
  }
};

}  // namespace

TWOFOUR_DEFINE_TACTIC(NativeLstm)

}  // namespace twofour::cpu
