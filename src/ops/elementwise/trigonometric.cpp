// The circular and hyperbolic functions and their inverses.
#include <cmath>

#include "ops/elementwise/unary.h"

namespace twofour::ops {
namespace {

Value* src_of(const GradArgs& args) { return args.node.input(0); }

/// dy / (a + b * src^2), under a square root when `root`.
Gradient over_quadratic(const GradArgs& args, float a, float b_factor, bool root) {
  Builder& b = args.builder;
  Value* square = b.mul(b.mul(src_of(args), src_of(args)), b.scalar(b_factor));
  Value* divisor = b.add(square, b.scalar(a));
  return {b.div(args.grad_outputs[0], root ? b.op("Sqrt", {divisor}) : divisor)};
}

Gradient grad_sin(const GradArgs& args) { return chain(args, args.builder.op("Cos", {src_of(args)})); }
Gradient grad_cos(const GradArgs& args) {
  return chain(args, args.builder.neg(args.builder.op("Sin", {src_of(args)})));
}
Gradient grad_tan(const GradArgs& args) {
  Builder& b = args.builder;
  Value* dst = args.node.output();
  return chain(args, b.add(b.scalar(1), b.mul(dst, dst)));
}
Gradient grad_sinh(const GradArgs& args) { return chain(args, args.builder.op("Cosh", {src_of(args)})); }
Gradient grad_cosh(const GradArgs& args) { return chain(args, args.builder.op("Sinh", {src_of(args)})); }
Gradient grad_asin(const GradArgs& args) { return over_quadratic(args, 1, -1, true); }
Gradient grad_acos(const GradArgs& args) { return {args.builder.neg(grad_asin(args)[0])}; }
Gradient grad_atan(const GradArgs& args) { return over_quadratic(args, 1, 1, false); }
Gradient grad_asinh(const GradArgs& args) { return over_quadratic(args, 1, 1, true); }
Gradient grad_acosh(const GradArgs& args) { return over_quadratic(args, -1, 1, true); }
Gradient grad_atanh(const GradArgs& args) { return over_quadratic(args, 1, -1, false); }

constexpr Sample kInside = {.low = -0.8F, .high = 0.8F};

OpDef function(std::string_view name, std::string_view doc, ReferenceFn reference, GradFn grad,
               Sample sample = {}) {
  return unary(name, doc, reference, grad, Amp::kDeny, sample);
}

}  // namespace

extern const OpDef kSin;
const OpDef kSin = function("Sin", "dst = sin(src), in radians.", real_reference<std::sin>, grad_sin);
extern const OpDef kCos;
const OpDef kCos = function("Cos", "dst = cos(src), in radians.", real_reference<std::cos>, grad_cos);
extern const OpDef kTan;
const OpDef kTan =
    function("Tan", "dst = tan(src), in radians.", real_reference<std::tan>, grad_tan, kInside);
extern const OpDef kAsin;
const OpDef kAsin = function("Asin", "dst = the angle in [-pi/2, pi/2] whose sine is src.",
                             real_reference<std::asin>, grad_asin, kInside);
extern const OpDef kAcos;
const OpDef kAcos = function("Acos", "dst = the angle in [0, pi] whose cosine is src.",
                             real_reference<std::acos>, grad_acos, kInside);
extern const OpDef kAtan;
const OpDef kAtan = function("Atan", "dst = the angle in [-pi/2, pi/2] whose tangent is src.",
                             real_reference<std::atan>, grad_atan);
extern const OpDef kSinh;
const OpDef kSinh = function("Sinh", "dst = sinh(src).", real_reference<std::sinh>, grad_sinh);
extern const OpDef kCosh;
const OpDef kCosh = function("Cosh", "dst = cosh(src).", real_reference<std::cosh>, grad_cosh);
extern const OpDef kAsinh;
const OpDef kAsinh = function("Asinh", "dst = the inverse of sinh.", real_reference<std::asinh>, grad_asinh);
extern const OpDef kAcosh;
const OpDef kAcosh = function("Acosh", "dst = the inverse of cosh, for src >= 1.", real_reference<std::acosh>,
                              grad_acosh, {.low = 1.5F, .high = 3});
extern const OpDef kAtanh;
const OpDef kAtanh = function("Atanh", "dst = the inverse of tanh, for |src| <= 1.",
                              real_reference<std::atanh>, grad_atanh, kInside);

}  // namespace twofour::ops
