// LpPool and GlobalLpPool: the p-norm of windows, forward only.
#include <cmath>

#include "ops/infer.h"
#include "ops/pooling/pool_geometry.h"
#include "ops/strided.h"

namespace twofour::ops {
namespace {

int64_t power_of(const Attrs& attrs) {
  const int64_t p = attrs.i("p", 2);
  TWOFOUR_CHECK(p >= 1, kInvalidArgument, "p is {}; it must be at least 1", p);
  return p;
}

void infer(const Node& node, std::span<ValueType> outputs) {
  check_real(node.input(0)->type(), "src");
  power_of(node.attrs());
  outputs[0] = infer_pool(node.attrs(), node.input(0)->type());
}

void infer_global(const Node& node, std::span<ValueType> outputs) {
  infer_same_real(node, outputs);
  power_of(node.attrs());
  TWOFOUR_CHECK(outputs[0].dims.size() >= 2, kInvalidArgument, "src is {}; N,C,... is expected",
                outputs[0].to_string());
  std::fill(outputs[0].dims.begin() + 2, outputs[0].dims.end(), Dim(1));
}

class Norm {
 public:
  explicit Norm(int64_t p) : p_(static_cast<double>(p)) {}
  void add(double v) { sum_ += std::pow(std::fabs(v), p_); }
  double value() const { return std::pow(sum_, 1 / p_); }

 private:
  double p_;
  double sum_ = 0;
};

void reference(const ReferenceArgs& args) {
  const Pool3d pool = pool3d_from(args.attrs, args.inputs[0].shape());
  dispatch_real(args.inputs[0].dtype(), [&]<typename T>(T) {
    const T* src = args.inputs[0].span<T>().data();
    T* dst = args.outputs[0].span<T>().data();
    for (int64_t plane = 0; plane < pool.planes; ++plane, src += pool.in_size())
      for (int64_t o = 0; o < pool.out_size(); ++o) {
        Norm norm(power_of(args.attrs));
        pool.for_each_tap(pool.position(o), [&](size_t tap) { norm.add(double{src[tap]}); });
        *dst++ = static_cast<T>(norm.value());
      }
  });
}

void reference_global(const ReferenceArgs& args) {
  const AxisView view(args.inputs[0].shape(), 1);
  dispatch_real(args.inputs[0].dtype(), [&]<typename T>(T) {
    const T* src = args.inputs[0].span<T>().data();
    for (T& dst : args.outputs[0].span<T>()) {
      Norm norm(power_of(args.attrs));
      for (int64_t i = 0; i < view.inner; ++i) norm.add(double{*src++});
      dst = static_cast<T>(norm.value());
    }
  });
}

OpDef norm_pool(std::string_view name, std::string_view doc, std::vector<std::string_view> attrs,
                InferFn infer_fn, ReferenceFn reference_fn, std::vector<Example> examples) {
  return {
      .name = name,
      .doc = doc,
      .inputs = {{"src"}},
      .outputs = {{"dst"}},
      .attrs = std::move(attrs),
      .infer = infer_fn,
      .reference = reference_fn,
      .grad = not_differentiable("powers of absolute values are for inference only"),
      .amp = Amp::kDeny,
      .quant = quant_float("powers of codes need more than 8 bits"),
      .sparsity = no_sparsity(),
      .examples = std::move(examples),
  };
}

}  // namespace

extern const OpDef kLpPool;
const OpDef kLpPool = norm_pool(
    "LpPool", "dst[n,c,i,...] = (sum of |src|^p over the window of (i, ...))^(1/p).",
    {"auto_pad", "ceil_mode", "dilations", "kernel_shape", "p", "pads", "strides"}, infer, reference,
    {{.inputs = {{.shape = {1, 2, 5, 6}}},
      .attrs = {{"kernel_shape", std::vector<int64_t>{3, 2}},
                {"strides", std::vector<int64_t>{2, 1}},
                {"pads", std::vector<int64_t>{1, 0, 1, 1}}}},
     {.inputs = {{.shape = {2, 1, 8}}},
      .attrs = {{"kernel_shape", std::vector<int64_t>{3}}, {"p", int64_t{3}}}}});

extern const OpDef kGlobalLpPool;
const OpDef kGlobalLpPool =
    norm_pool("GlobalLpPool", "dst[n,c,1,...] = (sum of |src|^p over the spatial axes)^(1/p).", {"p"},
              infer_global, reference_global,
              {{.inputs = {{.shape = {2, 3, 4, 5}}}},
               {.inputs = {{.shape = {2, 3, 4}}}, .attrs = {{"p", int64_t{1}}}}});

}  // namespace twofour::ops
