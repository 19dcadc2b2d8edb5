// What a name of an ONNX graph stands for: a tensor, a sequence of tensors whose length is known, or nothing
// (an input that is left out, an optional without a value), or an output that twofour does not compute, or
// strings (onnx/strings.h). An optional with a value is that value.
#pragma once

#include <string_view>
#include <vector>

#include "ir/graph.h"

namespace twofour::onnx_io {

struct SmallType;

struct Entity {
  enum class Kind : uint8_t { kNothing, kTensor, kSequence, kNotComputed, kStrings };
  Kind kind = Kind::kNothing;
  std::vector<Value*> values;        // the tensor; the elements of the sequence
  const SmallType* small = nullptr;  // a tensor's element type in the file where it is none of ours

  static Entity nothing() { return {}; }
  static Entity not_computed() { return {Kind::kNotComputed, {}}; }
  static Entity strings() { return {Kind::kStrings, {}}; }
  static Entity tensor(Value* value, const SmallType* small = nullptr) {
    return {Kind::kTensor, {value}, small};
  }
  static Entity sequence(std::vector<Value*> elements) { return {Kind::kSequence, std::move(elements)}; }

  bool is_sequence() const { return kind == Kind::kSequence; }
  /// Null for nothing. Throws Error{kUnsupported} for a sequence, strings and what is not computed, which
  /// `what` names.
  Value* as_tensor(std::string_view what) const {
    TWOFOUR_CHECK(kind != Kind::kNotComputed, kUnsupported, "{} is an output that twofour does not compute",
                  what);
    TWOFOUR_CHECK(kind != Kind::kStrings, kUnsupported, "{} holds strings, which are not supported", what);
    TWOFOUR_CHECK(!is_sequence(), kUnsupported, "{} is a sequence; a tensor is expected", what);
    return kind == Kind::kTensor ? values[0] : nullptr;
  }
};

using Entities = std::vector<Entity>;

}  // namespace twofour::onnx_io
