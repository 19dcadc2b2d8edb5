// MatMul and FusedMatMul with numpy broadcasting through oneDNN's matmul. When b is one matrix, all rows of a
// make one product.
#include "cpu/onednn/matmul.h"
#include "cpu/tactics.h"

namespace twofour::cpu {
namespace {

using namespace onednn;  // NOLINT(google-build-using-namespace): this file is an adapter to it

constexpr size_t kBias = 2;

/// Sizes [batch..., rows, columns] with vectors made matrices and 1 in front up to `rank` axes.
memory::dims matrix_dims(const Shape& shape, bool left, size_t rank) {
  memory::dims dims = shape.dims();
  if (dims.size() == 1) dims.insert(left ? dims.begin() : dims.end(), 1);
  dims.insert(dims.begin(), rank - dims.size(), 1);
  return dims;
}

MatmulProblem problem_of(const NodeDesc& node) {
  const TensorDesc& a = node.inputs[0].desc;
  const TensorDesc& b = node.inputs[1].desc;
  const size_t rank = std::max<size_t>({a.shape.rank(), b.shape.rank(), 2});
  memory::dims dims_a = matrix_dims(a.shape, true, rank);
  memory::dims dims_b = matrix_dims(b.shape, false, rank);
  if (b.shape.rank() <= 2) {
    const int64_t k = dims_a.back();
    dims_a = {a.shape.numel() / k, k};
    dims_b.erase(dims_b.begin(), dims_b.end() - 2);
  }
  memory::dims dims_dst;
  for (size_t i = 0; i + 2 < dims_a.size(); ++i) dims_dst.push_back(std::max(dims_a[i], dims_b[i]));
  dims_dst.push_back(dims_a[dims_a.size() - 2]);
  dims_dst.push_back(dims_b.back());
  const auto desc = [](const memory::dims& dims, DType dtype) {
    return desc_of({dtype, Shape(dims), Format::kPlain});
  };
  MatmulProblem problem;
  problem.a = desc(dims_a, a.dtype);
  problem.b = desc(dims_b, b.dtype);
  problem.dst = desc(dims_dst, node.outputs[0].dtype);
  problem.pack_b = node.is_constant(1);
  problem.alpha = node.attrs.f("alpha", 1);
  problem.activation = ops::activation_from(node.attrs);
  if (node.has_input(kBias)) {
    memory::dims dims(dims_dst.size(), 1);
    dims.back() = dims_dst.back();
    problem.bias = desc(dims, node.inputs[kBias].desc.dtype);
  }
  return problem;
}

class OnednnMatMul final : public OpTactic {
 public:
  OnednnMatMul() : OpTactic("onednn.matmul", {"MatMul", "FusedMatMul"}) {}

  bool packs() const override { return true; }

  std::string packed_form(const NodeDesc& node) const override {
    return order_text(problem_of(node).make().weights_desc());
  }

  std::vector<Tensor> make_packed(const NodeDesc& node) const override {
    return pack_constants(node, [&](size_t input, const Tensor& data) {
      if (input != 1) return data;
      const MatmulProblem problem = problem_of(node);
      return packed_bytes(problem.b, problem.make().weights_desc(), data.raw());
    });
  }

  std::unique_ptr<Kernel> make(const NodeDesc& node, std::span<const Tensor> packed) const override {
    ScratchLayout layout;
    MatmulKernel matmul(problem_of(node), layout);
    const PackedInputs inputs(node, packed, {{1, matmul.b_bytes()}});
    matmul.guard(node, inputs);
    return make_kernel([inputs, matmul](const KernelArgs& args) { matmul.run(inputs, args); }, layout.size());
  }

 protected:
  Support accepts(const NodeDesc& node) const override {
    if (Support no = all_of({types_ok(node), none_empty(node), all_plain(node)}); !no) return no;
    if (node.has_input(kBias) && node.attrs.f("alpha", 1) != 1)
      return declined(Reason::kAttribute, "alpha with a bias");
    return library_accepts([&] { problem_of(node).make(); });
  }
};

}  // namespace

TWOFOUR_DEFINE_TACTIC(OnednnMatMul)

}  // namespace twofour::cpu
