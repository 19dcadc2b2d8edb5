// The kind of every attribute. A name means the same kind in all operators, as in ONNX.
#pragma once

#include "ir/attrs.h"

namespace twofour::ops {

/// Throws Error{kInvalidArgument} naming the attribute when the value is of another kind than the name
/// demands.
void check_attr_kind(std::string_view name, const Attr& value);

}  // namespace twofour::ops
