// Add, Sub, Mul and Div: numpy broadcasting, floats and integers (which wrap around).
#include <limits>

#include "ops/builder.h"
#include "ops/domain.h"
#include "ops/elementwise/elementwise.h"
#include "ops/infer.h"

namespace twofour::ops {
namespace {

template <typename T>
constexpr bool kInteger = std::is_integral_v<T>;

struct AddOf {
  template <typename T>
  T operator()(T a, T b) const {
    if constexpr (kInteger<T>) return static_cast<T>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
    else return a + b;
  }
};
struct SubOf {
  template <typename T>
  T operator()(T a, T b) const {
    if constexpr (kInteger<T>) return static_cast<T>(static_cast<uint64_t>(a) - static_cast<uint64_t>(b));
    else return a - b;
  }
};
struct MulOf {
  template <typename T>
  T operator()(T a, T b) const {
    if constexpr (kInteger<T>) return static_cast<T>(static_cast<uint64_t>(a) * static_cast<uint64_t>(b));
    else return a * b;
  }
};
struct DivOf {
  template <typename T>
  T operator()(T a, T b) const {
    if constexpr (kInteger<T>) {
      TWOFOUR_CHECK(b != 0, kInvalidArgument, "integer division by zero");
      if constexpr (std::is_signed_v<T>)
        if (b == -1) return SubOf{}(T{}, a);  // the smallest integer has no negative
    }
    return static_cast<T>(a / b);
  }
};

template <typename Fn>
void reference(const ReferenceArgs& args) {
  dispatch_number(args.outputs[0].dtype(), [&]<typename T>(T) {
    const auto a = args.inputs[0].span<T>();
    const auto b = args.inputs[1].span<T>();
    const auto dst = args.outputs[0].span<T>();
    for_each_broadcast(args.inputs[0].shape(), args.inputs[1].shape(), args.outputs[0].shape(),
                       [&](size_t i, size_t j, size_t k) { dst[k] = Fn{}(a[i], b[j]); });
  });
}

void infer_numbers(const Node& node, std::span<ValueType> outputs) {
  infer_binary(node, outputs);
  TWOFOUR_CHECK(outputs[0].dtype != DType::kBool, kUnsupported, "inputs are bool; numbers are expected");
}

/// `of_a` and `of_b` build the gradient before unbroadcasting, for the inputs that need one.
template <typename A, typename B>
std::vector<Value*> binary_grad(const GradArgs& args, const A& of_a, const B& of_b) {
  const auto fit = [&](Value* grad, size_t i) {
    return args.builder.unbroadcast(grad, args.node.input(i)->shape());
  };
  return {args.needed[0] ? fit(of_a(), 0) : nullptr, args.needed[1] ? fit(of_b(), 1) : nullptr};
}

std::vector<Value*> grad_add(const GradArgs& args) {
  const auto dy = [&] { return args.grad_outputs[0]; };
  return binary_grad(args, dy, dy);
}

std::vector<Value*> grad_sub(const GradArgs& args) {
  return binary_grad(
      args, [&] { return args.grad_outputs[0]; }, [&] { return args.builder.neg(args.grad_outputs[0]); });
}

std::vector<Value*> grad_mul(const GradArgs& args) {
  Value* dy = args.grad_outputs[0];
  return binary_grad(
      args, [&] { return args.builder.mul(dy, args.node.input(1)); },
      [&] { return args.builder.mul(dy, args.node.input(0)); });
}

std::vector<Value*> grad_div(const GradArgs& args) {
  Builder& b = args.builder;
  Value* dy = args.grad_outputs[0];
  Value* divisor = args.node.input(1);
  return binary_grad(
      args, [&] { return b.div(dy, divisor); },
      [&] { return b.neg(b.div(b.mul(dy, args.node.output()), divisor)); });
}

OpDef arithmetic(std::string_view name, std::string_view doc, ReferenceFn fn, GradFn grad, float low = -1,
                 DomainFn domain = nullptr) {
  return {
      .name = name,
      .doc = doc,
      .inputs = {{"a"}, {.name = "b", .domain = domain}},
      .outputs = {{"dst"}},
      .infer = infer_numbers,
      .reference = fn,
      .grad = grad,
      .amp = Amp::kInfer,
      .quant = quant_float("both inputs would need one common scale"),
      .sparsity = no_sparsity(),
      .examples = {{.inputs = {{.shape = {2, 3, 4}}, {.shape = {2, 3, 4}, .low = low}}},
                   {.inputs = {{.shape = {2, 3, 4}}, {.shape = {3, 1}, .low = low}}},
                   {.inputs = {{.shape = {4}}, {.shape = {5, 1}, .low = low}}},
                   {.inputs = {{.dtype = DType::kI64, .shape = {3}, .low = -9, .high = 9},
                               {.dtype = DType::kI64, .shape = {}, .low = 1, .high = 9}}}},
  };
}

}  // namespace

extern const OpDef kAdd;
const OpDef kAdd = arithmetic("Add", "dst = a + b, with numpy broadcasting.", reference<AddOf>, grad_add);
extern const OpDef kSub;
const OpDef kSub = arithmetic("Sub", "dst = a - b, with numpy broadcasting.", reference<SubOf>, grad_sub);
extern const OpDef kMul;
const OpDef kMul = arithmetic("Mul", "dst = a * b, with numpy broadcasting.", reference<MulOf>, grad_mul);
extern const OpDef kDiv;
const OpDef kDiv = arithmetic("Div", "dst = a / b, with numpy broadcasting; integers truncate.",
                              reference<DivOf>, grad_div, 0.5F, positive_numbers);

}  // namespace twofour::ops
