// What a user gets: the backend's tactics on the node that an engine would have.
#include <fmt/format.h>

#include "api/device.h"
#include "sparse/candidate.h"
#include "sparse/tactic_nodes.h"

namespace twofour::bench {
namespace {

using backend::Format;
using backend::NodeDesc;
using backend::Tactic;

/// [N,C,H,W] values in the memory order of `format`.
Tensor in_format(const Tensor& src, Format format) {
  if (format == Format::kPlain) return src;
  const Shape& shape = src.shape();
  const int64_t pixels = shape[2] * shape[3];
  Tensor result(src.dtype(), shape);
  dispatch_size(dtype_size(src.dtype()), [&]<typename T>(T) {
    const T* from = reinterpret_cast<const T*>(src.raw());
    T* to = reinterpret_cast<T*>(result.raw());
    for (int64_t n = 0; n < shape[0]; ++n)
      for (int64_t c = 0; c < shape[1]; ++c)
        for (int64_t i = 0; i < pixels; ++i)
          to[(n * pixels + i) * shape[1] + c] = from[(n * shape[1] + c) * pixels + i];
  });
  return result;
}

/// A kernel for each copy of the weight.
std::vector<std::shared_ptr<backend::Kernel>> kernels_of(const Tactic& tactic, const NodeDesc& node,
                                                         int64_t copies) {
  const std::vector<Tensor> packed = tactic.pack(node);
  std::vector<std::shared_ptr<backend::Kernel>> kernels;
  for (int64_t copy = 0; copy < copies; ++copy) {
    std::vector<Tensor> own;
    own.reserve(packed.size());
    for (const Tensor& tensor : packed) own.push_back(tensor.clone());
    kernels.push_back(tactic.create(node, own));
  }
  return kernels;
}

Candidate candidate(std::string name, const Tactic& tactic, const NodeDesc& node, const Tensor& src,
                    int64_t copies) {
  const auto kernels = kernels_of(tactic, node, copies);
  const Tensor dst(node.outputs[0].dtype, node.outputs[0].shape);
  const auto scratch = allocate_aligned(kernels[0]->scratch_bytes());
  std::vector<const std::byte*> inputs(node.inputs.size());
  inputs[0] = src.raw();
  auto run = [=](int64_t copy) {
    std::byte* output = dst.raw();
    kernels[static_cast<size_t>(copy)]->run({inputs, std::span(&output, 1), scratch.get()});
  };
  return in_process(
      std::move(name), tactic.is_sparse() ? Role::kSparse : Role::kOwnDense, copies,
      [run, src](int64_t copy) { run(copy); }, [dst] { return dst; });
}

/// In f32 the libraries' candidates are what dense tactics run, in more orders of memory.
bool takes_part(const Problem& problem, const Tactic& tactic) {
  return tactic.is_sparse() || (problem.precision != Precision::kF32 && tactic.name().starts_with("onednn."));
}

}  // namespace

std::vector<Candidate> tactic_candidates(const Problem& p, const ProblemData& data,
                                         std::vector<std::string>* refusals) {
  std::vector<Candidate> list;
  const std::vector<Format> formats =
      p.is_conv() ? std::vector{Format::kPlain, Format::kChannelsLast} : std::vector{Format::kPlain};
  for (const Format format : formats) {
    const NodeDesc node = node_of(p, data, format);
    const Tensor src = in_format(data.src, format);
    for (const Tactic* tactic : api::device().tactics()) {
      if (!takes_part(p, *tactic)) continue;
      const std::string name =
          p.is_conv() ? fmt::format("{} {}", tactic->name(), backend::format_name(format)) : tactic->name();
      const backend::Support support = tactic->supports(node);
      if (support) list.push_back(candidate(name, *tactic, node, src, data.copies));
      else if (tactic->is_sparse() && support.reason != backend::Reason::kNotThisOp &&
               !tactic->name().starts_with("half_storage:"))
        refusals->push_back(fmt::format("{}: {}", name, support.to_string()));
    }
  }
  return list;
}

}  // namespace twofour::bench
