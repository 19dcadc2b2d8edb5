#include "backend/tactic.h"

#include "base/error.h"
#include "base/json.h"

namespace twofour::backend {

std::string_view format_name(Format format) { return format == Format::kPlain ? "nchw" : "nhwc"; }

std::string TensorDesc::to_string() const {
  std::string text = fmt::format("{}[{}]", dtype_name(dtype), fmt::join(shape.dims(), ","));
  if (format != Format::kPlain) text += fmt::format(" {}", format_name(format));
  return text;
}

std::string NodeDesc::label() const { return fmt::format("node \"{}\" ({})", name, op); }

std::string NodeDesc::signature() const {
  std::string text = op + attrs_to_json(attrs).dump();
  for (const Input& input : inputs)
    text += input.present ? fmt::format(" {}{}", input.desc.to_string(), input.constant ? "c" : "") : " _";
  text += " ->";
  for (const TensorDesc& output : outputs) text += " " + output.to_string();
  return text;
}

Tactic::Tactic(const Tactic& base, std::string_view parameters)
    : name_(fmt::format("{}:{}", base.name(), parameters)), base_(&base) {}

std::unique_ptr<Kernel> Tactic::create(NodeDesc node, std::span<const Tensor> packed) const {
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    NodeDesc::Input& input = node.inputs[i];
    if (packs()) input.data = Tensor();
    TWOFOUR_CHECK(packs() || !node.is_constant(i) || input.data.defined(), kDataCorrupt,
                  "constant input {} of {} has no data, which {} needs", i, node.label(), name_);
  }
  const Support support = supports(node);
  TWOFOUR_CHECK(support, kFailedPrecondition, "{} does not run {}: {}", name_, node.label(),
                support.to_string());
  return make(node, packed);
}

const Tactic* Backend::find_tactic(std::string_view tactic_name) const {
  for (const Tactic* tactic : tactics()) {
    if (tactic->name() == tactic_name) return tactic;
    if (const Tactic* variant = tactic->find_variant(tactic_name)) return variant;
  }
  return nullptr;
}

}  // namespace twofour::backend
