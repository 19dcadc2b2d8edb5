#include "engine/open_step.h"

#include <algorithm>
#include <bit>
#include <chrono>
#include <limits>

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

/// A later tactic must be so much faster than an earlier one.
constexpr double kClearly = 0.95;

/// The same for all sizes up to a power of two from the one before; 0 for 0 alone.
int rounded(int64_t size) { return size == 0 ? 0 : 1 + std::bit_width(static_cast<uint64_t>(size) - 1); }

/// The sizes of all tensors, rounded up to powers of two.
std::string rounded_sizes(const backend::NodeDesc& node) {
  std::string text;
  const auto add = [&](const backend::TensorDesc& desc) {
    for (const int64_t size : desc.shape) text.push_back(static_cast<char>(rounded(size)));
    text.push_back(static_cast<char>(-1));
  };
  for (const auto& input : node.inputs) add(input.desc);
  for (const backend::TensorDesc& output : node.outputs) add(output);
  return text;
}

/// Runs kernels of a node on inputs that are there, with outputs of its own.
class Trial {
 public:
  Trial(const backend::NodeDesc& node, std::span<const Tensor> inputs) {
    for (const Tensor& input : inputs) src_.push_back(input.defined() ? input.raw() : nullptr);
    for (const backend::TensorDesc& output : node.outputs)
      dst_.push_back(buffers_.emplace_back(allocate_aligned(output.size_bytes())).get());
  }

  /// The best of a few runs; after the first alone when that is far from `so_far`.
  double best_us(const backend::Kernel& kernel, double so_far) const {
    constexpr int kRuns = 4;
    constexpr double kFar = 4;
    constexpr double kShort_us = 1e3;  // a first run may take as long
    const auto scratch = allocate_aligned(kernel.scratch_bytes());
    double best = std::numeric_limits<double>::infinity();
    for (int run = 0; run < kRuns && (run == 0 || best < std::max(kShort_us, kFar * so_far)); ++run) {
      const auto start = std::chrono::steady_clock::now();
      kernel.run({src_, dst_, scratch.get()});
      const std::chrono::duration<double, std::micro> us = std::chrono::steady_clock::now() - start;
      best = std::min(best, us.count());
    }
    return best;
  }

 private:
  std::vector<std::shared_ptr<std::byte>> buffers_;
  std::vector<const std::byte*> src_;
  std::vector<std::byte*> dst_;
};

std::vector<Tensor> constants_of(const backend::NodeDesc& node) {
  std::vector<Tensor> constants;
  for (const auto& input : node.inputs)
    if (input.constant) constants.push_back(input.data);
  return constants;
}

class NothingToDo final : public backend::Kernel {
 public:
  void run(const backend::KernelArgs&) const override {}
};

}  // namespace

OpenStep::OpenStep(const Plan& plan, const PlanStep& step, std::span<const Tensor> sections,
                   const backend::Backend& backend)
    : node_(describe(plan, step, sections)), backend_(backend), packed_(constants_of(node_)) {}

std::shared_ptr<const OpenStep::Variant> OpenStep::variant(std::span<const Tensor> inputs) const {
  const std::lock_guard lock(mutex_);
  for (const Level level : {Level::kSizes, Level::kSmallData})
    if (auto found = find_or_make(inputs, level)) return found;
  // Data of any size would make a key that never comes again.
  auto result = make(inputs, Level::kAllData);
  TWOFOUR_CHECK(result, kUnsupported, "the sizes of what {} gives do not follow from its inputs",
                node_.label());
  return result;
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
  result->kernel = choose(node, inputs);
  return result;
}

std::vector<const backend::Tactic*> OpenStep::candidates(const backend::NodeDesc& node) const {
  const auto tactics = backend_.tactics();
  // The reference, last: libraries need not take tensors of no elements.
  if (has_empty(node)) return {tactics.back()};
  std::vector<const backend::Tactic*> found;
  for (const backend::Tactic* tactic : tactics)
    if ((tactic != tactics.back() || found.empty()) && tactic->supports(node)) found.push_back(tactic);
  TWOFOUR_CHECK(!found.empty(), kUnsupported, "no tactic of backend {} runs {}", backend_.name(),
                node.label());
  return found;
}

std::unique_ptr<backend::Kernel> OpenStep::make_kernel(const backend::Tactic& tactic,
                                                       const backend::NodeDesc& node) const {
  return tactic.create(node, packed_.pack(tactic, node));
}

std::unique_ptr<backend::Kernel> OpenStep::choose(const backend::NodeDesc& node,
                                                  std::span<const Tensor> inputs) const {
  const std::string sizes = rounded_sizes(node);
  if (const auto it = fastest_.find(sizes); it != fastest_.end() && it->second->supports(node))
    return make_kernel(*it->second, node);
  const std::vector<const backend::Tactic*> tactics = candidates(node);
  if (tactics.size() == 1) return make_kernel(*tactics[0], node);
  const Trial trial(node, inputs);
  std::unique_ptr<backend::Kernel> best;
  double best_us = std::numeric_limits<double>::infinity();
  for (const backend::Tactic* tactic : tactics) {
    auto kernel = make_kernel(*tactic, node);
    const double us = trial.best_us(*kernel, best_us);
    if (us >= best_us * kClearly) continue;
    best_us = us;
    best = std::move(kernel);
    fastest_[sizes] = tactic;
  }
  return best;
}

}  // namespace twofour::engine
