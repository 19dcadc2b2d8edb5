// Equal, Greater, GreaterOrEqual, Less, LessOrEqual, and And, Or, Xor, Not: results are bool.
#include <functional>

#include "ops/builder.h"
#include "ops/elementwise/elementwise.h"

namespace twofour::ops {
namespace {

void infer_compare(const Node& node, std::span<ValueType> outputs) {
  infer_binary(node, outputs);
  check_number(node.input(0)->type(), "a");
  outputs[0].dtype = DType::kBool;
}

void infer_equal(const Node& node, std::span<ValueType> outputs) {
  infer_binary(node, outputs);
  outputs[0].dtype = DType::kBool;
}

void infer_logical(const Node& node, std::span<ValueType> outputs) {
  check_dtype(node.input(0)->type(), DType::kBool, "a");
  infer_binary(node, outputs);
}

void infer_not(const Node& node, std::span<ValueType> outputs) {
  check_dtype(node.input(0)->type(), DType::kBool, "src");
  infer_same(node, outputs);
}

template <typename T, typename Fn>
void broadcast_to_bool(const ReferenceArgs& args, const Fn& fn) {
  const auto a = args.inputs[0].span<T>();
  const auto b = args.inputs[1].span<T>();
  const auto dst = args.outputs[0].span<bool>();
  for_each_broadcast(args.inputs[0].shape(), args.inputs[1].shape(), args.outputs[0].shape(),
                     [&](size_t i, size_t j, size_t k) { dst[k] = fn(a[i], b[j]); });
}

template <typename Fn>
void reference_compare(const ReferenceArgs& args) {
  dispatch_number(args.inputs[0].dtype(), [&]<typename T>(T) { broadcast_to_bool<T>(args, Fn{}); });
}

void reference_equal(const ReferenceArgs& args) {
  if (args.inputs[0].dtype() == DType::kBool) broadcast_to_bool<bool>(args, std::equal_to<>{});
  else reference_compare<std::equal_to<>>(args);
}

template <typename Fn>
void reference_logical(const ReferenceArgs& args) {
  broadcast_to_bool<bool>(args, Fn{});
}

void reference_not(const ReferenceArgs& args) {
  std::ranges::transform(args.inputs[0].span<bool>(), args.outputs[0].span<bool>().begin(),
                         std::logical_not<>{});
}

OpDef compare(std::string_view name, std::string_view doc, InferFn infer, ReferenceFn reference) {
  return {
      .name = name,
      .doc = doc,
      .inputs = {{"a"}, {"b"}},
      .outputs = {{"dst"}},
      .infer = infer,
      .reference = reference,
      .grad = not_differentiable("the result is a truth value"),
      .amp = Amp::kClear,
      .quant = quant_float("compares values, not codes"),
      .sparsity = no_sparsity(),
      .examples = {{.inputs = {{.shape = {2, 3}, .values = {1, 2, 3, 4, 5, 6}},
                               {.shape = {3}, .values = {1, 5, 6}}}},
                   {.inputs = {{.dtype = DType::kI64, .shape = {4}, .low = -2, .high = 2},
                               {.dtype = DType::kI64, .shape = {3, 1}, .low = -2, .high = 2}}}},
  };
}

OpDef logical(std::string_view name, std::string_view doc, ReferenceFn reference) {
  OpDef op = compare(name, doc, infer_logical, reference);
  op.examples = {{.inputs = {{.dtype = DType::kBool, .shape = {4}, .values = {0, 0, 1, 1}},
                             {.dtype = DType::kBool, .shape = {4}, .values = {0, 1, 0, 1}}}},
                 {.inputs = {{.dtype = DType::kBool, .shape = {2, 1}, .values = {0, 1}},
                             {.dtype = DType::kBool, .shape = {3}, .values = {1, 0, 1}}}}};
  return op;
}

OpDef logical_not() {
  OpDef op = logical("Not", "dst = true where src is false.", reference_not);
  op.inputs = {{"src"}};
  op.infer = infer_not;
  op.examples = {{.inputs = {{.dtype = DType::kBool, .shape = {3}, .values = {1, 0, 1}}}}};
  return op;
}

}  // namespace

extern const OpDef kEqual;
const OpDef kEqual =
    compare("Equal", "dst = (a == b) as bool, with numpy broadcasting.", infer_equal, reference_equal);
extern const OpDef kGreater;
const OpDef kGreater = compare("Greater", "dst = (a > b) as bool, with numpy broadcasting.", infer_compare,
                               reference_compare<std::greater<>>);
extern const OpDef kGreaterOrEqual;
const OpDef kGreaterOrEqual = compare("GreaterOrEqual", "dst = (a >= b) as bool, with numpy broadcasting.",
                                      infer_compare, reference_compare<std::greater_equal<>>);
extern const OpDef kLess;
const OpDef kLess = compare("Less", "dst = (a < b) as bool, with numpy broadcasting.", infer_compare,
                            reference_compare<std::less<>>);
extern const OpDef kLessOrEqual;
const OpDef kLessOrEqual = compare("LessOrEqual", "dst = (a <= b) as bool, with numpy broadcasting.",
                                   infer_compare, reference_compare<std::less_equal<>>);
extern const OpDef kAnd;
const OpDef kAnd =
    logical("And", "dst = a and b, with numpy broadcasting.", reference_logical<std::logical_and<>>);
extern const OpDef kOr;
const OpDef kOr =
    logical("Or", "dst = a or b, with numpy broadcasting.", reference_logical<std::logical_or<>>);
extern const OpDef kXor;
const OpDef kXor = logical("Xor", "dst = exactly one of a and b, with numpy broadcasting.",
                           reference_logical<std::not_equal_to<>>);
extern const OpDef kNot;
const OpDef kNot = logical_not();

}  // namespace twofour::ops
