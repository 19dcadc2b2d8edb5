#include <algorithm>

#include "ops/builder.h"
#include "ops/indexing/ordering.h"
#include "ops/infer.h"

namespace twofour::ops {
namespace {

void infer_global(const Node& node, std::span<ValueType> outputs) {
  const ValueType& src = node.input(0)->type();
  TWOFOUR_CHECK(src.dims.size() >= 3, kInvalidArgument,
                "src is {}; spatial dimensions are expected after N,C", src.to_string());
  outputs[0] = src;
  std::fill(outputs[0].dims.begin() + 2, outputs[0].dims.end(), Dim(1));
}

int64_t area(const Shape& shape) { return shape.numel(2, shape.rank()); }

void infer_average(const Node& node, std::span<ValueType> outputs) {
  check_real(node.input(0)->type(), "src");
  infer_global(node, outputs);
}

void reference_average(const ReferenceArgs& args) {
  const int64_t size = area(args.inputs[0].shape());
  dispatch_real(args.inputs[0].dtype(), [&]<typename T>(T) {
    const T* src = args.inputs[0].span<T>().data();
    for (T& dst : args.outputs[0].span<T>()) {
      double sum = 0;
      for (int64_t i = 0; i < size; ++i) sum += *src++;
      dst = static_cast<T>(sum / static_cast<double>(size));
    }
  });
}

std::vector<Value*> grad_average(const GradArgs& args) {
  Builder& b = args.builder;
  const Shape shape = args.node.input(0)->shape();
  return {b.expand(b.mul(args.grad_outputs[0], b.scalar(1.0F / static_cast<float>(area(shape)))), shape)};
}

void infer_max(const Node& node, std::span<ValueType> outputs) {
  check_number(node.input(0)->type(), "src");
  infer_global(node, outputs);
  const Dims& dims = node.input(0)->dims();
  TWOFOUR_CHECK(std::find(dims.begin() + 2, dims.end(), Dim(0)) == dims.end(), kInvalidArgument,
                "src is {}; there is no maximum of nothing", node.input(0)->type().to_string());
}

void reference_max(const ReferenceArgs& args) {
  const int64_t size = area(args.inputs[0].shape());
  dispatch_number(args.inputs[0].dtype(), [&]<typename T>(T) {
    const T* src = args.inputs[0].span<T>().data();
    for (T& dst : args.outputs[0].span<T>()) {
      dst = *src;
      for (int64_t i = 0; i < size; ++i, ++src)
        if (Above{}(*src, dst)) dst = *src;
    }
  });
}

std::vector<Value*> grad_max(const GradArgs& args) {
  const Shape shape = args.node.input(0)->shape();
  TWOFOUR_CHECK(shape.rank() == 4, kUnsupported, "gradient of a maximum over {}; only N,C,H,W is supported",
                shape.to_string());
  return {args.builder.op("MaxPoolGrad", {args.grad_outputs[0], args.node.input(0), args.node.output()},
                          {{"kernel_shape", std::vector<int64_t>{shape[2], shape[3]}}})};
}

}  // namespace

extern const OpDef kGlobalAveragePool;
const OpDef kGlobalAveragePool = {
    .name = "GlobalAveragePool",
    .doc = "dst[n,c,1,1] = the mean of src[n,c,...].",
    .inputs = {{"src"}},
    .outputs = {{"dst"}},
    .infer = infer_average,
    .reference = reference_average,
    .grad = grad_average,
    .amp = Amp::kInfer,
    .quant = quant_float("a mean of codes needs more than 8 bits"),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {{.shape = {2, 3, 5, 7}}}}, {.inputs = {{.shape = {2, 3, 4}}}}},
};

extern const OpDef kGlobalMaxPool;
const OpDef kGlobalMaxPool = {
    .name = "GlobalMaxPool",
    .doc = "dst[n,c,1,1] = the maximum of src[n,c,...].",
    .inputs = {{"src"}},
    .outputs = {{"dst"}},
    .infer = infer_max,
    .reference = reference_max,
    .grad = grad_max,
    .amp = Amp::kClear,
    .quant = quant_commutes(),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {{.shape = {2, 3, 3, 5}, .distinct = true}}},
                 {.inputs = {{.dtype = DType::kU8, .shape = {2, 3, 7}, .low = 0, .high = 255}}}},
};

}  // namespace twofour::ops
