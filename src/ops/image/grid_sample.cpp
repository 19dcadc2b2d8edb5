// GridSample: src read at the positions of a grid; any number of spatial dimensions.
#include "ops/image/grid_taps.h"
#include "ops/infer.h"
#include "ops/strided.h"

namespace twofour::ops {
namespace {

void infer(const Node& node, std::span<ValueType> outputs) {
  const ValueType& src = node.input(0)->type();
  const ValueType& grid = node.input(1)->type();
  check_real(src, "src");
  check_real(grid, "grid");
  grid_options_from(node.attrs());
  const size_t rank = src.dims.size();
  TWOFOUR_CHECK(rank >= 3 && grid.dims.size() == rank && dims_fit(src.dims[0], grid.dims[0]) &&
                    dims_fit(grid.dims.back(), static_cast<int64_t>(rank - 2)),
                kInvalidArgument, "grid {} does not fit src {}", grid.to_string(), src.to_string());
  for (size_t i = 2; i < rank; ++i)
    TWOFOUR_CHECK(src.dims[i] != Dim(0), kInvalidArgument, "src {} is empty", src.to_string());
  outputs[0] = {src.dtype, {merge(src.dims[0], grid.dims[0]), src.dims[1]}};
  outputs[0].dims.insert(outputs[0].dims.end(), grid.dims.begin() + 1, grid.dims.end() - 1);
}

/// The weighted sum over the taps of axis `axis` and all that follow.
template <typename T>
double sample(const T* image, const Shape& src, std::span<const GridTaps> taps, size_t axis, int64_t offset) {
  if (axis == taps.size()) return image[offset];
  double sum = 0;
  for (size_t i = 0; i < taps[axis].count; ++i)
    if (taps[axis].index[i] >= 0 && taps[axis].weight[i] != 0)
      sum += taps[axis].weight[i] *
             sample(image, src, taps, axis + 1, offset * src[axis + 2] + taps[axis].index[i]);
  return sum;
}

template <typename T>
void sample_all(const ReferenceArgs& args) {
  const GridOptions options = grid_options_from(args.attrs);
  const Shape& src = args.inputs[0].shape();
  const Shape& dst = args.outputs[0].shape();
  const size_t spatial = src.rank() - 2;
  const int64_t points = dst.numel(2, dst.rank());
  const int64_t plane = src.numel(2, src.rank());
  const Tensor positions = args.inputs[1].to(DType::kF64);
  const double* grid = positions.span<double>().data();
  for (int64_t n = 0; n < dst[0]; ++n)
    for (int64_t p = 0; p < points; ++p, grid += spatial) {
      std::vector<GridTaps> taps;  // the grid names the innermost axis first
      for (size_t i = 0; i < spatial; ++i) taps.emplace_back(options, grid[spatial - 1 - i], src[i + 2]);
      for (int64_t c = 0; c < dst[1]; ++c) {
        const T* image = args.inputs[0].span<T>().data() + (n * src[1] + c) * plane;
        args.outputs[0].span<T>()[static_cast<size_t>((n * dst[1] + c) * points + p)] =
            static_cast<T>(sample(image, src, taps, 0, 0));
      }
    }
}

void reference(const ReferenceArgs& args) {
  dispatch_real(args.inputs[0].dtype(), [&]<typename T>(T) { sample_all<T>(args); });
}

Attrs settings(const char* mode, const char* padding, bool align_corners) {
  return {{"mode", std::string(mode)},
          {"padding_mode", std::string(padding)},
          {"align_corners", int64_t{align_corners}}};
}

}  // namespace

extern const OpDef kGridSample;
const OpDef kGridSample = {
    .name = "GridSample",
    .doc =
        "dst[n,c,p,...] = src[n,c] interpolated at grid[n,p,...], coordinates from -1 to 1, innermost first.",
    .inputs = {{"src"}, {.name = "grid", .keep_f32 = true}},
    .outputs = {{"dst"}},
    .attrs = {"align_corners", "mode", "padding_mode"},
    .infer = infer,
    .reference = reference,
    .grad = not_differentiable("there is no operator for its gradient"),
    .amp = Amp::kDeny,
    .quant = quant_float("the grid is fractions of a pixel"),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {{.shape = {2, 2, 4, 5}}, {.shape = {2, 3, 2, 2}, .low = -1.2F, .high = 1.2F}}},
                 {.inputs = {{.shape = {1, 1, 4, 5}}, {.shape = {1, 3, 3, 2}, .low = -2, .high = 2}},
                  .attrs = settings("cubic", "reflection", true)},
                 {.inputs = {{.shape = {1, 2, 4, 3}}, {.shape = {1, 3, 4, 2}, .low = -1.5F, .high = 1.5F}},
                  .attrs = settings("nearest", "border", false)},
                 {.inputs = {{.shape = {1, 2, 3, 4, 3}}, {.shape = {1, 2, 1, 3, 3}}},
                  .attrs = settings("linear", "border", true)}},
};

}  // namespace twofour::ops
