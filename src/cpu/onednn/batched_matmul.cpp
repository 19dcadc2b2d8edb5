// MatMul and FusedMatMul with numpy broadcasting through oneDNN's matmul. When b is one matrix, all rows of a
// make one product, and its inner product may do it.
#include "cpu/onednn/matmul.h"
#include "cpu/tactics.h"

namespace twofour::cpu {
namespace {

using namespace onednn;  // NOLINT(google-build-using-namespace): this file is an adapter to it

constexpr size_t kBias = 2;

MatmulProblem matmul_of(const NodeDesc& node) {
  const TensorDesc& a = node.inputs[0].desc;
  const TensorDesc& b = node.inputs[1].desc;
  const MatmulSizes sizes = matmul_sizes(a.shape, b.shape);
  const auto desc = [](const memory::dims& dims, DType dtype) {
    return desc_of({dtype, Shape(dims), Format::kPlain});
  };
  MatmulProblem problem;
  problem.a = desc(sizes.a, a.dtype);
  problem.b = desc(sizes.b, b.dtype);
  problem.dst = desc(sizes.dst, node.outputs[0].dtype);
  problem.pack_b = node.is_constant(1);
  problem.alpha = node.attrs.f("alpha", 1);
  problem.activation = ops::activation_from(node.attrs);
  if (node.has_input(kBias)) {
    memory::dims dims(sizes.dst.size(), 1);
    dims.back() = sizes.dst.back();
    problem.bias = desc(dims, node.inputs[kBias].desc.dtype);
  }
  return problem;
}

MatmulProblem inner_product_of(const NodeDesc& node) { return matmul_of(node).as_inner_product(); }

using ProblemFn = MatmulProblem (*)(const NodeDesc& node);

class MatMulTactic : public OpTactic {
 public:
  bool packs() const override { return true; }

  std::string packed_form(const NodeDesc& node) const override {
    return order_text(problem_(node).make().weights_desc());
  }

  std::vector<Tensor> make_packed(const NodeDesc& node) const override {
    return pack_constants(node, [&](size_t input, const Tensor& data) {
      if (input != 1) return data;
      const MatmulProblem problem = problem_(node);
      return packed_bytes(problem.b, problem.make().weights_desc(), data.raw());
    });
  }

  std::unique_ptr<Kernel> make(const NodeDesc& node, std::span<const Tensor> packed) const override {
    ScratchLayout layout;
    MatmulKernel matmul(problem_(node), layout);
    const PackedInputs inputs(node, packed, {{1, matmul.b_bytes()}});
    matmul.guard(node, inputs);
    return make_kernel([inputs, matmul](const KernelArgs& args) { matmul.run(inputs, args); }, layout.size());
  }

 protected:
  MatMulTactic(std::string name, ProblemFn problem)
      : OpTactic(std::move(name), {"MatMul", "FusedMatMul"}), problem_(problem) {}

  Support accepts(const NodeDesc& node) const override {
    if (Support no = all_of({types_ok(node), none_empty(node), all_plain(node)}); !no) return no;
    if (node.has_input(kBias) && node.attrs.f("alpha", 1) != 1)
      return declined(Reason::kAttribute, "alpha with a bias");
    return library_accepts([&] { problem_(node).make(); });
  }

 private:
  ProblemFn problem_;
};

class OnednnMatMul final : public MatMulTactic {
 public:
  OnednnMatMul() : MatMulTactic("onednn.matmul", matmul_of) {}
};

class OnednnMatMulInnerProduct final : public MatMulTactic {
 public:
  OnednnMatMulInnerProduct() : MatMulTactic("onednn.matmul_inner_product", inner_product_of) {}

 protected:
  Support accepts(const NodeDesc& node) const override {
    const Support no = inner_product_ok(node);
    return no ? MatMulTactic::accepts(node) : no;
  }
};

}  // namespace

TWOFOUR_DEFINE_TACTIC(OnednnMatMul)
TWOFOUR_DEFINE_TACTIC(OnednnMatMulInnerProduct)

}  // namespace twofour::cpu
