// RNN, GRU and LSTM on f32. Weights are packed for packed_product.h.
#include "cpu/native/recurrent/recurrent_kernel.h"
#include "cpu/tactics.h"

namespace twofour::cpu {
namespace {

using P = RecurrentProblem;

int64_t direction_floats(const P& problem, size_t weight) {
  return problem.columns() * problem.terms(weight);
}

size_t packed_bytes(const P& problem, size_t weight) {
  return static_cast<size_t>(problem.dirs * direction_floats(problem, weight)) * sizeof(float);
}

/// Gate after gate, each a product's right side.
void pack(const P& problem, size_t weight, const std::byte* data, std::byte* packed) {
  const auto* rows = reinterpret_cast<const float*>(data);
  auto* to = reinterpret_cast<float*>(packed);
  const int64_t k = problem.terms(weight);
  for (int64_t gate = 0; gate < problem.dirs * problem.gates; ++gate) {
    pack_product(k, problem.hidden, to, [&](int64_t i, int64_t j) { return rows[j * k + i]; });
    rows += problem.hidden * k;
    to += problem.gate_columns() * k;
  }
}

constexpr RecurrentPacking kPacking = {packed_bytes, pack};

class FloatKernel final : public RecurrentKernel {
 public:
  FloatKernel(const NodeDesc& node, std::span<const Tensor> packed)
      : RecurrentKernel(node, packed, kPacking) {}

 private:
  void prepare(const KernelArgs&) const override {}

  void add_input(const KernelArgs& args, int64_t dir, const InputRows& x,
                 const GateRows& gates) const override {
    const int64_t k = problem().input;
    const auto* data = reinterpret_cast<const float*>(input(args, P::kX));
    add_packed_product({data + x.first * k, x.step * k, x.count}, floats(args, dir, P::kW), k,
                       problem().columns(), gates.data, gates.step);
  }

  void add_recurrent(const KernelArgs& args, int64_t dir, const ProductRows& h, int64_t from, int64_t to,
                     const GateRows& gates) const override {
    const int64_t k = problem().hidden, columns = problem().gate_columns();
    add_packed_product(h, floats(args, dir, P::kR) + from * columns * k, k, (to - from) * columns, gates.data,
                       gates.step);
  }

  const float* floats(const KernelArgs& args, int64_t dir, size_t i) const {
    return reinterpret_cast<const float*>(weight(args, i)) + dir * direction_floats(problem(), i);
  }
};

class NativeRecurrent final : public RecurrentTactic {
 public:
  NativeRecurrent() : RecurrentTactic("native.recurrent", {"LSTM", "GRU", "RNN"}, kPacking) {}

  std::unique_ptr<Kernel> make(const NodeDesc& node, std::span<const Tensor> packed) const override {
    return std::make_unique<FloatKernel>(node, packed);
  }

 protected:
  Support accepts(const NodeDesc& node) const override {
    for (size_t i = 0; i < node.inputs.size(); ++i)
      if (i != P::kLengths && node.has_input(i) && node.inputs[i].desc.dtype != DType::kF32)
        return declined(Reason::kDtype, node.inputs[i].desc.to_string());
    return all_of({none_empty(node), all_plain(node)});
  }
};

}  // namespace

TWOFOUR_DEFINE_TACTIC(NativeRecurrent)

}  // namespace twofour::cpu
