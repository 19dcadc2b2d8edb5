// Arithmetic, comparisons and logic on tensors that broadcast, of every type that the operators have, in
// either format; and ReluGrad.
#include "cpu/native/elementwise/broadcast.h"
#include "cpu/native/elementwise/element_ops.h"
#include "cpu/tactics.h"

namespace twofour::cpu {
namespace {

enum class Types : uint8_t { kFloats, kIntegers, kNumbers };

/// `R`: of the result; void: as the operands. Null: none of the types.
template <typename Op, Types kTypes, typename R = void>
BinaryRun run_of(DType dtype) {
  return dispatch_dtype(dtype, []<typename T>(T) -> BinaryRun {
    constexpr bool kFloat = std::is_floating_point_v<T> && kTypes != Types::kIntegers;
    constexpr bool kInteger = std::is_integral_v<T> && !std::is_same_v<T, bool> && kTypes != Types::kFloats;
    constexpr bool kHalf = std::is_same_v<T, bf16> && kTypes != Types::kIntegers;
    using Result = std::conditional_t<std::is_void_v<R>, T, R>;
    if constexpr (kFloat || kInteger) return run_binary<T, Result, Op>;
    else if constexpr (kHalf) return run_binary<T, Result, element::OnBf16<Op>>;
    else return nullptr;
  });
}

/// Bits look alike whatever the sign: unsigned integers serve the others, and bools.
template <typename Op>
BinaryRun run_of_bits(DType dtype) {
  if (is_float(dtype)) return nullptr;
  return dispatch_size(dtype_size(dtype), []<typename T>(T) -> BinaryRun { return run_binary<T, T, Op>; });
}

/// The same for sums and products, whose integers wrap around.
template <typename Op>
BinaryRun run_of_wrapping(DType dtype) {
  return is_float(dtype) ? run_of<Op, Types::kFloats>(dtype) : run_of_bits<Op>(dtype);
}

/// Null: the operator has no such type here.
BinaryRun run_of(const NodeDesc& node) {
  using namespace element;  // NOLINT(google-build-using-namespace): a table of them
  const std::string& op = node.op;
  const DType dtype = node.inputs[0].desc.dtype;
  if (op == "Add" || op == "Sum") return run_of_wrapping<AddOf>(dtype);
  if (op == "Sub") return run_of_wrapping<SubOf>(dtype);
  if (op == "Mul") return run_of_wrapping<MulOf>(dtype);
  if (op == "Div") return run_of<DivOf, Types::kNumbers>(dtype);
  if (op == "Mod" && node.attrs.i("fmod", 0) != 0) return run_of<FmodOf, Types::kNumbers>(dtype);
  if (op == "Mod") return run_of<ModOf, Types::kIntegers>(dtype);
  if (op == "Pow") return run_of<PowOf, Types::kFloats>(dtype);
  if (op == "PRelu") return run_of<PReluOf, Types::kFloats>(dtype);
  if (op == "ReluGrad") return run_of<ReluGradOf, Types::kFloats>(dtype);
  if (op == "Max") return run_of<MaxOf, Types::kNumbers>(dtype);
  if (op == "Min") return run_of<MinOf, Types::kNumbers>(dtype);
  if (op == "And" || op == "BitwiseAnd") return run_of_bits<AndOf>(dtype);
  if (op == "Or" || op == "BitwiseOr") return run_of_bits<OrOf>(dtype);
  if (op == "Xor" || op == "BitwiseXor") return run_of_bits<XorOf>(dtype);
  if (op == "Equal")
    return run_of<EqualOf, Types::kNumbers, uint8_t>(dtype == DType::kBool ? DType::kU8 : dtype);
  if (op == "Greater") return run_of<GreaterOf, Types::kNumbers, uint8_t>(dtype);
  if (op == "GreaterOrEqual") return run_of<GreaterOrEqualOf, Types::kNumbers, uint8_t>(dtype);
  if (op == "Less") return run_of<LessOf, Types::kNumbers, uint8_t>(dtype);
  return run_of<LessOrEqualOf, Types::kNumbers, uint8_t>(dtype);
}

bool has_zero(const TensorDesc& desc, const std::byte* data) {
  return dispatch_size(dtype_size(desc.dtype), [&]<typename T>(T zero) {
    const auto* values = reinterpret_cast<const T*>(data);
    const T* end = values + desc.shape.numel();
    return std::find(values, end, zero) != end;
  });
}

/// Whether every run has to look for a zero among the divisors: not where constants have none.
bool may_divide_by_zero(const NodeDesc& node) {
  const NodeDesc::Input& divisor = node.inputs[1];
  if ((node.op != "Div" && node.op != "Mod") || is_float(divisor.desc.dtype)) return false;
  return !node.is_constant(1) || has_zero(divisor.desc, divisor.data.raw());
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
    return make_kernel([steps, checks = may_divide_by_zero(node),
                        divisor = node.inputs[1].desc](const KernelArgs& args) {
      TWOFOUR_CHECK(!checks || !has_zero(divisor, args.src[1]), kInvalidArgument, "integer division by zero");
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
    if (is_half(node.inputs[0].desc.dtype) && node.inputs.size() > 2)
      return declined(Reason::kShape, "more than two inputs, each rounded");
    return all_of({any_one_format(node), none_empty(node), ranks_ok(node)});
  }
};

}  // namespace

TWOFOUR_DEFINE_TACTIC(NativeBinary)

}  // namespace twofour::cpu
