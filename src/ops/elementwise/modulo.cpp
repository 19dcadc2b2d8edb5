#include <cmath>

#include "ops/builder.h"
#include "ops/domain.h"
#include "ops/elementwise/elementwise.h"

namespace twofour::ops {
namespace {

bool truncates(const Attrs& attrs) { return attrs.i("fmod", 0) != 0; }

void infer(const Node& node, std::span<ValueType> outputs) {
  infer_binary(node, outputs);
  check_number(outputs[0], "a");
  TWOFOUR_CHECK(truncates(node.attrs()) || !is_float(outputs[0].dtype), kInvalidArgument,
                "inputs are {}; floating point needs fmod=1", outputs[0].to_string());
}

template <typename T>
T remainder_of(T a, T b, bool truncated) {
  if constexpr (std::is_floating_point_v<T>) {
    return std::fmod(a, b);
  } else {
    TWOFOUR_CHECK(b != 0, kInvalidArgument, "integer division by zero");
    if constexpr (std::is_signed_v<T>)
      if (b == -1) return 0;  // the smallest integer divided by -1 does not fit
    const auto rest = static_cast<T>(a % b);
    const bool other_sign = rest != 0 && (rest < T{}) != (b < T{});
    return static_cast<T>(other_sign && !truncated ? rest + b : rest);
  }
}

void reference(const ReferenceArgs& args) {
  const bool truncated = truncates(args.attrs);
  dispatch_number(args.outputs[0].dtype(), [&]<typename T>(T) {
    const auto a = args.inputs[0].span<T>();
    const auto b = args.inputs[1].span<T>();
    const auto dst = args.outputs[0].span<T>();
    for_each_broadcast(args.inputs[0].shape(), args.inputs[1].shape(), args.outputs[0].shape(),
                       [&](size_t i, size_t j, size_t k) { dst[k] = remainder_of(a[i], b[j], truncated); });
  });
}

// a = quotient * b + dst with an integer quotient, which does not move.
std::vector<Value*> grad(const GradArgs& args) {
  Builder& b = args.builder;
  Value* dy = args.grad_outputs[0];
  Value* dividend = args.node.input(0);
  Value* divisor = args.node.input(1);
  std::vector<Value*> result(2, nullptr);
  if (args.needed[0]) result[0] = b.unbroadcast(dy, dividend->shape());
  if (args.needed[1]) {
    Value* quotient = b.div(b.sub(dividend, args.node.output()), divisor);
    result[1] = b.unbroadcast(b.neg(b.mul(dy, quotient)), divisor->shape());
  }
  return result;
}

const Attrs& fmod_attrs() {
  static const Attrs attrs = {{"fmod", int64_t{1}}};
  return attrs;
}

ExampleInput integers(Shape shape, std::vector<float> values) {
  return {.dtype = DType::kI64, .shape = std::move(shape), .values = std::move(values)};
}

}  // namespace

extern const OpDef kMod;
const OpDef kMod = {
    .name = "Mod",
    .doc = "dst = the rest of a / b with the sign of b, or with fmod=1 that of a, with numpy broadcasting.",
    .inputs = {{"a"}, {.name = "b", .domain = positive_numbers}},
    .outputs = {{"dst"}},
    .attrs = {"fmod"},
    .infer = infer,
    .reference = reference,
    .grad = grad,
    .amp = Amp::kDeny,
    .quant = quant_float("not linear in the codes"),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {integers({6}, {-7, -6, 7, 7, 5, -5}), integers({6}, {3, 3, -3, 3, -1, 7})}},
                 {.inputs = {integers({2, 1}, {-7, 7}), integers({3}, {2, -3, 4})}, .attrs = fmod_attrs()},
                 {.inputs = {{.shape = {4}, .values = {-4.25F, 5.5F, 7, -0.75F}},
                             {.shape = {2, 1}, .values = {2, -3}}},
                  .attrs = fmod_attrs()}},
};

}  // namespace twofour::ops
