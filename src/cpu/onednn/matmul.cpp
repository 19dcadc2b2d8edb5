#include "cpu/onednn/matmul.h"

namespace twofour::cpu::onednn {
namespace {

/// Sizes with vectors made matrices and 1 in front up to `rank` axes.
memory::dims matrix_dims(const Shape& shape, bool left, size_t rank) {
  memory::dims dims = shape.dims();
  if (dims.size() == 1) dims.insert(left ? dims.begin() : dims.end(), 1);
  dims.insert(dims.begin(), rank - dims.size(), 1);
  return dims;
}

}  // namespace

MatmulSizes matmul_sizes(const Shape& a, const Shape& b) {
  const size_t rank = std::max<size_t>({a.rank(), b.rank(), 2});
  MatmulSizes sizes = {matrix_dims(a, true, rank), matrix_dims(b, false, rank), {}};
  if (b.rank() <= 2) {
    const int64_t k = sizes.a.back();
    sizes.a = {a.numel() / k, k};
    sizes.b.erase(sizes.b.begin(), sizes.b.end() - 2);
  }
  for (size_t i = 0; i + 2 < sizes.a.size(); ++i) sizes.dst.push_back(std::max(sizes.a[i], sizes.b[i]));
  sizes.dst.push_back(sizes.a[sizes.a.size() - 2]);
  sizes.dst.push_back(sizes.b.back());
  return sizes;
}

MatmulProblem MatmulProblem::as_inner_product() const {
  MatmulProblem same = *this;
  same.b = b.permute_axes({1, 0});
  if (!bias.is_zero()) same.bias = bias.reshape({dst.dims()[1]});
  same.is_inner_product = true;
  return same;
}

dnnl::primitive_desc MatmulProblem::with(const memory::desc& weights,
                                         const dnnl::primitive_attr& attr) const {
  using InnerProduct = dnnl::inner_product_forward;
  if (!is_inner_product) return dnnl::matmul::primitive_desc({a, weights, bias, dst}, attr, cpu_engine());
  constexpr auto kKind = dnnl::prop_kind::forward_inference;
  const InnerProduct::desc desc = bias.is_zero() ? InnerProduct::desc(kKind, a, weights, dst)
                                                 : InnerProduct::desc(kKind, a, weights, bias, dst);
  return InnerProduct::primitive_desc(desc, attr, cpu_engine());
}

dnnl::primitive_desc MatmulProblem::make() const {
  dnnl::primitive_attr attr = user_scratchpad();
  if (alpha != 1) attr.set_output_scales(0, {alpha});
  dnnl::post_ops post_ops;
  if (add_to_dst) post_ops.append_sum();
  append_activation(activation, post_ops);
  attr.set_post_ops(post_ops);
  if (!pack_b) return with(b, attr);
  return with(packed_order([&] {
                return with({b.dims(), b.data_type(), memory::format_tag::any}, attr);
              }),
              attr);
}

MatmulKernel::MatmulKernel(const MatmulProblem& problem, ScratchLayout& layout) {
  const auto desc = problem.make();
  a_ = desc.src_desc();
  b_ = desc.weights_desc();
  bias_ = problem.bias;
  dst_ = desc.dst_desc();
  const auto plain = [&] {
    MatmulProblem same = problem;
    same.b = b_;
    same.pack_b = false;
    same.activation = {};
    return same.make();
  };
  matmul_ = {problem.activation, desc, layout};
  matmul_.add_plain(plain, layout);
}

void MatmulKernel::guard(const NodeDesc& node, const PackedInputs& inputs) {
  if (!matmul_.drops_nan()) return;
  const auto weight = [&](const char* name) {
    return std::max(1.0, std::abs(double{node.attrs.f(name, 1)}));
  };
  const memory::dims a = a_.dims();
  guard_ = OverflowGuard(static_cast<double>(a.back()) * weight("alpha"), weight("beta"));
  guard_.add(node, inputs, 0, true);
  guard_.add(node, inputs, 1, true,
             static_cast<int64_t>(bytes_of(b_) / dtype_size(node.inputs[1].desc.dtype)));
  guard_.add(node, inputs, 2, false);
}

void MatmulKernel::run(const PackedInputs& inputs, const KernelArgs& args) const {
  Arguments arguments;
  arguments.read(DNNL_ARG_SRC, a_, inputs.at(args, 0))
      .read(DNNL_ARG_WEIGHTS, b_, inputs.at(args, 1))
      .write(DNNL_ARG_DST, dst_, args.dst[0]);
  if (!bias_.is_zero()) arguments.read(DNNL_ARG_BIAS, bias_, inputs.at(args, 2));
  matmul_.run(std::move(arguments), guard_.holds(inputs, args), args.scratch, args.dst[0]);
}

MatmulProblem ProductTactic::problem_of(const NodeDesc& node) const {
  const MatmulProblem problem = matmul_(node);
  return way_ == Way::kInnerProduct ? problem.as_inner_product() : problem;
}

Support ProductTactic::way_ok(const NodeDesc& node) const {
  if (way_ == Way::kInnerProduct) {
    if (!node.is_constant(1)) return declined(Reason::kWeightNotConstant);
    const TensorDesc& b = node.inputs[1].desc;
    if (b.shape.rank() != 2) return declined(Reason::kShape, b.to_string());
    if (node.attrs.i("transA", 0) != 0) return declined(Reason::kAttribute, "transA");
  }
  return library_accepts([&] { problem_of(node).make(); });
}

std::string ProductTactic::packed_form(const NodeDesc& node) const {
  return order_text(problem_of(node).make().weights_desc());
}

std::vector<Tensor> ProductTactic::make_packed(const NodeDesc& node) const {
  return pack_constants(node, [&](size_t input, const Tensor& data) {
    if (input != 1) return data;
    const MatmulProblem problem = problem_of(node);
    return packed_bytes(problem.b, problem.make().weights_desc(), data.raw());
  });
}

}  // namespace twofour::cpu::onednn
