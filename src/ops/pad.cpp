#include <algorithm>

#include "ops/builder.h"
#include "ops/example.h"
#include "ops/infer.h"
#include "ops/shape_value.h"
#include "ops/strided.h"

namespace twofour::ops {
namespace {

constexpr int64_t kOutside = -1;

/// For one axis: the position in src that each of the size + begin + end positions of dst copies, or
/// kOutside. Negative padding crops.
std::vector<int64_t> sources(const std::string& mode, int64_t size, int64_t begin, int64_t end) {
  std::vector<int64_t> from(static_cast<size_t>(size + begin + end));
  for (size_t i = 0; i < from.size(); ++i) {
    int64_t at = static_cast<int64_t>(i) - begin;
    if (at < 0 || at >= size) {
      if (mode == "edge") at = std::clamp<int64_t>(at, 0, size - 1);
      else if (mode == "reflect") at = at < 0 ? -at : 2 * (size - 1) - at;
      else at = kOutside;
    }
    from[i] = at;
  }
  return from;
}

Dim padded(const std::string& mode, const Dim& size, int64_t begin, int64_t end) {
  constexpr int64_t kMost = int64_t{1} << 31;
  TWOFOUR_CHECK(std::max(begin, end) < kMost && std::min(begin, end) > -kMost, kInvalidArgument,
                "padding {} and {} is too large", begin, end);
  if (!size.known()) return begin == 0 && end == 0 ? size : Dim();
  TWOFOUR_CHECK(size.value < kMost && size.value + begin + end >= 0, kInvalidArgument,
                "padding {} and {} does not fit a size of {}", begin, end, size.value);
  const int64_t most = std::max(begin, end);
  TWOFOUR_CHECK(mode == "constant" || most <= 0 || size.value > (mode == "reflect" ? most : 0),
                kInvalidArgument, "{} padding of {} does not fit a size of {}", mode, most, size.value);
  return size.value + begin + end;
}

std::string mode_of(const Attrs& attrs) {
  const std::string mode = attrs.s("mode", "constant");
  TWOFOUR_CHECK(mode == "constant" || mode == "reflect" || mode == "edge", kUnsupported,
                "mode \"{}\" is not supported; constant, reflect and edge are", mode);
  return mode;
}

void check_pads(const std::vector<int64_t>& pads, size_t rank) {
  TWOFOUR_CHECK(pads.size() == 2 * rank, kInvalidArgument, "{} pads are given; {} axes need {}", pads.size(),
                rank, 2 * rank);
}

Dims padded_dims(const std::string& mode, const Dims& src, const std::vector<int64_t>& pads) {
  check_pads(pads, src.size());
  Dims dims;
  for (size_t i = 0; i < src.size(); ++i) dims.push_back(padded(mode, src[i], pads[i], pads[i + src.size()]));
  return dims;
}

void infer(const Node& node, std::span<ValueType> outputs) {
  const ValueType& src = node.input(0)->type();
  const std::string mode = mode_of(node.attrs());
  check_index(node.input(1)->type(), "pads");
  if (const Value* fill = node.input(2)) {
    check_dtype(fill->type(), src.dtype, "constant_value");
    check_one_element(fill->type(), "constant_value");
  }
  outputs[0] = {src.dtype, Dims(src.dims.size())};
  if (const auto pads = known_ints(node.input(1))) outputs[0].dims = padded_dims(mode, src.dims, *pads);
}

/// Calls fn(index in dst, index in src or kOutside) for every element of dst.
template <typename Fn>
void for_each_source(const std::string& mode, const Shape& src, const std::vector<int64_t>& pads, Fn&& fn) {
  const size_t rank = src.rank();
  const std::vector<int64_t> strides = src.strides();
  std::vector<std::vector<int64_t>> axes;
  for (size_t i = 0; i < rank; ++i) axes.push_back(sources(mode, src[i], pads[i], pads[i + rank]));
  int64_t total = 1;
  for (const auto& axis : axes) total *= static_cast<int64_t>(axis.size());
  std::vector<size_t> index(rank, 0);
  for (int64_t at = 0; at < total; ++at) {
    int64_t from = 0;
    for (size_t i = 0; i < rank && from != kOutside; ++i) {
      const int64_t position = axes[i][index[i]];
      from = position == kOutside ? kOutside : from + position * strides[i];
    }
    fn(at, from);
    for (size_t i = rank; i-- > 0;) {
      if (++index[i] < axes[i].size()) break;
      index[i] = 0;
    }
  }
}

void reference(const ReferenceArgs& args) {
  const Tensor& src = args.inputs[0];
  const Tensor& dst = args.outputs[0];
  const std::string mode = mode_of(args.attrs);
  const std::vector<int64_t> pads = to_ints(args.inputs[1]);
  TWOFOUR_CHECK(padded_dims(mode, to_dims(src.shape()), pads) == to_dims(dst.shape()), kInvalidArgument,
                "the pads do not give the inferred shape {}", dst.shape().to_string());
  const Tensor given = input_or_none(args, 2);
  const Tensor fill = given.defined() ? given : Tensor(src.dtype(), {});
  const size_t size = dtype_size(src.dtype());
  for_each_source(mode, src.shape(), pads, [&](int64_t to, int64_t from) {
    const std::byte* value = from == kOutside ? fill.raw() : src.raw() + static_cast<size_t>(from) * size;
    std::copy_n(value, size, dst.raw() + static_cast<size_t>(to) * size);
  });
}

std::vector<Value*> grad(const GradArgs& args) {
  const Node& node = args.node;
  const auto pads = known_ints(node.input(1));
  TWOFOUR_CHECK(pads, kUnsupported, "{} has no constant pads", node.label());
  std::vector<Value*> result(node.inputs().size(), nullptr);
  result[0] = args.builder.op("PadGrad", {args.grad_outputs[0]},
                              {{"mode", node.attrs().s("mode", "constant")},
                               {"pads", *pads},
                               {"src_shape", node.input(0)->shape().dims()}});
  return result;
}

void infer_grad(const Node& node, std::span<ValueType> outputs) {
  const ValueType& dy = node.input(0)->type();
  check_float(dy, "grad_dst");
  const Shape src = shape_attr(node.attrs(), "src_shape");
  check_dims(dy, padded_dims(mode_of(node.attrs()), to_dims(src), node.attrs().ints("pads")), "grad_dst");
  outputs[0] = {dy.dtype, to_dims(src)};
}

void reference_grad(const ReferenceArgs& args) {
  const auto dy = args.inputs[0].span<float>();
  const auto dx = args.outputs[0].span<float>();
  std::ranges::fill(dx, 0.0F);
  for_each_source(mode_of(args.attrs), args.outputs[0].shape(), args.attrs.ints("pads"),
                  [&](int64_t to, int64_t from) {
                    if (from != kOutside) dx[static_cast<size_t>(from)] += dy[static_cast<size_t>(to)];
                  });
}

}  // namespace

extern const OpDef kPad;
const OpDef kPad = {
    .name = "Pad",
    .doc =
        "dst = src with pads (all begins, then all ends) of a constant, the reflection or the edge around "
        "it; "
        "negative pads crop.",
    .inputs = {{"src"},
               {.name = "pads", .state = true},
               {.name = "constant_value", .optional = true, .state = true}},
    .outputs = {{"dst"}},
    .attrs = {"mode"},
    .infer = infer,
    .reference = reference,
    .grad = Grad(grad, "padding is not differentiated by its value"),
    .amp = Amp::kClear,
    .quant = quant_float("the padding value has no scale"),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {{.shape = {2, 3}},
                             example_ints({0, 1, 2, 0}),
                             {.shape = {}, .values = {1.5F}, .constant = true}}},
                 {.inputs = {{.shape = {1, 4, 5}}, example_ints({0, 2, 3, 0, 1, 4})},
                  .attrs = {{"mode", std::string("reflect")}}},
                 {.inputs = {{.shape = {3, 4}}, example_ints({1, 2, 0, 3})},
                  .attrs = {{"mode", std::string("edge")}}},
                 {.inputs = {{.shape = {4, 5}}, example_ints({-1, 2, 1, -3})}}},
};

extern const OpDef kPadGrad;
const OpDef kPadGrad = {
    .name = "PadGrad",
    .doc = "Gradient of Pad: every element of src gets the sum of grad_dst over its copies.",
    .standard = false,
    .inputs = {{"grad_dst"}},
    .outputs = {{"grad_src"}},
    .attrs = {"mode", "pads", "src_shape"},
    .infer = infer_grad,
    .reference = reference_grad,
    .grad = not_differentiable("second derivatives are not supported"),
    .amp = Amp::kClear,
    .quant = quant_float("a gradient"),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {{.shape = {3, 6}}},
                  .attrs = {{"mode", std::string("reflect")},
                            {"pads", std::vector<int64_t>{0, 1, 0, 2}},
                            {"src_shape", std::vector<int64_t>{3, 3}}}}},
};

}  // namespace twofour::ops
