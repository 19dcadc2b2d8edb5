#include "cpu/half_storage.h"

#include <algorithm>

#include "base/parallel.h"
#include "cpu/op_tactic.h"

namespace twofour::cpu {
namespace {

constexpr int64_t kCastGrain = 16384;

template <typename From, typename To>
void cast(const void* src, void* dst, int64_t n) {
  const auto* from = static_cast<const From*>(src);
  auto* to = static_cast<To*>(dst);
  parallel_ranges(n, kCastGrain, [&](int64_t begin, int64_t end) {
    const auto count = static_cast<size_t>(end - begin);
    convert(std::span(from + begin, count), std::span(to + begin, count));
  });
}

void widen(const TensorDesc& desc, const void* src, void* dst) {
  if (desc.dtype == DType::kF16) cast<f16, float>(src, dst, desc.shape.numel());
  else cast<bf16, float>(src, dst, desc.shape.numel());
}

void narrow(const TensorDesc& desc, const void* src, void* dst) {
  if (desc.dtype == DType::kF16) cast<float, f16>(src, dst, desc.shape.numel());
  else cast<float, bf16>(src, dst, desc.shape.numel());
}

bool has_half(const NodeDesc& node) {
  const auto half = [](const TensorDesc& desc) { return is_half(desc.dtype); };
  return std::ranges::any_of(node.inputs, [&](const auto& in) { return in.present && half(in.desc); }) ||
         std::ranges::any_of(node.outputs, half);
}

NodeDesc f32_twin(const NodeDesc& node) {
  NodeDesc twin = node;
  for (auto& input : twin.inputs) {
    if (!input.present || !is_half(input.desc.dtype)) continue;
    input.desc.dtype = DType::kF32;
    if (input.data.defined()) input.data = input.data.to(DType::kF32);
  }
  for (TensorDesc& output : twin.outputs)
    if (is_half(output.dtype)) output.dtype = DType::kF32;
  return twin;
}

/// The inner kernel with the scratch memory of its f32 copies.
class HalfStorageKernel final : public Kernel {
 public:
  HalfStorageKernel(const NodeDesc& node, const NodeDesc& twin, const backend::Tactic& inner,
                    std::unique_ptr<Kernel> kernel)
      : kernel_(std::move(kernel)) {
    layout_.add(kernel_->scratch_bytes());
    for (const auto& input : node.inputs) sources_.push_back(place(input.present, input.desc));
    source_pointers_ = layout_.add(node.inputs.size() * sizeof(void*));
    target_pointers_ = layout_.add(node.outputs.size() * sizeof(void*));
    std::vector<bool> taken(sources_.size(), false);
    for (size_t o = 0; o < node.outputs.size(); ++o) {
      const size_t donor =
          is_half(node.outputs[o].dtype) ? find_donor(twin, inner, o, taken) : sources_.size();
      if (donor == sources_.size()) {
        targets_.push_back(place(true, node.outputs[o]));
      } else {
        taken[donor] = true;
        targets_.push_back({sources_[donor].offset, node.outputs[o]});
      }
    }
  }

  size_t scratch_bytes() const override { return layout_.size(); }

  std::vector<std::span<const std::byte>> own_constants() const override { return kernel_->own_constants(); }

  void run(const KernelArgs& args) const override {
    const std::span src(reinterpret_cast<const std::byte**>(args.scratch + source_pointers_),
                        sources_.size());
    const std::span dst(reinterpret_cast<std::byte**>(args.scratch + target_pointers_), targets_.size());
    for (size_t i = 0; i < src.size(); ++i) {
      src[i] = args.src[i];
      if (!sources_[i].copied() || !src[i]) continue;
      widen(sources_[i].desc, args.src[i], args.scratch + sources_[i].offset);
      src[i] = args.scratch + sources_[i].offset;
    }
    for (size_t o = 0; o < dst.size(); ++o)
      dst[o] = targets_[o].copied() ? args.scratch + targets_[o].offset : args.dst[o];
    kernel_->run({src, dst, args.scratch});
    for (size_t o = 0; o < dst.size(); ++o)
      if (targets_[o].copied()) narrow(targets_[o].desc, dst[o], args.dst[o]);
  }

 private:
  static constexpr size_t kNoCopy = SIZE_MAX;
  struct Copy {
    size_t offset = kNoCopy;  // in scratch memory
    TensorDesc desc;          // of the half-precision tensor
    bool copied() const { return offset != kNoCopy; }
  };

  Copy place(bool present, const TensorDesc& desc) {
    if (!present || !is_half(desc.dtype)) return {};
    return {layout_.add(static_cast<size_t>(desc.shape.numel()) * sizeof(float)), desc};
  }

  // A widened input that the inner tactic may overwrite with output `o`.
  size_t find_donor(const NodeDesc& twin, const backend::Tactic& inner, size_t o,
                    const std::vector<bool>& taken) const {
    for (size_t i = 0; i < sources_.size(); ++i)
      if (sources_[i].copied() && !taken[i] && inner.in_place(twin, i, o)) return i;
    return sources_.size();
  }

  ScratchLayout layout_;
  std::unique_ptr<Kernel> kernel_;
  std::vector<Copy> sources_, targets_;
  size_t source_pointers_ = 0, target_pointers_ = 0;
};

}  // namespace

Support HalfStorageTactic::supports(const NodeDesc& node) const {
  if (!has_half(node)) return declined(Reason::kNotThisOp);
  if (node.op == "Cast") return declined(Reason::kNotThisOp);  // the types are its meaning
  Support inner = inner_.supports(node);
  if (inner.reason == Reason::kAmx) return inner;
  if (inner) return declined(Reason::kOnlyAsFallback);
  return inner_.supports(f32_twin(node));
}

bool HalfStorageTactic::in_place(const NodeDesc& node, size_t input, size_t output) const {
  if (!node.has_input(input)) return false;
  const DType from = node.inputs[input].desc.dtype;
  const DType to = node.outputs[output].dtype;
  // All inputs are read before the first output is written.
  if (is_half(from) || is_half(to))
    return from == to && same_layout(node.inputs[input].desc, node.outputs[output]);
  return inner_.in_place(f32_twin(node), input, output);
}

std::string HalfStorageTactic::packed_form(const NodeDesc& node) const {
  return inner_.packed_form(f32_twin(node));
}

std::vector<Tensor> HalfStorageTactic::make_packed(const NodeDesc& node) const {
  return inner_.pack(f32_twin(node));
}

std::unique_ptr<Kernel> HalfStorageTactic::make(const NodeDesc& node, std::span<const Tensor> packed) const {
  const NodeDesc twin = f32_twin(node);
  return std::make_unique<HalfStorageKernel>(node, twin, inner_, inner_.create(twin, packed));
}

}  // namespace twofour::cpu
