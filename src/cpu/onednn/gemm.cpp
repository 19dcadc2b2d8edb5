// Gemm and FusedGemm through oneDNN's matmul or inner product. A constant b is packed. c of one value per
// column is the primitive's bias; any other c (or beta) is broadcast into dst first and added to.
#include "cpu/onednn/matmul.h"
#include "cpu/tactics.h"
#include "ops/strided.h"

namespace twofour::cpu {
namespace {

using namespace onednn;  // NOLINT(google-build-using-namespace): this file is an adapter to it

constexpr size_t kA = 0, kB = 1, kC = 2;

/// A row-major matrix as the product reads it.
memory::desc matrix(const TensorDesc& desc, bool transposed) {
  const int64_t rows = desc.shape[0];
  const int64_t columns = desc.shape[1];
  if (transposed) return {{columns, rows}, type_of(desc.dtype), memory::dims{1, columns}};
  return {{rows, columns}, type_of(desc.dtype), memory::dims{columns, 1}};
}

/// c has one value per column and counts once.
bool is_bias(const NodeDesc& node) {
  if (!node.has_input(kC) || node.attrs.f("alpha", 1) != 1 || node.attrs.f("beta", 1) != 1) return false;
  const Shape& c = node.inputs[kC].desc.shape;
  const int64_t n = node.outputs[0].shape[1];
  return c.rank() > 0 && c.numel() == n && c[c.rank() - 1] == n;
}

MatmulProblem matmul_of(const NodeDesc& node) {
  MatmulProblem problem;
  problem.a = matrix(node.inputs[kA].desc, node.attrs.i("transA", 0) != 0);
  problem.b = matrix(node.inputs[kB].desc, node.attrs.i("transB", 0) != 0);
  problem.dst = matrix(node.outputs[0], false);
  problem.alpha = node.attrs.f("alpha", 1);
  problem.pack_b = node.is_constant(kB);
  problem.activation = ops::activation_from(node.attrs);
  if (is_bias(node)) {
    const memory::dims dims = {1, node.outputs[0].shape[1]};
    problem.bias = {dims, type_of(node.inputs[kC].desc.dtype), memory::format_tag::ab};
  } else {
    problem.add_to_dst = node.has_input(kC);
  }
  return problem;
}

class GemmKernel final : public Kernel {
 public:
  GemmKernel(const NodeDesc& node, const MatmulProblem& problem, std::span<const Tensor> packed)
      : beta_(node.attrs.f("beta", 1)),
        columns_(node.outputs[0].shape[1]),
        rows_(node.outputs[0].shape[0]),
        matmul_(problem, layout_),
        inputs_(node, packed, {{kB, matmul_.b_bytes()}}) {
    matmul_.guard(node, inputs_);
    if (node.has_input(kC) && !is_bias(node)) {
      const auto strides = ops::broadcast_strides(node.inputs[kC].desc.shape, node.outputs[0].shape);
      c_strides_ = {strides[0], strides[1]};
      adds_c_ = true;
    }
  }

  size_t scratch_bytes() const override { return layout_.size(); }

  void run(const KernelArgs& args) const override {
    if (adds_c_) place_c(reinterpret_cast<const float*>(inputs_.at(args, kC)), args.out<float>());
    matmul_.run(inputs_, args);
  }

 private:
  void place_c(const float* c, float* dst) const {
    for (int64_t m = 0; m < rows_; ++m)
      for (int64_t n = 0; n < columns_; ++n)
        dst[m * columns_ + n] = beta_ * c[m * c_strides_[0] + n * c_strides_[1]];
  }

  bool adds_c_ = false;
  float beta_;
  int64_t columns_, rows_;
  std::array<int64_t, 2> c_strides_{};
  ScratchLayout layout_;
  MatmulKernel matmul_;
  PackedInputs inputs_;
};

class GemmTactic : public ProductTactic {
 public:
  std::unique_ptr<Kernel> make(const NodeDesc& node, std::span<const Tensor> packed) const override {
    return std::make_unique<GemmKernel>(node, problem_of(node), packed);
  }

 protected:
  GemmTactic(std::string name, Way way)
      : ProductTactic(std::move(name), {"Gemm", "FusedGemm"}, matmul_of, way) {}

  Support accepts(const NodeDesc& node) const override {
    if (Support no = all_of({types_ok(node), none_empty(node)}); !no) return no;
    if (node.has_input(kC) && !is_bias(node) && node.outputs[0].dtype != DType::kF32)
      return declined(Reason::kDtype, "c of " + node.inputs[kC].desc.to_string());
    return way_ok(node);
  }
};

class OnednnGemm final : public GemmTactic {
 public:
  OnednnGemm() : GemmTactic("onednn.gemm", Way::kMatmul) {}
};

class OnednnGemmInnerProduct final : public GemmTactic {
 public:
  OnednnGemmInnerProduct() : GemmTactic("onednn.gemm_inner_product", Way::kInnerProduct) {}
};

}  // namespace

TWOFOUR_DEFINE_TACTIC(OnednnGemm)
TWOFOUR_DEFINE_TACTIC(OnednnGemmInnerProduct)

}  // namespace twofour::cpu
