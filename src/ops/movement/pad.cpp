#include <algorithm>

#include "ops/builder.h"
#include "ops/domain.h"
#include "ops/example.h"
#include "ops/infer.h"
#include "ops/shape_value.h"
#include "ops/strided.h"

namespace twofour::ops {
namespace {

constexpr int64_t kOutside = -1;

/// Where position `at` outside [0, size) lies when src goes on as `mode` says.
int64_t continued(const std::string& mode, int64_t at, int64_t size) {
  if (mode == "edge") return std::clamp<int64_t>(at, 0, size - 1);
  if (mode == "wrap") return (at % size + size) % size;
  if (mode != "reflect") return kOutside;
  const int64_t period = std::max<int64_t>(2 * (size - 1), 1);
  const int64_t phase = (at % period + period) % period;
  return phase < size ? phase : period - phase;
}

/// For one axis: the position in src that each of the size + begin + end positions of dst copies, or
/// kOutside. Negative padding crops.
std::vector<int64_t> sources(const std::string& mode, int64_t size, int64_t begin, int64_t end) {
  std::vector<int64_t> from(static_cast<size_t>(size + begin + end));
  for (size_t i = 0; i < from.size(); ++i) {
    const int64_t at = static_cast<int64_t>(i) - begin;
    from[i] = at < 0 || at >= size ? continued(mode, at, size) : at;
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
  TWOFOUR_CHECK(mode == "constant" || most <= 0 || size.value > 0, kInvalidArgument,
                "{} padding of {} does not fit a size of {}", mode, most, size.value);
  return size.value + begin + end;
}

std::string mode_of(const Attrs& attrs) {
  const std::string mode = attrs.s("mode", "constant");
  TWOFOUR_CHECK(mode == "constant" || mode == "reflect" || mode == "edge" || mode == "wrap", kInvalidArgument,
                "mode \"{}\" is not known; constant, reflect, edge and wrap are", mode);
  return mode;
}

/// pads for every axis, from those of `axes` (all axes when there are none).
std::vector<int64_t> all_pads(const std::vector<int64_t>& pads,
                              const std::optional<std::vector<int64_t>>& axes, size_t rank) {
  const size_t count = axes ? axes->size() : rank;
  TWOFOUR_CHECK(pads.size() == 2 * count, kInvalidArgument, "{} pads are given; {} axes need {}", pads.size(),
                count, 2 * count);
  if (!axes) return pads;
  axis_flags(*axes, rank);
  std::vector<int64_t> all(2 * rank, 0);
  for (size_t i = 0; i < count; ++i) {
    const size_t axis = normalize_axis((*axes)[i], rank);
    all[axis] = pads[i];
    all[axis + rank] = pads[i + count];
  }
  return all;
}

Dims padded_dims(const std::string& mode, const Dims& src, const std::vector<int64_t>& pads) {
  TWOFOUR_CHECK(pads.size() == 2 * src.size(), kInvalidArgument, "{} pads are given; {} axes need {}",
                pads.size(), src.size(), 2 * src.size());
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
  if (node.input(3)) check_index(node.input(3)->type(), "axes");
  const auto pads = known_ints(node.input(1));
  const auto axes = known_ints(node.input(3));
  outputs[0] = src;
  if (pads && (axes || !node.input(3))) {
    outputs[0].dims = padded_dims(mode, src.dims, all_pads(*pads, axes, src.dims.size()));
    return;
  }
  const std::vector<bool> changed =
      axes ? axis_flags(*axes, src.dims.size()) : std::vector<bool>(src.dims.size(), true);
  for (size_t i = 0; i < changed.size(); ++i)
    if (changed[i]) outputs[0].dims[i] = Dim();
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
  const Tensor axes = input_or_none(args, 3);
  const std::vector<int64_t> pads =
      all_pads(to_ints(args.inputs[1]), axes.defined() ? std::optional(to_ints(axes)) : std::nullopt,
               src.shape().rank());
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
  const auto axes = known_ints(node.input(3));
  TWOFOUR_CHECK(pads && (axes || !node.input(3)), kUnsupported, "{} has no constant pads and axes",
                node.label());
  std::vector<Value*> result(node.inputs().size(), nullptr);
  result[0] = args.builder.op("PadGrad", {args.grad_outputs[0]},
                              {{"mode", node.attrs().s("mode", "constant")},
                               {"pads", all_pads(*pads, axes, node.input(0)->rank())},
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
        "dst = src with pads (all begins, then all ends of `axes`) of a constant, its reflection, its edge "
        "or src again (wrap) around it; negative pads crop.",
    .inputs = {{"src"},
               {.name = "pads", .state = true, .domain = exactly<0>},
               {.name = "constant_value", .optional = true, .state = true},
               {.name = "axes", .optional = true, .state = true, .domain = counting_up}},
    .outputs = {{"dst"}},
    .attrs = {"mode"},
    .infer = infer,
    .reference = reference,
    .grad = Grad(grad, "padding is not differentiated by its value"),
    .amp = Amp::kClear,
    .quant = quant_commutes(),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {{.shape = {2, 3}},
                             example_ints({0, 1, 2, 0}),
                             {.shape = {}, .values = {1.5F}, .constant = true}}},
                 {.inputs = {{.shape = {1, 4, 5}}, example_ints({0, 2, 3, 0, 1, 4})},
                  .attrs = {{"mode", std::string("reflect")}}},
                 {.inputs = {{.shape = {3, 4}}, example_ints({1, 2, 0, 3})},
                  .attrs = {{"mode", std::string("edge")}}},
                 {.inputs = {{.shape = {4, 5}}, example_ints({-1, 2, 1, -3})}},
                 {.inputs = {{.shape = {2, 3}}, example_ints({4, 5}), {.absent = true}, example_ints({-1})},
                  .attrs = {{"mode", std::string("wrap")}}},
                 {.inputs = {{.shape = {3}}, example_ints({5, 6})},
                  .attrs = {{"mode", std::string("reflect")}}}},
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
