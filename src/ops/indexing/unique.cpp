#include <algorithm>
#include <numeric>

#include "ops/indexing/ordering.h"
#include "ops/infer.h"
#include "ops/strided.h"

namespace twofour::ops {
namespace {

/// The slices along the axis (elements when there is none), each kept once.
struct Groups {
  std::vector<int64_t> first;    // where each kept slice stands first
  std::vector<int64_t> inverse;  // which kept slice each slice equals
  std::vector<int64_t> counts;
};

AxisView view_of(const Attrs& attrs, const Shape& shape) {
  if (!attrs.has("axis")) return {{shape.numel()}, 0};
  return {shape, normalize_axis(attrs.i("axis", 0), shape.rank())};
}

/// -1, 0 or 1 as slice `a` sorts before, with or after slice `b`.
template <typename T>
int compare(const T* src, const AxisView& view, int64_t a, int64_t b) {
  for (int64_t o = 0; o < view.outer; ++o)
    for (int64_t i = 0; i < view.inner; ++i) {
      const T x = src[(o * view.size + a) * view.inner + i];
      const T y = src[(o * view.size + b) * view.inner + i];
      if (before(x, y)) return -1;
      if (before(y, x)) return 1;
    }
  return 0;
}

template <typename T>
Groups group(const T* src, const AxisView& view, bool sorted) {
  std::vector<int64_t> order(static_cast<size_t>(view.size));
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, [&](int64_t a, int64_t b) { return compare(src, view, a, b) < 0; });
  std::vector<std::vector<int64_t>> members;
  for (const int64_t at : order) {
    if (members.empty() || compare(src, view, members.back()[0], at) != 0) members.emplace_back();
    members.back().push_back(at);
  }
  if (!sorted) std::ranges::sort(members, {}, [](const auto& m) { return m[0]; });
  Groups groups;
  groups.inverse.resize(order.size());
  for (const std::vector<int64_t>& m : members) {
    for (const int64_t at : m)
      groups.inverse[static_cast<size_t>(at)] = static_cast<int64_t>(groups.first.size());
    groups.first.push_back(m[0]);
    groups.counts.push_back(static_cast<int64_t>(m.size()));
  }
  return groups;
}

Groups groups_of(const Tensor& src, const Attrs& attrs) {
  const AxisView view = view_of(attrs, src.shape());
  const bool sorted = attrs.i("sorted", 1) != 0;
  if (is_half(src.dtype())) return groups_of(src.to(DType::kF32), attrs);
  Groups groups;
  dispatch_dtype(src.dtype(), [&]<typename T>(T) {
    if constexpr (std::is_arithmetic_v<T>) groups = group(src.span<T>().data(), view, sorted);
  });
  return groups;
}

void infer(const Node& node, std::span<ValueType> outputs) {
  const ValueType& src = node.input(0)->type();
  Dim kept;
  if (node.input(0)->is_constant())
    kept = static_cast<int64_t>(groups_of(node.input(0)->data(), node.attrs()).first.size());
  Dim all = product(src.dims);
  outputs[0] = {src.dtype, {kept}};
  if (node.attrs().has("axis")) {
    const size_t axis = normalize_axis(node.attrs().i("axis", 0), src.dims.size());
    all = src.dims[axis];
    outputs[0].dims = src.dims;
    outputs[0].dims[axis] = kept;
  }
  for (size_t i = 1; i < outputs.size(); ++i) outputs[i] = {DType::kI64, {i == 2 ? all : kept}};
}

void reference(const ReferenceArgs& args) {
  const Tensor& src = args.inputs[0];
  const AxisView view = view_of(args.attrs, src.shape());
  const Groups groups = groups_of(src, args.attrs);
  const auto kept = static_cast<int64_t>(groups.first.size());
  const auto size = view.inner * static_cast<int64_t>(dtype_size(src.dtype()));
  for (int64_t o = 0; o < view.outer; ++o)
    for (int64_t i = 0; i < kept; ++i)
      std::copy_n(src.raw() + (o * view.size + groups.first[static_cast<size_t>(i)]) * size, size,
                  args.outputs[0].raw() + (o * kept + i) * size);
  const std::vector<int64_t>* const lists[] = {&groups.first, &groups.inverse, &groups.counts};
  for (size_t i = 1; i < args.outputs.size(); ++i)
    std::ranges::copy(*lists[i - 1], args.outputs[i].span<int64_t>().begin());
}

}  // namespace

extern const OpDef kUnique;
const OpDef kUnique = {
    .name = "Unique",
    .doc =
        "Each element (or slice along `axis`) of src once, sorted or as they first come; where it stands "
        "first, which one every element is, and how often.",
    .inputs = {{"src"}},
    .outputs = {{"dst"},
                {.name = "indices", .optional = true, .state = true},
                {.name = "inverse_indices", .optional = true, .state = true},
                {.name = "counts", .optional = true, .state = true}},
    .attrs = {"axis", "sorted"},
    .infer = infer,
    .reference = reference,
    .grad = not_differentiable("the size of the result depends on the data"),
    .amp = Amp::kFixed,
    .quant = quant_float("rounding makes values equal"),
    .sparsity = no_sparsity(),
    .examples =
        {{.inputs = {{.shape = {2, 3}, .values = {2, 1, 1, 3, 4, 3}, .constant = true}}, .num_outputs = 4},
         {.inputs = {{.dtype = DType::kI64, .shape = {3, 2}, .values = {5, 0, 1, 0, 5, 0}, .constant = true}},
          .attrs = {{"axis", int64_t{0}}, {"sorted", int64_t{0}}},
          .num_outputs = 4}},
};

}  // namespace twofour::ops
