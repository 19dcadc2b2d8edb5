// Changes to a node on its way into the graph that several adapters make.
#pragma once

#include "onnx/opset_adapters.h"

namespace twofour::onnx_io {

/// Inputs before `index` that do not exist yet become absent.
void set_input(Draft& draft, size_t index, Value* value);
/// A constant named after the node and the port.
Value* constant(Draft& draft, std::string_view port, Tensor data);
/// The values of an input that decides the form of the canonical node and so must be known now; throws
/// Error{kUnsupported} when they are not.
std::vector<int64_t> known_input(const Draft& draft, size_t index, std::string_view port);
/// A list attribute becomes the i64 input `index`.
void ints_to_input(Draft& draft, const char* attr, size_t index);
/// A float attribute becomes the scalar input `index`, of the data's type.
void float_to_input(Draft& draft, const char* attr, size_t index);
/// Of input 0.
size_t rank_of(const Draft& draft);
/// Attribute axis, within the rank of input 0.
size_t axis_of(const Draft& draft, int64_t otherwise);

}  // namespace twofour::onnx_io
