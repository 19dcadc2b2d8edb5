#include "backend/reference_tactic.h"

#include "ops/op_def.h"

namespace twofour::backend {
namespace {

// Kernel pointers are borrowed for the length of one run.
Tensor view(const TensorDesc& desc, const std::byte* data) {
  return {desc.dtype, desc.shape,
          std::shared_ptr<std::byte>(std::shared_ptr<void>(), const_cast<std::byte*>(data))};
}

class ReferenceKernel final : public Kernel {
 public:
  explicit ReferenceKernel(const NodeDesc& node) : node_(node), op_(ops::get_op(node.op)) {}

  void run(const KernelArgs& args) const override {
    std::vector<Tensor> inputs(node_.inputs.size());
    for (size_t i = 0; i < inputs.size(); ++i)
      if (node_.has_input(i)) inputs[i] = view(node_.inputs[i].desc, args.src[i]);
    std::vector<Tensor> outputs;
    for (size_t i = 0; i < node_.outputs.size(); ++i) outputs.push_back(view(node_.outputs[i], args.dst[i]));
    ops::run_reference(op_, {node_.attrs, inputs, outputs});
  }

 private:
  NodeDesc node_;
  const ops::OpDef& op_;
};

}  // namespace

Support ReferenceTactic::supports(const NodeDesc& node) const {
  if (!ops::find_op(node.op)) return declined(Reason::kNotThisOp);
  const auto plain = [](const TensorDesc& desc) { return desc.format == Format::kPlain; };
  for (const auto& input : node.inputs)
    if (input.present && !plain(input.desc)) return declined(Reason::kFormat, input.desc.to_string());
  for (const TensorDesc& output : node.outputs)
    if (!plain(output)) return declined(Reason::kFormat, output.to_string());
  return supported();
}

std::unique_ptr<Kernel> ReferenceTactic::make(const NodeDesc& node, std::span<const Tensor>) const {
  return std::make_unique<ReferenceKernel>(node);
}

Support ReferenceBackend::native_half(DType) const { return declined(Reason::kNoHalfArithmetic); }

}  // namespace twofour::backend
