// LRN: local response normalisation across channels (AlexNet).
#include <algorithm>
#include <cmath>

#include "ops/infer.h"
#include "ops/strided.h"

namespace twofour::ops {
namespace {

int64_t size_of(const Attrs& attrs) {
  const int64_t size = attrs.i("size", 0);
  TWOFOUR_CHECK(size >= 1, kInvalidArgument, "size is {}; it must be at least 1", size);
  return size;
}

void infer(const Node& node, std::span<ValueType> outputs) {
  check_real(node.input(0)->type(), "src");
  TWOFOUR_CHECK(node.input(0)->rank() >= 2, kInvalidArgument, "src is {}; N,C,... is expected",
                node.input(0)->type().to_string());
  size_of(node.attrs());
  infer_same(node, outputs);
}

template <typename T>
void normalise(const ReferenceArgs& args) {
  const AxisView view(args.inputs[0].shape(), 1);
  const int64_t size = size_of(args.attrs);
  const double alpha = args.attrs.f("alpha", 1e-4F);
  const double beta = args.attrs.f("beta", 0.75F);
  const double bias = args.attrs.f("bias", 1);
  const auto src = args.inputs[0].span<T>();
  const auto dst = args.outputs[0].span<T>();
  for (int64_t n = 0; n < view.outer; ++n)
    for (int64_t c = 0; c < view.size; ++c) {
      const int64_t first = c - std::min(c, (size - 1) / 2);
      const int64_t last = c + std::min(view.size - 1 - c, size / 2);
      for (int64_t i = 0; i < view.inner; ++i) {
        const auto at = [&](int64_t channel) {
          return static_cast<size_t>((n * view.size + channel) * view.inner + i);
        };
        double sum = 0;
        for (int64_t k = first; k <= last; ++k) sum += double{src[at(k)]} * double{src[at(k)]};
        dst[at(c)] =
            static_cast<T>(src[at(c)] / std::pow(bias + alpha / static_cast<double>(size) * sum, beta));
      }
    }
}

void reference(const ReferenceArgs& args) {
  dispatch_real(args.inputs[0].dtype(), [&]<typename T>(T) { normalise<T>(args); });
}

}  // namespace

extern const OpDef kLRN;
const OpDef kLRN = {
    .name = "LRN",
    .doc = "dst = src / (bias + alpha / size * sum of src^2 over `size` channels around)^beta.",
    .inputs = {{"src"}},
    .outputs = {{"dst"}},
    .attrs = {"alpha", "beta", "bias", "size"},
    .infer = infer,
    .reference = reference,
    .grad = not_differentiable("there is no operator for its gradient"),
    .amp = Amp::kDeny,
    .quant = quant_float("a sum of squares needs more than 8 bits"),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {{.shape = {2, 5, 2, 3}}}, .attrs = {{"size", int64_t{3}}}},
                 {.inputs = {{.shape = {1, 4, 3}}},
                  .attrs = {{"size", int64_t{4}}, {"alpha", 0.5F}, {"beta", 0.5F}, {"bias", 2.0F}}}},
};

}  // namespace twofour::ops
