#include "engine/open_step.h"

#include <algorithm>

#include "ops/infer_alone.h"

namespace twofour::engine {
namespace {

constexpr size_t kMostVariants = 64;

// What sizes are computed from: shapes, axes, counts; scales and regions of a Resize.
bool is_small(const Tensor& tensor) {
  constexpr size_t kMostBytes = 256;
  constexpr int64_t kMostFloats = 16;
  if (is_float(tensor.dtype())) return tensor.shape().rank() <= 1 && tensor.numel() <= kMostFloats;
  return tensor.size_bytes() <= kMostBytes;
}

bool is_empty(const backend::TensorDesc& desc) { return desc.shape.numel() == 0; }

bool has_empty(const backend::NodeDesc& node) {
  return std::ranges::any_of(node.outputs, is_empty) ||
         std::ranges::any_of(node.inputs, [](const auto& in) { return in.present && is_empty(in.desc); });
}

class NothingToDo final : public backend::Kernel {
 public:
  void run(const backend::KernelArgs&) const override {}
};

}  // namespace

OpenStep::OpenStep(const Plan& plan, const PlanStep& step, std::span<const Tensor> sections,
                   const backend::Backend& backend)
    : node_(describe(plan, step, sections)), backend_(backend) {}

std::shared_ptr<const OpenStep::Variant> OpenStep::variant(std::span<const Tensor> inputs) const {
  const std::lock_guard lock(mutex_);
  for (const Level level : {Level::kSizes, Level::kSmallData})
    if (auto found = find_or_make(inputs, level)) return found;
  // Data of any size would make a key that never comes again.
  return make(inputs, Level::kAllData);
}

std::shared_ptr<const OpenStep::Variant> OpenStep::find_or_make(std::span<const Tensor> inputs,
                                                                Level level) const {
  const std::string name = key(inputs, level);
  if (const auto it = variants_.find(name); it != variants_.end()) return it->second;
  if (variants_.size() >= kMostVariants) variants_.clear();
  return variants_[name] = make(inputs, level);
}

bool OpenStep::is_known(size_t input, const Tensor& tensor, Level level) const {
  if (node_.inputs[input].constant || level == Level::kAllData) return true;
  return level == Level::kSmallData && is_small(tensor);
}

std::string OpenStep::key(std::span<const Tensor> inputs, Level level) const {
  std::string text(1, static_cast<char>(level));
  const auto add = [&](const void* data, size_t bytes) {
    text.append(reinterpret_cast<const char*>(&bytes), sizeof bytes);
    text.append(static_cast<const char*>(data), bytes);
  };
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (!inputs[i].defined() || node_.inputs[i].constant) continue;
    const std::vector<int64_t>& dims = inputs[i].shape().dims();
    add(dims.data(), dims.size() * sizeof(int64_t));
    if (is_known(i, inputs[i], level)) add(inputs[i].raw(), inputs[i].size_bytes());
    else add(nullptr, 0);
  }
  return text;
}

std::shared_ptr<const OpenStep::Variant> OpenStep::make(std::span<const Tensor> inputs, Level level) const {
  backend::NodeDesc node = node_;
  std::vector<std::optional<ops::KnownInput>> known(inputs.size());
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Tensor& tensor = inputs[i];
    if (!tensor.defined()) continue;
    backend::NodeDesc::Input& input = node.inputs[i];
    input.desc.shape = tensor.shape();
    known[i] = {{}, type_of(tensor)};
    if (!is_known(i, tensor, level)) continue;
    known[i]->data = tensor;
    if (input.constant || !is_small(tensor)) continue;
    input.constant = true;
    input.data = tensor.clone();
  }
  auto result = std::make_shared<Variant>();
  result->outputs = ops::infer_alone(node.op, node.name, node.attrs, node.outputs.size(), known);
  for (size_t i = 0; i < node.outputs.size(); ++i) {
    const ValueType& type = result->outputs[i];
    if (!type.is_static()) return nullptr;
    TWOFOUR_CHECK(type.dtype == node.outputs[i].dtype, kDataCorrupt,
                  "output {} of {} is {}, the plan says {}", i, node.label(), type.to_string(),
                  dtype_name(node.outputs[i].dtype));
    node.outputs[i].shape = type.shape();
  }
  if (std::ranges::all_of(node.outputs, is_empty)) {
    result->kernel = std::make_unique<NothingToDo>();
    return result;
  }
  const backend::Tactic& tactic = choose(node);
  const std::vector<Tensor> packed = tactic.pack(node);
  result->kernel = tactic.create(std::move(node), packed);
  return result;
}

const backend::Tactic& OpenStep::choose(const backend::NodeDesc& node) const {
  const auto tactics = backend_.tactics();
  if (has_empty(node))
    return *tactics.back();  // the reference: libraries need not take tensors of no elements
  for (const backend::Tactic* tactic : tactics)
    if (tactic->supports(node)) return *tactic;
  fail(ErrorCode::kUnsupported, "no tactic of backend {} runs {}", backend_.name(), node.label());
}

}  // namespace twofour::engine
