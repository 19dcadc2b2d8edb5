// Arithmetic, comparisons and logic on tensors that broadcast, of every type that the operators have, in
// either format; and ReluGrad.
#include "cpu/native/elementwise/broadcast.h"
#include "cpu/native/elementwise/element_ops.h"
#include "cpu/tactics.h"

namespace twofour::cpu {
namespace {

/// Wrapping around and bits look alike whatever the sign: unsigned integers serve the others.
template <typename Op, bool kFloats>
BinaryRun of_bits(DType dtype) {
  if constexpr (kFloats) {
    if (dtype == DType::kF32) return run_binary<float, float, Op>;
    if (dtype == DType::kF64) return run_binary<double, double, Op>;
  }
  if (is_float(dtype)) return nullptr;
  switch (dtype_size(dtype)) {
    case 1: return run_binary<uint8_t, uint8_t, Op>;
    case 2: return run_binary<uint16_t, uint16_t, Op>;
    case 4: return run_binary<uint32_t, uint32_t, Op>;
    default: return run_binary<uint64_t, uint64_t, Op>;
  }
}

/// `R`: of the result; void: as the operands.
template <typename Op, typename R>
BinaryRun of_integers(DType dtype) {
  const auto run = []<typename T>(T) -> BinaryRun {
    return run_binary<T, std::conditional_t<std::is_void_v<R>, T, R>, Op>;
  };
  switch (dtype) {
    case DType::kI8: return run(int8_t{});
    case DType::kU8: return run(uint8_t{});
    case DType::kI16: return run(int16_t{});
    case DType::kU16: return run(uint16_t{});
    case DType::kI32: return run(int32_t{});
    case DType::kU32: return run(uint32_t{});
    case DType::kI64: return run(int64_t{});
    case DType::kU64: return run(uint64_t{});
    default: return nullptr;
  }
}

template <typename Op, typename R = void>
BinaryRun of_numbers(DType dtype) {
  if (dtype == DType::kF32) return run_binary<float, std::conditional_t<std::is_void_v<R>, float, R>, Op>;
  if (dtype == DType::kF64) return run_binary<double, std::conditional_t<std::is_void_v<R>, double, R>, Op>;
  return of_integers<Op, R>(dtype);
}

template <typename Op>
BinaryRun of_floats(DType dtype) {
  if (dtype == DType::kF32) return run_binary<float, float, Op>;
  return dtype == DType::kF64 ? run_binary<double, double, Op> : nullptr;
}

/// Null: the operator has no such type here.
BinaryRun run_of(const NodeDesc& node) {
  using namespace element;  // NOLINT(google-build-using-namespace): a table of them
  const std::string& op = node.op;
  const DType dtype = node.inputs[0].desc.dtype;
  if (op == "Add" || op == "Sum") return of_bits<AddOf, true>(dtype);
  if (op == "Sub") return of_bits<SubOf, true>(dtype);
  if (op == "Mul") return of_bits<MulOf, true>(dtype);
  if (op == "Div") return of_numbers<DivOf>(dtype);
  if (op == "Mod" && node.attrs.i("fmod", 0) != 0) return of_numbers<FmodOf>(dtype);
  if (op == "Mod") return of_integers<ModOf, void>(dtype);
  if (op == "Pow") return of_floats<PowOf>(dtype);
  if (op == "PRelu") return of_floats<PReluOf>(dtype);
  if (op == "ReluGrad") return of_floats<ReluGradOf>(dtype);
  if (op == "Max") return of_numbers<MaxOf>(dtype);
  if (op == "Min") return of_numbers<MinOf>(dtype);
  if (op == "And" || op == "BitwiseAnd") return of_bits<AndOf, false>(dtype);
  if (op == "Or" || op == "BitwiseOr") return of_bits<OrOf, false>(dtype);
  if (op == "Xor" || op == "BitwiseXor") return of_bits<XorOf, false>(dtype);
  if (op == "Equal")
    return dtype == DType::kBool ? of_integers<EqualOf, uint8_t>(DType::kU8)
                                 : of_numbers<EqualOf, uint8_t>(dtype);
  if (op == "Greater") return of_numbers<GreaterOf, uint8_t>(dtype);
  if (op == "GreaterOrEqual") return of_numbers<GreaterOrEqualOf, uint8_t>(dtype);
  if (op == "Less") return of_numbers<LessOf, uint8_t>(dtype);
  return of_numbers<LessOrEqualOf, uint8_t>(dtype);
}

bool is_integer_division(const NodeDesc& node) {
  return (node.op == "Div" || node.op == "Mod") && !is_float(node.inputs[0].desc.dtype);
}

template <typename T>
bool has_zero(const std::byte* data, int64_t n) {
  const auto* values = reinterpret_cast<const T*>(data);
  return std::find(values, values + n, T{}) != values + n;
}

void check_divisor(const TensorDesc& desc, const std::byte* data) {
  const int64_t n = desc.shape.numel();
  bool zero = false;
  switch (dtype_size(desc.dtype)) {
    case 1: zero = has_zero<uint8_t>(data, n); break;
    case 2: zero = has_zero<uint16_t>(data, n); break;
    case 4: zero = has_zero<uint32_t>(data, n); break;
    default: zero = has_zero<uint64_t>(data, n);
  }
  TWOFOUR_CHECK(!zero, kInvalidArgument, "integer division by zero");
}

class NativeBinary final : public OpTactic {
 public:
  NativeBinary()
      : OpTactic("native.binary", {"ReluGrad",  "Add",        "Sub",   "Mul",     "Div",
                                   "Mod",       "Pow",        "PRelu", "Max",     "Min",
                                   "Sum",       "And",        "Or",    "Xor",     "BitwiseAnd",
                                   "BitwiseOr", "BitwiseXor", "Equal", "Greater", "GreaterOrEqual",
                                   "Less",      "LessOrEqual"}) {}

  // What comes third is read after the first two were written.
  bool in_place(const NodeDesc& node, size_t input, size_t) const override {
    return input < 2 && same_layout(node.inputs[input].desc, node.outputs[0]);
  }

  std::unique_ptr<Kernel> make(const NodeDesc& node, std::span<const Tensor>) const override {
    const TensorDesc& dst = node.outputs[0];
    const BinaryRun run = run_of(node);
    std::vector<BroadcastBinary> steps;
    for (size_t i = 1; i < node.inputs.size(); ++i)
      steps.emplace_back(i == 1 ? node.inputs[0].desc : dst, node.inputs[i].desc, dst, run);
    return make_kernel(
        [steps, divides = is_integer_division(node), divisor = node.inputs[1].desc](const KernelArgs& args) {
          if (divides) check_divisor(divisor, args.src[1]);
          for (size_t i = 0; i < steps.size(); ++i)
            steps[i].run(i == 0 ? args.src[0] : args.dst[0], args.src[i + 1], args.dst[0]);
        });
  }

 protected:
  Support accepts(const NodeDesc& node) const override {
    if (node.inputs.size() < 2) return declined(Reason::kShape, "one input");
    for (const auto& input : node.inputs)
      if (input.desc.dtype != node.inputs[0].desc.dtype)
        return declined(Reason::kDtype, input.desc.to_string());
    if (!run_of(node)) return declined(Reason::kDtype, node.inputs[0].desc.to_string());
    return all_of({any_one_format(node), none_empty(node), ranks_ok(node)});
  }
};

}  // namespace

TWOFOUR_DEFINE_TACTIC(NativeBinary)

}  // namespace twofour::cpu
