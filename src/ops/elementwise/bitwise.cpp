// Operators on the bits of integers: BitShift, BitwiseAnd, BitwiseOr, BitwiseXor, BitwiseNot.
#include <limits>

#include "ops/builder.h"
#include "ops/elementwise/elementwise.h"

namespace twofour::ops {
namespace {

void check_integer(const ValueType& type) {
  TWOFOUR_CHECK(!is_float(type.dtype) && type.dtype != DType::kBool, kInvalidArgument,
                "an input is {}; integers are expected", type.to_string());
}

void infer(const Node& node, std::span<ValueType> outputs) {
  check_integer(node.input(0)->type());
  infer_binary(node, outputs);
}

void infer_not(const Node& node, std::span<ValueType> outputs) {
  check_integer(node.input(0)->type());
  infer_same(node, outputs);
}

bool shifts_left(const Attrs& attrs) {
  const std::string direction = attrs.s("direction", "");
  TWOFOUR_CHECK(direction == "LEFT" || direction == "RIGHT", kInvalidArgument,
                "direction is \"{}\"; LEFT and RIGHT are known", direction);
  return direction == "LEFT";
}

void infer_shift(const Node& node, std::span<ValueType> outputs) {
  shifts_left(node.attrs());
  infer(node, outputs);
  const DType dtype = outputs[0].dtype;
  TWOFOUR_CHECK(dtype == DType::kU8 || dtype == DType::kU16 || dtype == DType::kU32 || dtype == DType::kU64,
                kInvalidArgument, "inputs are {}; unsigned integers are expected", dtype_name(dtype));
}

template <typename Fn>
void dispatch_integer(DType dtype, Fn&& fn) {
  dispatch_number(dtype, [&]<typename T>(T zero) {
    if constexpr (std::is_integral_v<T>) fn(zero);
  });
}

template <typename Fn>
void broadcast(const ReferenceArgs& args, const Fn& fn) {
  dispatch_integer(args.outputs[0].dtype(), [&]<typename T>(T) {
    const auto a = args.inputs[0].span<T>();
    const auto b = args.inputs[1].span<T>();
    const auto dst = args.outputs[0].span<T>();
    for_each_broadcast(args.inputs[0].shape(), args.inputs[1].shape(), args.outputs[0].shape(),
                       [&](size_t i, size_t j, size_t k) { dst[k] = static_cast<T>(fn(a[i], b[j])); });
  });
}

void reference_and(const ReferenceArgs& args) {
  broadcast(args, [](auto a, auto b) { return a & b; });
}
void reference_or(const ReferenceArgs& args) {
  broadcast(args, [](auto a, auto b) { return a | b; });
}
void reference_xor(const ReferenceArgs& args) {
  broadcast(args, [](auto a, auto b) { return a ^ b; });
}

void reference_not(const ReferenceArgs& args) {
  dispatch_integer(args.outputs[0].dtype(), [&]<typename T>(T) {
    std::ranges::transform(args.inputs[0].span<T>(), args.outputs[0].span<T>().begin(),
                           [](T v) { return static_cast<T>(~v); });
  });
}

// Shifting by the width or more leaves no bits.
void reference_shift(const ReferenceArgs& args) {
  const bool left = shifts_left(args.attrs);
  broadcast(args, [left]<typename T>(T a, T b) -> T {
    if constexpr (std::is_unsigned_v<T>) {
      if (b >= std::numeric_limits<T>::digits) return 0;
      return static_cast<T>(left ? uint64_t{a} << b : uint64_t{a} >> b);
    }
    return 0;  // inference refuses signed types
  });
}

OpDef bitwise(std::string_view name, std::string_view doc, ReferenceFn reference) {
  return {
      .name = name,
      .doc = doc,
      .inputs = {{"a"}, {"b"}},
      .outputs = {{"dst"}},
      .infer = infer,
      .reference = reference,
      .grad = not_differentiable("bits are not numbers to differentiate by"),
      .amp = Amp::kFixed,
      .quant = quant_float("works on integers that are not codes"),
      .sparsity = no_sparsity(),
      .examples = {{.inputs = {{.dtype = DType::kU8, .shape = {3, 2}, .low = 0, .high = 255},
                               {.dtype = DType::kU8, .shape = {2}, .low = 0, .high = 255}}},
                   {.inputs = {{.dtype = DType::kI64, .shape = {5}, .low = -9, .high = 9},
                               {.dtype = DType::kI64, .shape = {}, .low = -9, .high = 9}}}},
  };
}

OpDef bitwise_not() {
  OpDef op = bitwise("BitwiseNot", "dst = the complement of src's bits.", reference_not);
  op.inputs = {{"src"}};
  op.infer = infer_not;
  for (Example& example : op.examples) example.inputs.pop_back();
  return op;
}

OpDef bit_shift() {
  OpDef op = bitwise("BitShift", "dst = a shifted by b bits to the LEFT or RIGHT, with numpy broadcasting.",
                     reference_shift);
  op.infer = infer_shift;
  op.attrs = {"direction"};
  const ExampleInput a = {.dtype = DType::kU16, .shape = {4}, .values = {1, 3, 255, 65535}};
  const ExampleInput b = {.dtype = DType::kU16, .shape = {4}, .values = {0, 15, 4, 16}};
  op.examples = {{.inputs = {a, b}, .attrs = {{"direction", std::string("LEFT")}}},
                 {.inputs = {a, b}, .attrs = {{"direction", std::string("RIGHT")}}}};
  return op;
}

}  // namespace

extern const OpDef kBitwiseAnd;
const OpDef kBitwiseAnd =
    bitwise("BitwiseAnd", "dst = the bits that a and b share, with numpy broadcasting.", reference_and);
extern const OpDef kBitwiseOr;
const OpDef kBitwiseOr =
    bitwise("BitwiseOr", "dst = the bits of a and b together, with numpy broadcasting.", reference_or);
extern const OpDef kBitwiseXor;
const OpDef kBitwiseXor =
    bitwise("BitwiseXor", "dst = the bits in which a and b differ, with numpy broadcasting.", reference_xor);
extern const OpDef kBitwiseNot;
const OpDef kBitwiseNot = bitwise_not();
extern const OpDef kBitShift;
const OpDef kBitShift = bit_shift();

}  // namespace twofour::ops
