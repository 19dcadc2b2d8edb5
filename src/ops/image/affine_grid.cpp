#include "ops/builder.h"
#include "ops/domain.h"
#include "ops/example.h"
#include "ops/infer.h"
#include "ops/shape_value.h"

namespace twofour::ops {
namespace {

/// The homogeneous coordinates (x, y, 1) or (x, y, z, 1) of every point of an image of these spatial sizes.
std::vector<double> base_points(const std::vector<int64_t>& sizes, bool align_corners) {
  const Shape shape(sizes);
  const std::vector<int64_t> strides = shape.strides();
  std::vector<double> points;
  for (int64_t at = 0; at < shape.numel(); ++at) {
    for (size_t i = sizes.size(); i-- > 0;) {
      const auto n = static_cast<double>(sizes[i]);
      const auto x = static_cast<double>(at / strides[i] % sizes[i]);
      points.push_back(align_corners ? (sizes[i] > 1 ? 2 * x / (n - 1) - 1 : -1) : (2 * x + 1) / n - 1);
    }
    points.push_back(1);
  }
  return points;
}

void infer(const Node& node, std::span<ValueType> outputs) {
  const ValueType& theta = node.input(0)->type();
  check_real(theta, "theta");
  TWOFOUR_CHECK(theta.dims.size() == 3, kInvalidArgument, "theta is {}; N,2,3 or N,3,4 is expected",
                theta.to_string());
  TWOFOUR_CHECK(theta.dims[1].known(), kUnsupported, "theta is {}; its number of rows must be known",
                theta.to_string());
  TWOFOUR_CHECK((theta.dims[1].value == 2 || theta.dims[1].value == 3) &&
                    dims_fit(theta.dims[2], theta.dims[1].value + 1),
                kInvalidArgument, "theta is {}; N,2,3 or N,3,4 is expected", theta.to_string());
  const int64_t spatial = theta.dims[1].value;
  check_index(node.input(1)->type(), "size");
  check_dims(node.input(1)->type(), {spatial + 2}, "size");
  const auto entries = shape_value(node.input(1));
  outputs[0] = {theta.dtype, {theta.dims[0]}};
  for (int64_t i = 0; i < spatial; ++i)
    outputs[0].dims.push_back(entries ? (*entries)[static_cast<size_t>(i) + 2].dim() : Dim());
  outputs[0].dims.emplace_back(spatial);
  if (entries)
    TWOFOUR_CHECK(dims_fit((*entries)[0].dim(), theta.dims[0]), kInvalidArgument,
                  "theta {} and size differ in the batch", theta.to_string());
}

std::vector<int64_t> spatial_of(const Shape& grid) { return {grid.begin() + 1, grid.end() - 1}; }

void reference(const ReferenceArgs& args) {
  const Shape& grid = args.outputs[0].shape();
  const std::vector<double> points = base_points(spatial_of(grid), args.attrs.i("align_corners", 0) != 0);
  const auto rows = static_cast<size_t>(grid[grid.rank() - 1]);
  dispatch_real(args.inputs[0].dtype(), [&]<typename T>(T) {
    const T* theta = args.inputs[0].span<T>().data();
    T* dst = args.outputs[0].span<T>().data();
    for (int64_t n = 0; n < grid[0]; ++n, theta += rows * (rows + 1))
      for (size_t p = 0; p < points.size(); p += rows + 1)
        for (size_t r = 0; r < rows; ++r) {
          double sum = 0;
          for (size_t i = 0; i <= rows; ++i) sum += double{theta[r * (rows + 1) + i]} * points[p + i];
          *dst++ = static_cast<T>(sum);
        }
  });
}

// grid = points * theta^T, so that of theta is grad^T * points.
std::vector<Value*> grad(const GradArgs& args) {
  Builder& b = args.builder;
  const Shape grid = args.node.output()->shape();
  const std::vector<double> points =
      base_points(spatial_of(grid), args.node.attrs().i("align_corners", 0) != 0);
  const int64_t rows = grid[grid.rank() - 1];
  const auto count = static_cast<int64_t>(points.size()) / (rows + 1);
  const Tensor base = Tensor::of<double>({count, rows + 1}, points).to(args.node.input(0)->dtype());
  Value* dy = b.transpose(b.reshape(args.grad_outputs[0], {grid[0], count, rows}), {0, 2, 1});
  return {b.op("MatMul", {dy, b.constant("points", base)}), nullptr};
}

Domain grid_sizes(const Node& node, size_t) {
  Domain domain{1, 2};
  const Dims& grid = node.output()->dims();
  if (grid.empty()) return domain;
  const auto value = [](const Dim& dim) { return static_cast<double>(dim.size_or(1)); };
  domain.values = {value(grid[0]), 1};
  for (size_t i = 1; i + 1 < grid.size(); ++i) domain.values.push_back(value(grid[i]));
  return domain;
}

}  // namespace

extern const OpDef kAffineGrid;
const OpDef kAffineGrid = {
    .name = "AffineGrid",
    .doc = "dst[n,y,x] = theta[n] * (x, y, 1): the grid that GridSample reads, for an image of shape `size`.",
    .inputs = {{"theta"}, {.name = "size", .state = true, .domain = grid_sizes}},
    .outputs = {{"dst"}},
    .attrs = {"align_corners"},
    .infer = infer,
    .reference = reference,
    .grad = Grad(grad, "sizes are not numbers to differentiate by"),
    .amp = Amp::kDeny,
    .quant = quant_float("coordinates are fractions of a pixel"),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {{.shape = {2, 2, 3}}, example_ints({2, 3, 4, 5})}},
                 {.inputs = {{.shape = {1, 3, 4}}, example_ints({1, 1, 2, 3, 1})},
                  .attrs = {{"align_corners", int64_t{1}}}}},
};

}  // namespace twofour::ops
