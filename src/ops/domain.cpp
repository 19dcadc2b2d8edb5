#include "ops/domain.h"

#include <algorithm>
#include <cmath>

#include "ops/infer.h"

namespace twofour::ops {
namespace {

template <typename T>
T drawn(const Domain& domain, Rng& rng) {
  if constexpr (std::is_same_v<T, f16> || std::is_same_v<T, bf16>) return T{};
  const double range = domain.high - domain.low;
  if constexpr (std::is_floating_point_v<T>) return static_cast<T>(domain.low + range * rng.uniform());
  else {
    const double steps = std::max(1.0, std::ceil(range));
    return static_cast<T>(domain.low + static_cast<double>(rng.below(static_cast<uint64_t>(steps))));
  }
}

}  // namespace

Domain undeclared(DType dtype) { return is_float(dtype) ? Domain{-1, 1} : Domain{0, 2}; }

Domain domain_of(const Node& node, size_t input) {
  const Port& port = input_port(get_op(node.op()), input);
  const bool ranks_known =
      std::ranges::all_of(node.inputs(), [](const Value* v) { return !v || v->type().known; });
  return port.domain && ranks_known ? port.domain(node, input) : undeclared(node.input(input)->dtype());
}

Tensor draw(const Domain& domain, DType dtype, const Shape& shape, Rng& rng) {
  if (is_half(dtype)) return draw(domain, DType::kF32, shape, rng).to(dtype);
  if (!domain.values.empty()) {
    Tensor listed(DType::kF64, shape);
    const auto values = listed.span<double>();
    for (size_t i = 0; i < values.size(); ++i) values[i] = domain.values[i % domain.values.size()];
    return listed.to(dtype);
  }
  Tensor tensor(dtype, shape);
  dispatch_dtype(dtype, [&]<typename T>(T) {
    for (T& value : tensor.span<T>()) value = drawn<T>(domain, rng);
  });
  return tensor;
}

Domain index_into(const Dim& size) { return {0, static_cast<double>(size.size_or(1))}; }
Domain count_up_to(const Dim& most) { return {1, static_cast<double>(most.size_or(1)) + 1}; }

Domain positive_numbers(const Node&, size_t) { return {1, 4}; }
Domain fractions(const Node&, size_t) { return {0, 1}; }
Domain all_codes(const Node& node, size_t input) {
  switch (node.input(input)->dtype()) {
    case DType::kU8: return {0, 256};
    case DType::kI8: return {-128, 128};
    default: return {-1, 1};
  }
}
Domain small_scales(const Node&, size_t) { return {0.001, 0.002}; }
Domain class_numbers(const Node& node, size_t input) { return index_into(node.input(input - 1)->dims()[1]); }

Domain counting_up(const Node& node, size_t input) {
  Domain domain{0, 1};
  const ValueType& type = node.input(input)->type();
  if (!type.is_static()) return domain;
  for (int64_t i = 0; i < type.shape().numel(); ++i) domain.values.push_back(static_cast<double>(i));
  return domain;
}

Domain axis_number(const Node& node, size_t) { return {0, static_cast<double>(node.input(0)->rank())}; }

Domain index_along_axis(const Node& node, size_t) {
  const Dims& dims = node.input(0)->dims();
  return index_into(dims[normalize_axis(node.attrs().i("axis", 0), dims.size())]);
}

Domain output_sizes(const Node& node, size_t input) {
  Domain domain{1, 2};
  const ValueType& type = node.output()->type();
  if (!type.known) return domain;
  for (const Dim& dim : type.dims) domain.values.push_back(static_cast<double>(dim.size_or(1)));
  const ValueType& own = node.input(input)->type();
  const size_t count = own.is_static() ? static_cast<size_t>(own.shape().numel()) : domain.values.size();
  if (count < domain.values.size())
    domain.values.erase(domain.values.begin(), domain.values.end() - static_cast<ptrdiff_t>(count));
  return domain;
}

}  // namespace twofour::ops
