// linear_node.h with few items, and conv_node.h with few output pixels in channels-last order, straight from
// the compressed weight, whose values are as small as they can be without loss. Packed: weight, its scales
// when it is i8, bias when the node has one.
#include "base/parallel.h"
#include "cpu/onednn/conv_problem.h"
#include "cpu/sparse24/conv_node.h"
#include "cpu/sparse24/gemv.h"
#include "cpu/sparse24/gemv_format.h"
#include "cpu/sparse24/linear_node.h"
#include "cpu/sparse24/stored_values.h"
#include "cpu/tactics.h"

namespace twofour::cpu {
namespace {

constexpr size_t kA = 0, kBias = 2, kResidual = 3;

bool is_conv(const NodeDesc& node) { return node.op == "Conv" || node.op == "FusedConv"; }

/// The sizes of the product, and the image that its items are gathered from.
GemvProblem problem_of(const NodeDesc& node) {
  if (is_conv(node)) {
    const ConvShape shape = conv_shape_of(node);
    return {.items = shape.pixels(), .m = shape.k, .k = shape.gemm_k(), .image = shape};
  }
  const auto [items, m, k] = linear_sizes(node);
  return {.items = items, .m = m, .k = k};
}

auto compressed(const NodeDesc& node) { return is_conv(node) ? compress_conv(node) : compress_linear(node); }

/// The problem and, of the packed constants, the weight.
std::pair<GemvProblem, Tensor> unpack_compact(const NodeDesc& node, std::span<const Tensor> packed) {
  GemvProblem problem = problem_of(node);
  const size_t scales = !packed.empty() && packed[0].dtype() == DType::kI8 ? 1 : 0;
  const size_t bias = node.has_input(kBias) ? 1 : 0;
  TWOFOUR_CHECK(packed.size() == 1 + scales + bias, kDataCorrupt,
                "{} has {} packed constants, expected a weight, {} scales and {} bias", node.label(),
                packed.size(), scales, bias);
  for (const Tensor& tensor : packed.subspan(1))
    TWOFOUR_CHECK(tensor.dtype() == DType::kF32 && tensor.numel() == problem.m, kDataCorrupt,
                  "packed scales or bias of {} are {} values of {}, expected {} of f32", node.label(),
                  tensor.numel(), dtype_name(tensor.dtype()), problem.m);
  if (scales) problem.scales = packed[1];
  if (bias) problem.bias = packed.back();
  problem.activation = ops::activation_from(node.attrs);
  return {std::move(problem), packed[0]};
}

Support conv_ok(const NodeDesc& node) {
  if (Support no = conv_node_ok(node, ProductKind::kF32); !no) return no;
  const ConvShape shape = conv_shape_of(node);
  if (shape.groups != 1) return declined(Reason::kGrouped);
  if (shape.layout == ImageLayout::kNhwc) return supported();
  return declined(Reason::kFormat, node.inputs[0].desc.to_string());
}

class GemvKernel final : public Kernel {
 public:
  explicit GemvKernel(Sparse24Gemv gemv) : gemv_(std::move(gemv)), threads_(max_threads()) {}
  size_t scratch_bytes() const override { return gemv_.scratch_bytes(); }
  void run(const KernelArgs& args) const override {
    gemv_.run(args.in<float>(kA), args.in<float>(kResidual), args.out<float>(), args.scratch, threads_);
  }

 private:
  Sparse24Gemv gemv_;
  int threads_;
};

class Sparse24LinearCompact final : public OpTactic {
 public:
  Sparse24LinearCompact()
      : OpTactic("sparse24.gemv", {"Gemm", "FusedGemm", "MatMul", "FusedMatMul", "Conv", "FusedConv"}) {}

  bool is_sparse() const override { return true; }
  bool packs() const override { return true; }

  bool in_place(const NodeDesc& node, size_t input, size_t output) const override {
    return onednn::conv_in_place(node, input, output);
  }

  std::vector<Tensor> make_packed(const NodeDesc& node) const override {
    const auto matrix = std::get<backend::Sparse24Matrix>(compressed(node));
    const auto [dtype, scales] = stored_values(matrix);
    std::vector<Tensor> packed;
    if (dtype == DType::kI8) {
      packed = {pack_gemv(whole_numbers(matrix, scales), dtype), Tensor::of<float>({matrix.m}, scales)};
    } else {
      packed = {pack_gemv(matrix, dtype)};
    }
    if (node.has_input(kBias)) packed.push_back(node.inputs[kBias].data);
    return packed;
  }

  std::string packed_form(const NodeDesc&) const override { return ""; }

  std::unique_ptr<Kernel> make(const NodeDesc& node, std::span<const Tensor> packed) const override {
    auto [problem, weight] = unpack_compact(node, packed);
    return std::make_unique<GemvKernel>(Sparse24Gemv(std::move(problem), std::move(weight)));
  }

 protected:
  Support accepts(const NodeDesc& node) const override {
    if (Support no = all_of(
            {gemv_supports(), is_conv(node) ? conv_ok(node) : linear_node_ok(node, ProductKind::kF32)});
        !no)
      return no;
    if (const int64_t items = problem_of(node).items; items > kGemvMaxItems)
      return declined(Reason::kShape, fmt::format("N = {} is too large for compact weights, at most {}",
                                                  items, kGemvMaxItems));
    return is_conv(node) ? conv_pattern_ok(node) : linear_pattern_ok(node);
  }
};

}  // namespace

TWOFOUR_DEFINE_TACTIC(Sparse24LinearCompact)

}  // namespace twofour::cpu
