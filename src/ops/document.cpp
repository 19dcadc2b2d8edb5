#include "ops/document.h"

#include "ops/op_def.h"

namespace twofour::ops {
namespace {

/// `|` would end the cell.
std::string cell(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '|') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::string quant_text(const Quant& quant) {
  switch (quant.kind) {
    case Quant::Kind::kWeighted: return "int8 with weights";
    case Quant::Kind::kCommutes: return "moves int8 unchanged";
    case Quant::Kind::kFloat: break;
  }
  return fmt::format("float: {}", cell(quant.reason));
}

std::string gradient_text(const Grad& grad) {
  if (!grad.emit) return fmt::format("no: {}", cell(grad.reason));
  return grad.reason.empty() ? "yes" : fmt::format("yes; {}", cell(grad.reason));
}

std::string row(const OpDef& op) {
  return fmt::format("| {} | {} | {} | {} | {} | {} | {} |\n", op.name, cell(op.doc),
                     op.standard ? "ONNX" : "twofour", amp_name(op.amp), quant_text(op.quant),
                     op.sparsity.weight_input >= 0 ? "yes" : "no", gradient_text(op.grad));
}

}  // namespace

std::string ops_markdown() {
  std::string page =
      "# Operators\n\n"
      "Generated from src/ops/ops.inc; do not edit. ONNX operators mean what the newest opset says. Origin "
      "\"twofour\": our own,\n"
      "never exported.\n\n"
      "| Operator | Meaning | Origin | Mixed precision | Quantisation | 2:4 weight | Gradient |\n"
      "|---|---|---|---|---|---|---|\n";
  for (const OpDef* op : all_ops()) page += row(*op);
  return page;
}

}  // namespace twofour::ops
