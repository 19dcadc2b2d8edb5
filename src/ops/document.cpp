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

std::string heading(std::string_view family) {
  return fmt::format(
      "\n## {}\n\n"
      "| Operator | Meaning | Origin | Mixed precision | Quantisation | 2:4 weight | Gradient |\n"
      "|---|---|---|---|---|---|---|\n",
      family);
}

}  // namespace

std::string ops_markdown() {
  std::string page =
      "# Operators\n\n"
      "Generated from src/ops/ops.inc; do not edit. ONNX operators mean what the newest opset says. Origin "
      "\"twofour\": our own,\n"
      "never exported. Each family is a folder of src/ops.\n";
  std::string_view family;
  for (size_t i = 0; i < all_ops().size(); ++i) {
    if (all_families()[i] != family) page += heading(family = all_families()[i]);
    page += row(*all_ops()[i]);
  }
  return page;
}

}  // namespace twofour::ops
