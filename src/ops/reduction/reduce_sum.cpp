// Reductions that add or multiply: ReduceSum, ReduceMean, ReduceProd, ReduceL1, ReduceL2, ReduceSumSquare,
// ReduceLogSum, ReduceLogSumExp. Floats accumulate in double; integers wrap around, and their roots and
// logarithms are cut off.
#include <cmath>

#include "base/truncate.h"
#include "ops/reduction/reduce.h"

namespace twofour::ops {
namespace {

template <typename T>
using Wide = std::conditional_t<std::is_floating_point_v<T>, double, uint64_t>;

template <typename T, typename V>
T whole_or_real(V v) {
  if constexpr (std::is_integral_v<T> && std::is_floating_point_v<V>) return truncate<T>(v);
  else return static_cast<T>(v);
}

/// dst = finish(the fold of src by `step`, starting with `start`), finish giving a T or a double.
template <typename Step, typename Finish>
void fold(const ReferenceArgs& args, int start, const Step& step, const Finish& finish) {
  dispatch_number(args.outputs[0].dtype(), [&]<typename T>(T zero) {
    const auto src = args.inputs[0].span<T>();
    const auto dst = args.outputs[0].span<T>();
    std::vector<Wide<T>> folded(dst.size(), static_cast<Wide<T>>(start));
    for_each_reduced(args.inputs[0].shape(), reduced_axes(args),
                     [&](size_t i, size_t j) { folded[j] = step(folded[j], src[i]); });
    for (size_t j = 0; j < dst.size(); ++j) dst[j] = whole_or_real<T>(finish(folded[j], zero));
  });
}

const auto add = []<typename W, typename T>(W sum, T v) { return sum + static_cast<W>(v); };
const auto add_square = []<typename W, typename T>(W sum, T v) {
  return sum + static_cast<W>(v) * static_cast<W>(v);
};
const auto add_magnitude = []<typename W, typename T>(W sum, T v) {
  return v < T{} ? sum - static_cast<W>(v) : sum + static_cast<W>(v);
};
const auto multiply = []<typename W, typename T>(W product, T v) { return product * static_cast<W>(v); };
const auto as_is = [](auto folded, auto) { return folded; };

void reference_sum(const ReferenceArgs& args) { fold(args, 0, add, as_is); }
void reference_prod(const ReferenceArgs& args) { fold(args, 1, multiply, as_is); }
void reference_l1(const ReferenceArgs& args) { fold(args, 0, add_magnitude, as_is); }
void reference_sum_square(const ReferenceArgs& args) { fold(args, 0, add_square, as_is); }
void reference_l2(const ReferenceArgs& args) {
  fold(args, 0, add_square, [](auto sum, auto) { return std::sqrt(static_cast<double>(sum)); });
}
void reference_log_sum(const ReferenceArgs& args) {
  // Through T: the sum of negative integers is not great.
  fold(args, 0, add, []<typename W, typename T>(W sum, T) {
    if constexpr (std::is_integral_v<T>) return std::log(static_cast<double>(static_cast<T>(sum)));
    else return std::log(sum);
  });
}

void reference_mean(const ReferenceArgs& args) {
  const int64_t groups = std::max<int64_t>(args.outputs[0].numel(), 1);
  const int64_t count = args.inputs[0].numel() / groups;
  fold(args, 0, add, [count]<typename W, typename T>(W sum, T) {
    if constexpr (std::is_floating_point_v<T>) {
      return sum / static_cast<double>(count);
    } else {
      TWOFOUR_CHECK(count != 0, kInvalidArgument, "there is no integer mean of nothing");
      if constexpr (std::is_signed_v<T>) return static_cast<int64_t>(sum) / count;
      else return sum / static_cast<W>(count);
    }
  });
}

/// The greatest exponent so far, and the sum of exp(v - greatest).
struct LogSum {
  double greatest = -INFINITY;
  double sum = 0;

  void add(double v) {
    if (v > greatest) {
      sum = sum * std::exp(greatest - v) + 1;
      greatest = v;
    } else {
      sum += v == greatest ? 1 : std::exp(v - greatest);
    }
  }
};

void reference_log_sum_exp(const ReferenceArgs& args) {
  dispatch_number(args.outputs[0].dtype(), [&]<typename T>(T) {
    const auto src = args.inputs[0].span<T>();
    const auto dst = args.outputs[0].span<T>();
    std::vector<LogSum> sums(dst.size());
    for_each_reduced(args.inputs[0].shape(), reduced_axes(args),
                     [&](size_t i, size_t j) { sums[j].add(static_cast<double>(src[i])); });
    for (size_t j = 0; j < dst.size(); ++j)
      dst[j] = whole_or_real<T>(sums[j].greatest + std::log(sums[j].sum));
  });
}

void infer_number(const Node& node, std::span<ValueType> outputs) {
  check_number(node.input(0)->type(), "src");
  infer_reduction(node, outputs);
}

using Gradient = std::vector<Value*>;

/// dst's gradient, broadcast to src by the operation that takes it.
Value* spread(const GradArgs& args) { return with_kept_axes(args.builder, args.node, args.grad_outputs[0]); }
Value* kept_dst(const GradArgs& args) { return with_kept_axes(args.builder, args.node, args.node.output()); }
Gradient for_src(const GradArgs& args, Value* grad) {
  Gradient result(args.node.inputs().size(), nullptr);
  result[0] = grad;
  return result;
}

Gradient grad_sum(const GradArgs& args) {
  return for_src(args, args.builder.expand(spread(args), args.node.input(0)->shape()));
}

Gradient grad_mean(const GradArgs& args) {
  Builder& b = args.builder;
  const Shape src = args.node.input(0)->shape();
  const auto count =
      static_cast<float>(src.numel()) / static_cast<float>(args.node.output()->shape().numel());
  return for_src(args, b.expand(b.mul(spread(args), b.scalar(1 / count)), src));
}

Gradient grad_l1(const GradArgs& args) {
  return for_src(args, args.builder.mul(spread(args), args.builder.op("Sign", {args.node.input(0)})));
}

Gradient grad_l2(const GradArgs& args) {
  Builder& b = args.builder;
  return for_src(args, b.mul(b.div(spread(args), kept_dst(args)), args.node.input(0)));
}

Gradient grad_sum_square(const GradArgs& args) {
  Builder& b = args.builder;
  return for_src(args, b.mul(b.mul(spread(args), b.scalar(2)), args.node.input(0)));
}

Gradient grad_log_sum(const GradArgs& args) {
  Builder& b = args.builder;
  Value* slope = b.div(spread(args), b.op("Exp", {kept_dst(args)}));
  return for_src(args, b.expand(slope, args.node.input(0)->shape()));
}

Gradient grad_log_sum_exp(const GradArgs& args) {
  Builder& b = args.builder;
  Value* share = b.op("Exp", {b.sub(args.node.input(0), kept_dst(args))});
  return for_src(args, b.mul(spread(args), share));
}

constexpr std::string_view kNoNumbers = "axes are not numbers to differentiate by";

OpDef real(std::string_view name, std::string_view doc, ReferenceFn reference, GradFn grad) {
  return reduction(name, doc, reference, Grad(grad, kNoNumbers), Amp::kDeny);
}

OpDef number(OpDef op) {
  op.infer = infer_number;
  op.examples.push_back({.inputs = {{.dtype = DType::kI64, .shape = {4}, .low = -9, .high = 9}}});
  op.examples.push_back({.inputs = {{.dtype = DType::kU8, .shape = {2, 3}, .low = 0, .high = 255},
                                    {.dtype = DType::kI64, .shape = {1}, .values = {0}, .constant = true}}});
  return op;
}

/// Roots and logarithms, also of integers.
OpDef with_integers(OpDef op) {
  op.examples.push_back({.inputs = {{.dtype = DType::kI64, .shape = {4}, .low = 1, .high = 90}}});
  op.examples.push_back({.inputs = {{.dtype = DType::kU32, .shape = {2, 3}, .low = 1, .high = 90},
                                    {.dtype = DType::kI64, .shape = {1}, .values = {0}, .constant = true}}});
  return op;
}

OpDef product() {
  OpDef op =
      number(reduction("ReduceProd", "dst = the product of src over `axes`.", reference_prod,
                       not_differentiable("its slope by one factor is the product of the others, which "
                                          "no operator computes"),
                       Amp::kInfer));
  return op;
}

}  // namespace

extern const OpDef kReduceSum;
const OpDef kReduceSum = number(real("ReduceSum",
                                     "dst = the sum of src over `axes`; over all of them when none are "
                                     "given, unless noop_with_empty_axes.",
                                     reference_sum, grad_sum));
extern const OpDef kReduceMean;
const OpDef kReduceMean =
    number(real("ReduceMean", "dst = the mean of src over `axes`.", reference_mean, grad_mean));
extern const OpDef kReduceProd;
const OpDef kReduceProd = product();
extern const OpDef kReduceL1;
const OpDef kReduceL1 =
    number(real("ReduceL1", "dst = the sum of |src| over `axes`.", reference_l1, grad_l1));
extern const OpDef kReduceL2;
const OpDef kReduceL2 = with_integers(
    real("ReduceL2", "dst = the square root of the sum of src^2 over `axes`.", reference_l2, grad_l2));
extern const OpDef kReduceSumSquare;
const OpDef kReduceSumSquare = number(
    real("ReduceSumSquare", "dst = the sum of src^2 over `axes`.", reference_sum_square, grad_sum_square));
extern const OpDef kReduceLogSum;
const OpDef kReduceLogSum = with_integers(
    real("ReduceLogSum", "dst = log(the sum of src over `axes`).", reference_log_sum, grad_log_sum));
extern const OpDef kReduceLogSumExp;
const OpDef kReduceLogSumExp =
    with_integers(real("ReduceLogSumExp", "dst = log(the sum of exp(src) over `axes`).",
                       reference_log_sum_exp, grad_log_sum_exp));

}  // namespace twofour::ops
