// Functions of one, two or more numbers. Integers are computed in 128 bits and wrapped.
#include <array>
#include <cmath>
#include <numbers>

#include "tactics/oracle.h"

namespace twofour::oracle {
namespace {

using Whole = __int128;
constexpr Real kSqrt2 = std::numbers::sqrt2_v<Real>;
constexpr Real kTanhGelu = 0.79788456080286535587989211986876L;  // sqrt(2 / pi)

Real clamped(Real v, Real low, Real high) { return v < low ? low : v > high ? high : v; }
Real sigmoid(Real v) { return 1 / (1 + std::exp(-v)); }
Real softplus(Real v) { return v > 0 ? v + std::log1p(std::exp(-v)) : std::log1p(std::exp(v)); }
Real elu(Real v, Real alpha) { return v < 0 ? alpha * std::expm1(v) : v; }
Real celu(Real v, Real alpha) {
  const Real curve = alpha * std::expm1(v / alpha);
  return std::isnan(curve) ? curve : std::max<Real>(v, 0) + std::min<Real>(curve, 0);
}
Real gelu(Real v) { return Real(0.5) * v * (1 + std::erf(v / kSqrt2)); }
Real tanh_gelu(Real v) {
  return Real(0.5) * v * (1 + std::tanh(kTanhGelu * (v + Real(0.044715) * v * v * v)));
}
Real half_even(Real v) {
  const Real down = std::floor(v), rest = v - down;
  if (!std::isfinite(v)) return v;
  const bool up = rest > Real(0.5) || (rest == Real(0.5) && std::fmod(down, 2) != 0);
  return std::copysign(up ? down + 1 : down, v);
}
Real shrink(Real v, Real lambda, Real bias) {
  return v < -lambda ? v + bias : v > lambda ? v - bias : std::isnan(v) ? v : 0;
}

using Unary = Real (*)(Real v, const Attrs& attrs);
#define TWOFOUR_ON_V(name, formula)                                               \
  {                                                                               \
    name, [](Real v, [[maybe_unused]] const Attrs& a) -> Real { return formula; } \
  }
const std::map<std::string_view, Unary>& unary_table() {
  static const std::map<std::string_view, Unary> table = {
      TWOFOUR_ON_V("Abs", std::abs(v)),
      TWOFOUR_ON_V("Acos", std::acos(v)),
      TWOFOUR_ON_V("Acosh", std::acosh(v)),
      TWOFOUR_ON_V("Asin", std::asin(v)),
      TWOFOUR_ON_V("Asinh", std::asinh(v)),
      TWOFOUR_ON_V("Atan", std::atan(v)),
      TWOFOUR_ON_V("Atanh", std::atanh(v)),
      TWOFOUR_ON_V("Ceil", std::ceil(v)),
      TWOFOUR_ON_V("Celu", celu(v, a.f("alpha", 1))),
      TWOFOUR_ON_V("Cos", std::cos(v)),
      TWOFOUR_ON_V("Cosh", std::cosh(v)),
      TWOFOUR_ON_V("Elu", elu(v, a.f("alpha", 1))),
      TWOFOUR_ON_V("Erf", std::erf(v)),
      TWOFOUR_ON_V("Exp", std::exp(v)),
      TWOFOUR_ON_V("Floor", std::floor(v)),
      TWOFOUR_ON_V("Gelu", a.s("approximate", "none") == "tanh" ? tanh_gelu(v) : gelu(v)),
      TWOFOUR_ON_V("HardSigmoid", clamped(Real(a.f("alpha", 0.2F)) * v + Real(a.f("beta", 0.5F)), 0, 1)),
      TWOFOUR_ON_V("HardSwish", v * clamped(v / 6 + Real(0.5), 0, 1)),
      TWOFOUR_ON_V("Identity", v),
      TWOFOUR_ON_V("IsInf", std::isinf(v) && (v > 0 ? a.i("detect_positive", 1) : a.i("detect_negative", 1))),
      TWOFOUR_ON_V("IsNaN", std::isnan(v)),
      TWOFOUR_ON_V("LeakyRelu", v < 0 ? Real(a.f("alpha", 0.01F)) * v : v),
      TWOFOUR_ON_V("Log", std::log(v)),
      TWOFOUR_ON_V("Mish", v * std::tanh(softplus(v))),
      TWOFOUR_ON_V("Neg", -v),
      TWOFOUR_ON_V("Not", v == 0),
      TWOFOUR_ON_V("Reciprocal", 1 / v),
      TWOFOUR_ON_V("Relu", v < 0 ? 0 : v),
      TWOFOUR_ON_V("Round", half_even(v)),
      TWOFOUR_ON_V("Selu", Real(a.f("gamma", 1.05070102214813232421875F)) *
                               elu(v, a.f("alpha", 1.67326319217681884765625F))),
      TWOFOUR_ON_V("Shrink", shrink(v, a.f("lambd", 0.5F), a.f("bias", 0))),
      TWOFOUR_ON_V("Sigmoid", sigmoid(v)),
      TWOFOUR_ON_V("Sign", std::isnan(v) ? v : (v > 0) - (v < 0)),
      TWOFOUR_ON_V("Sin", std::sin(v)),
      TWOFOUR_ON_V("Sinh", std::sinh(v)),
      TWOFOUR_ON_V("Softplus", softplus(v)),
      TWOFOUR_ON_V("Softsign", v / (1 + std::abs(v))),
      TWOFOUR_ON_V("Sqrt", std::sqrt(v)),
      TWOFOUR_ON_V("Swish", v * sigmoid(a.f("alpha", 1) * v)),
      TWOFOUR_ON_V("Tan", std::tan(v)),
      TWOFOUR_ON_V("Tanh", std::tanh(v)),
      TWOFOUR_ON_V("ThresholdedRelu", std::isnan(v) || v > Real(a.f("alpha", 1)) ? v : 0),
  };
  return table;
}
#undef TWOFOUR_ON_V

bool is_signed(DType dtype) {
  return dtype == DType::kI8 || dtype == DType::kI16 || dtype == DType::kI32 || dtype == DType::kI64;
}
int bits_of(DType dtype) { return static_cast<int>(dtype_size(dtype)) * 8; }

/// The lowest bits of `v`, read as `dtype`.
Real wrapped(unsigned __int128 v, DType dtype) {
  const int bits = bits_of(dtype);
  v &= (static_cast<unsigned __int128>(1) << bits) - 1;
  if (is_signed(dtype) && (v >> (bits - 1)))
    return static_cast<Real>(static_cast<Whole>(v) - (Whole{1} << bits));
  return static_cast<Real>(v);
}

Whole power(Whole base, Real exponent) {
  unsigned __int128 result = 1;
  if (exponent < 0) return base == 1 ? 1 : base == -1 ? (std::fmod(exponent, 2) == 0 ? 1 : -1) : 0;
  for (; exponent > 0; --exponent) result *= static_cast<unsigned __int128>(base);
  return static_cast<Whole>(result);
}

Whole floor_rest(Whole a, Whole b) {
  const Whole rest = a % b;
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

Real with_integers(const std::string& op, const Attrs& attrs, DType dtype, Real x, Real y) {
  const auto a = static_cast<Whole>(x), b = static_cast<Whole>(y);
  const auto wrap = [&](Whole v) { return wrapped(static_cast<unsigned __int128>(v), dtype); };
  if (op == "Add" || op == "Sum") return wrap(a + b);
  if (op == "Sub") return wrap(a - b);
  if (op == "PRelu" && a >= 0) return x;
  if (op == "Mul" || op == "PRelu")
    return wrapped(static_cast<unsigned __int128>(a) * static_cast<unsigned __int128>(b), dtype);
  if (op == "Div") return wrap(a / b);
  if (op == "Mod") return wrap(attrs.i("fmod", 0) ? a % b : floor_rest(a, b));
  if (op == "Pow") return wrap(power(a, y));
  if (op == "BitwiseAnd") return wrap(a & b);
  if (op == "BitwiseOr") return wrap(a | b);
  if (op == "BitwiseXor") return wrap(a ^ b);
  if (op == "Max") return std::max(x, y);
  if (op == "Min") return std::min(x, y);
  if (b >= bits_of(dtype)) return 0;  // BitShift
  return wrap(attrs.s("direction", "") == "LEFT" ? a << b : a >> b);
}

/// The greater or the smaller, NaN when one is.
Real extreme(bool most, Real a, Real b) {
  if (std::isnan(a) || std::isnan(b)) return std::nanl("");
  return most == (a > b) ? a : b;
}

Real with_floats(const std::string& op, Real a, Real b) {
  if (op == "Add" || op == "Sum" || op == "Mean") return a + b;
  if (op == "Sub") return a - b;
  if (op == "Mul") return a * b;
  if (op == "Div") return a / b;
  if (op == "Mod") return std::fmod(a, b);
  if (op == "Pow") return std::pow(a, b);
  if (op == "PRelu") return a < 0 ? a * b : a;
  if (op == "ReluGrad") return b > 0 ? a : 0;
  return extreme(op == "Max", a, b);
}

std::optional<bool> compared(const std::string& op, Real a, Real b) {
  if (op == "Equal") return a == b;
  if (op == "Greater") return a > b;
  if (op == "GreaterOrEqual") return a >= b;
  if (op == "Less") return a < b;
  if (op == "LessOrEqual") return a <= b;
  if (op == "And") return a != 0 && b != 0;
  if (op == "Or") return a != 0 || b != 0;
  if (op == "Xor") return (a != 0) != (b != 0);
  return std::nullopt;
}

bool keeps_sign_of_zero(const std::string& op) {
  constexpr std::array<std::string_view, 9> kOps = {"Abs", "Ceil", "Div",  "Floor", "Identity",
                                                    "Mul", "Neg",  "Sqrt", "Round"};
  return std::ranges::find(kOps, op) != kOps.end();
}

Answer answer_unary(const Question& q) {
  Expected result(q.in[0].at.size());
  result.signed_zero = keeps_sign_of_zero(q.op);
  for (size_t i = 0; i < result.at.size(); ++i) {
    const Real v = q.in[0].at[i];
    Real& y = result.at[i];
    y = unary(q.op, q.attrs, v);
    if (!is_float(q.in[0].dtype))
      y = wrapped(static_cast<unsigned __int128>(static_cast<Whole>(y)), q.in[0].dtype);
    const bool gated = q.op == "Gelu" || q.op == "Swish" || q.op == "Mish" || q.op == "HardSwish";
    result.scale[i] = std::abs(y) + (gated ? std::min<Real>(std::abs(v), 64) : 0);
  }
  return {result};
}

Answer answer_neg(const Question& q) {
  if (is_float(q.in[0].dtype)) return answer_unary(q);
  Expected result(q.in[0].at.size());
  for (size_t i = 0; i < result.at.size(); ++i)
    result.at[i] = wrapped(static_cast<unsigned __int128>(-static_cast<Whole>(q.in[0].at[i])), q.in[0].dtype);
  return {result};
}

Answer answer_bitwise_not(const Question& q) {
  Expected result(q.in[0].at.size());
  for (size_t i = 0; i < result.at.size(); ++i)
    result.at[i] = wrapped(static_cast<unsigned __int128>(~static_cast<Whole>(q.in[0].at[i])), q.in[0].dtype);
  return {result};
}

Answer answer_variadic(const Question& q) {
  const Shape& shape = q.out[0].shape;
  Expected result(static_cast<size_t>(shape.numel()));
  result.signed_zero = keeps_sign_of_zero(q.op);
  for (size_t i = 0; i < result.at.size(); ++i) {
    const auto operand = [&](size_t n) { return broadcast(q.in[n], shape, i); };
    Real& y = result.at[i];
    y = operand(0);
    result.scale[i] = std::abs(y);
    for (size_t n = 1; n < q.in.size(); ++n) {
      const auto truth = compared(q.op, y, operand(n));
      const bool whole = !is_float(q.in[0].dtype);
      y = truth   ? *truth
          : whole ? with_integers(q.op, q.attrs, q.in[0].dtype, y, operand(n))
                  : with_floats(q.op, y, operand(n));
      if (q.op == "Sum" || q.op == "Mean") result.scale[i] += std::abs(operand(n));
      else result.scale[i] = std::abs(y);
    }
    if (q.op == "Mean") y /= static_cast<Real>(q.in.size());
  }
  return {result};
}

Answer answer_clip(const Question& q) {
  Expected result(q.in[0].at.size());
  for (size_t i = 0; i < result.at.size(); ++i) {
    Real v = q.in[0].at[i];
    if (q.has(1) && v < q.in[1].at[0]) v = q.in[1].at[0];
    if (q.has(2) && v > q.in[2].at[0]) v = q.in[2].at[0];
    result.at[i] = v;
    result.scale[i] = std::abs(v);
  }
  return {result};
}

Answer answer_where(const Question& q) {
  const Shape& shape = q.out[0].shape;
  Expected result(static_cast<size_t>(shape.numel()));
  result.signed_zero = true;
  for (size_t i = 0; i < result.at.size(); ++i) {
    const auto operand = [&](size_t n) { return broadcast(q.in[n], shape, i); };
    result.at[i] = operand(operand(0) != 0 ? 1 : 2);
    result.scale[i] = std::abs(result.at[i]);
  }
  return {result};
}

Table make_table() {
  Table table;
  for (const auto& [op, fn] : unary_table()) table.emplace(op, answer_unary);
  table["Neg"] = answer_neg;
  table["BitwiseNot"] = answer_bitwise_not;
  table["Clip"] = answer_clip;
  table["Where"] = answer_where;
  for (const std::string_view op :
       {"Add",         "Sub", "Mul", "Div",  "Mod",        "Pow",       "PRelu",          "ReluGrad",
        "Max",         "Min", "Sum", "Mean", "Equal",      "Greater",   "GreaterOrEqual", "Less",
        "LessOrEqual", "And", "Or",  "Xor",  "BitwiseAnd", "BitwiseOr", "BitwiseXor",     "BitShift"})
    table.emplace(op, answer_variadic);
  return table;
}

}  // namespace

Real unary(std::string_view op, const Attrs& attrs, Real v) { return unary_table().at(op)(v, attrs); }

Real cast(Real v, DType from, DType to) {
  if (to == DType::kBool) return v != 0;
  if (is_float(to)) return v;
  if (!is_float(from)) return wrapped(static_cast<unsigned __int128>(static_cast<Whole>(v)), to);
  if (std::isnan(v)) return 0;
  const int bits = bits_of(to) - (is_signed(to) ? 1 : 0);
  const Real high = std::ldexp(Real{1}, bits) - 1, low = is_signed(to) ? -high - 1 : 0;
  return std::trunc(clamped(v, low, high));
}

Real activation(const Attrs& attrs, Real v) {
  const std::string name = attrs.s("activation", "none");
  const Real slope = attrs.f("activation_slope", 0), offset = attrs.f("activation_offset", 0);
  if (name == "none") return v;
  if (name == "relu") return v < 0 ? 0 : v;
  if (name == "clip") return clamped(v, attrs.f("clip_low", 0), attrs.f("clip_high", 0));
  if (name == "leaky_relu") return v < 0 ? slope * v : v;
  if (name == "sigmoid") return sigmoid(v);
  if (name == "tanh") return std::tanh(v);
  if (name == "swish") return v * sigmoid(slope * v);
  if (name == "hard_sigmoid") return clamped(slope * v + offset, 0, 1);
  if (name == "hard_swish") return v * clamped(v / 6 + Real(0.5), 0, 1);
  return gelu(v);
}

const Table& elementwise() {
  static const Table table = make_table();
  return table;
}

}  // namespace twofour::oracle
