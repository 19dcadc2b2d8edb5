// Step functions: Ceil, Floor, Round and Sign.
#include <cmath>

#include "ops/elementwise/unary.h"

namespace twofour::ops {
namespace {

void reference_sign(const ReferenceArgs& args) {
  map_number(args, []<typename T>(T v) { return static_cast<T>(v != v ? v : T(v > T{}) - T(v < T{})); });
}

OpDef steps(std::string_view name, std::string_view doc, ReferenceFn reference) {
  return unary(name, doc, reference, grad_of_steps, Amp::kClear, kDistinct);
}

}  // namespace

extern const OpDef kCeil;
const OpDef kCeil =
    steps("Ceil", "dst = the smallest integer that is not less than src.", real_reference<std::ceil>);
extern const OpDef kFloor;
const OpDef kFloor =
    steps("Floor", "dst = the greatest integer that is not greater than src.", real_reference<std::floor>);
extern const OpDef kRound;
const OpDef kRound = steps("Round", "dst = the integer nearest to src; halves go to the even one.",
                           real_reference<round_half_even>);
extern const OpDef kSign;
const OpDef kSign = with_integers(steps("Sign", "dst = -1, 0 or 1 with the sign of src.", reference_sign));

}  // namespace twofour::ops
