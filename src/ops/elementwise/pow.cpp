#include <cmath>

#include "ops/builder.h"
#include "ops/domain.h"
#include "ops/elementwise/elementwise.h"
#include "ops/infer.h"

namespace twofour::ops {
namespace {

// The exponent may have another type than the base; the result has the base's.
void infer(const Node& node, std::span<ValueType> outputs) {
  const ValueType& base = node.input(0)->type();
  const ValueType& exponent = node.input(1)->type();
  TWOFOUR_CHECK(base.dtype != DType::kBool && exponent.dtype != DType::kBool, kUnsupported,
                "inputs are {} and {}; numbers are expected", base.to_string(), exponent.to_string());
  outputs[0] = {base.dtype, broadcast_dims(base.dims, exponent.dims)};
}

/// Wraps around, as the product of so many factors does. 1 / base^-exponent truncates to -1, 0 or 1.
template <typename T, typename E>
T whole_power(T base, E exponent) {
  if (exponent < 0) {
    TWOFOUR_CHECK(base != 0, kInvalidArgument, "0 to the power {} is no integer", exponent);
    if (base == 1) return 1;
    const bool minus_one = std::is_signed_v<T> && static_cast<T>(base + 1) == 0;
    return minus_one ? static_cast<T>(exponent % 2 == 0 ? 1 : -1) : T{};
  }
  uint64_t result = 1, square = static_cast<uint64_t>(base);
  for (auto left = static_cast<uint64_t>(exponent); left > 0; left >>= 1, square *= square)
    if (left & 1) result *= square;
  return static_cast<T>(result);
}

template <typename T, typename E>
T power(T base, E exponent) {
  if constexpr (std::is_integral_v<T> && std::is_integral_v<E>) {
    return whole_power(base, exponent);
  } else {
    const double result = std::pow(static_cast<double>(base), static_cast<double>(exponent));
    if constexpr (std::is_floating_point_v<T>) return static_cast<T>(result);
    else {
      TWOFOUR_CHECK(result > -0x1p63 && result < 0x1p63, kInvalidArgument,
                    "{} to the power {} does not fit an integer", base, exponent);
      return static_cast<T>(static_cast<int64_t>(result));
    }
  }
}

void reference(const ReferenceArgs& args) {
  dispatch_number(args.inputs[0].dtype(), [&]<typename T>(T) {
    dispatch_number(args.inputs[1].dtype(), [&]<typename E>(E) {
      const auto base = args.inputs[0].span<T>();
      const auto exponent = args.inputs[1].span<E>();
      const auto dst = args.outputs[0].span<T>();
      for_each_broadcast(args.inputs[0].shape(), args.inputs[1].shape(), args.outputs[0].shape(),
                         [&](size_t i, size_t j, size_t k) { dst[k] = power(base[i], exponent[j]); });
    });
  });
}

std::vector<Value*> grad(const GradArgs& args) {
  Builder& b = args.builder;
  const Node& node = args.node;
  Value* base = node.input(0);
  Value* dy = args.grad_outputs[0];
  Value* exponent = b.cast(node.input(1), base->dtype());
  std::vector<Value*> result(2, nullptr);
  if (args.needed[0]) {
    Value* slope = b.mul(exponent, b.op("Pow", {base, b.sub(exponent, b.scalar(1))}));
    result[0] = b.unbroadcast(b.mul(dy, slope), base->shape());
  }
  if (args.needed[1] && is_float(node.input(1)->dtype())) {
    Value* slope = b.mul(node.output(), b.op("Log", {base}));
    result[1] = b.unbroadcast(b.mul(dy, slope), exponent->shape());
  }
  return result;
}

Domain small_powers(const Node&, size_t) { return {0, 3}; }

}  // namespace

extern const OpDef kPow;
const OpDef kPow = {
    .name = "Pow",
    .doc = "dst = base to the power of exponent, with numpy broadcasting.",
    .inputs = {{.name = "base", .domain = positive_numbers}, {.name = "exponent", .domain = small_powers}},
    .outputs = {{"dst"}},
    .infer = infer,
    .reference = reference,
    .grad = grad,
    .amp = Amp::kDeny,
    .quant = quant_float("not linear in the codes"),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {{.shape = {2, 3}, .low = 0.5F, .high = 2},
                             {.shape = {2, 3}, .low = -2, .high = 2}}},
                 {.inputs = {{.shape = {3, 4}, .low = 0.5F, .high = 2},
                             {.shape = {}, .values = {2}, .constant = true}}},
                 {.inputs = {{.shape = {3}, .low = 0.5F, .high = 2},
                             {.dtype = DType::kI64, .shape = {2, 1}, .values = {2, 3}}}},
                 {.inputs = {{.dtype = DType::kI64, .shape = {3}, .low = -9, .high = 9},
                             {.dtype = DType::kI64, .shape = {}, .values = {2}}}}},
};

}  // namespace twofour::ops
