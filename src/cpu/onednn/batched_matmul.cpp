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

class MatMulTactic : public ProductTactic {
 public:
  std::unique_ptr<Kernel> make(const NodeDesc& node, std::span<const Tensor> packed) const override {
    ScratchLayout layout;
    MatmulKernel matmul(problem_of(node), layout);
    const PackedInputs inputs(node, packed, {{1, matmul.b_bytes()}});
    matmul.guard(node, inputs);
    return make_kernel([inputs, matmul](const KernelArgs& args) { matmul.run(inputs, args); }, layout.size());
  }

 protected:
  MatMulTactic(std::string name, Way way)
      : ProductTactic(std::move(name), {"MatMul", "FusedMatMul"}, matmul_of, way) {}

  Support accepts(const NodeDesc& node) const override {
    if (Support no = all_of({types_ok(node), none_empty(node), all_plain(node)}); !no) return no;
    if (node.has_input(kBias) && node.attrs.f("alpha", 1) != 1)
      return declined(Reason::kAttribute, "alpha with a bias");
    return way_ok(node);
  }
};

class OnednnMatMul final : public MatMulTactic {
 public:
  OnednnMatMul() : MatMulTactic("onednn.matmul", Way::kMatmul) {}
};

class OnednnMatMulInnerProduct final : public MatMulTactic {
 public:
  OnednnMatMulInnerProduct() : MatMulTactic("onednn.matmul_inner_product", Way::kInnerProduct) {}
};

}  // namespace

TWOFOUR_DEFINE_TACTIC(OnednnMatMul)
TWOFOUR_DEFINE_TACTIC(OnednnMatMulInnerProduct)

}  // namespace twofour::cpu
