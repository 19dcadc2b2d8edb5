// Operators outside ONNX's own set that other tools write: the domains com.microsoft (ONNX Runtime's
// optimiser and quantiser) and ai.onnx.ml (converters of classical models), and experimental operators that
// ONNX has dropped; of ONNX's own those between codes, whose one form here is DequantizeLinear, the operator
// on real values, QuantizeLinear. Each is expanded into canonical operators at import. Meaning, inputs and
// attributes: ONNX Runtime's docs/ContribOperators.md, ONNX's docs/Operators-ml.md and docs/Operators.md.
#pragma once

#include <span>
#include <string_view>

#include "onnx/opset_adapters.h"

namespace twofour::onnx_io {

struct Expansion {
  std::string_view domain;  // empty: ONNX's own
  std::string_view op;
  /// Names of inputs, in order, with blanks between: "A B bias?", where ? marks optional ones and a last one
  /// with * stands for any number.
  std::string_view inputs;
  /// Names of attributes that have a meaning here, with blanks between.
  std::string_view attrs;
  /// Sets draft.results; null entries, and those that are missing at the end, are outputs that twofour does
  /// not compute, or strings where draft.makes_strings.
  void (*apply)(Draft& draft);
};

/// By domain, then by name.
std::span<const Expansion> expansions();
/// Null when there is none.
const Expansion* find_expansion(std::string_view domain, std::string_view op);
/// Checks inputs and attributes against the row, then applies it. Throws Error{kInvalidArgument} for a
/// missing input, Error{kUnsupported} for an input or attribute that the row does not name.
void expand(const Expansion& expansion, Draft& draft);

}  // namespace twofour::onnx_io
