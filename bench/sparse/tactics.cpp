// What a user gets: the backend's sparse tactics on the node that an engine would have.
#include <fmt/format.h>

#include "api/device.h"
#include "sparse/candidate.h"

namespace twofour::bench {
namespace {

using backend::Format;
using backend::NodeDesc;
using backend::Tactic;

NodeDesc::Input variable(const Shape& shape, Format format) {
  return {.present = true, .desc = {.shape = shape, .format = format}};
}

NodeDesc::Input constant(const Tensor& data) {
  return {.present = true, .constant = true, .desc = {.shape = data.shape()}, .data = data};
}

NodeDesc gemm_node(const Problem& p, const ProblemData& data) {
  return {.name = p.name,
          .op = "Gemm",
          .attrs = {{"transB", int64_t{1}}},
          .inputs = {variable(data.src.shape(), Format::kPlain), constant(data.weight)},
          .outputs = {{.shape = {p.n, p.m}}}};
}

NodeDesc conv_node(const Problem& p, const ProblemData& data, Format format) {
  const ConvLayer& v = p.conv;
  using Ints = std::vector<int64_t>;
  return {.name = p.name,
          .op = "FusedConv",
          .attrs = {{"strides", Ints{v.stride, v.stride}},
                    {"pads", Ints{v.pad, v.pad, v.pad, v.pad}},
                    {"group", v.groups},
                    {"activation", std::string("relu")}},
          .inputs = {variable(data.src.shape(), format), constant(data.weight), constant(data.bias)},
          .outputs = {{.shape = {p.batch, v.k, v.out_h(), v.out_w()}, .format = format}}};
}

/// [N,C,H,W] values in the memory order of `format`.
Tensor in_format(const Tensor& src, Format format) {
  if (format == Format::kPlain) return src;
  const Shape& shape = src.shape();
  const int64_t pixels = shape[2] * shape[3];
  Tensor result(DType::kF32, shape);
  for (int64_t n = 0; n < shape[0]; ++n)
    for (int64_t c = 0; c < shape[1]; ++c)
      for (int64_t i = 0; i < pixels; ++i)
        result.span<float>()[static_cast<size_t>((n * pixels + i) * shape[1] + c)] =
            src.span<float>()[static_cast<size_t>((n * shape[1] + c) * pixels + i)];
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
  const Tensor dst(DType::kF32, node.outputs[0].shape);
  const auto scratch = allocate_aligned(kernels[0]->scratch_bytes());
  std::vector<const std::byte*> inputs(node.inputs.size());
  inputs[0] = src.raw();
  auto run = [=](int64_t copy) {
    std::byte* output = dst.raw();
    kernels[static_cast<size_t>(copy)]->run({inputs, std::span(&output, 1), scratch.get()});
  };
  return in_process(
      std::move(name), Role::kSparse, copies, [run, src](int64_t copy) { run(copy); },
      [dst] { return dst.span<float>(); });
}

}  // namespace

std::vector<Candidate> tactic_candidates(const Problem& p, const ProblemData& data,
                                         std::vector<std::string>* refusals) {
  std::vector<Candidate> list;
  const std::vector<Format> formats =
      p.is_conv() ? std::vector{Format::kPlain, Format::kChannelsLast} : std::vector{Format::kPlain};
  for (const Format format : formats) {
    const NodeDesc node = p.is_conv() ? conv_node(p, data, format) : gemm_node(p, data);
    const Tensor src = in_format(data.src, format);
    for (const Tactic* tactic : api::device().tactics()) {
      if (!tactic->is_sparse()) continue;
      const std::string name =
          p.is_conv() ? fmt::format("{} {}", tactic->name(), backend::format_name(format)) : tactic->name();
      const backend::Support support = tactic->supports(node);
      if (support) list.push_back(candidate(name, *tactic, node, src, data.copies));
      else if (support.reason != backend::Reason::kNotThisOp && !tactic->name().starts_with("half_storage:"))
        refusals->push_back(fmt::format("{}: {}", name, support.to_string()));
    }
  }
  return list;
}

}  // namespace twofour::bench
