#include "ops/pooling/pool_geometry.h"

#include "ops/infer.h"

namespace twofour::ops {

Window3d pool_window_from(const Attrs& attrs, const Dims& src) {
  TWOFOUR_CHECK(attrs.has("kernel_shape"), kInvalidArgument, "attribute kernel_shape is missing");
  const Window3d window = window_from_attrs(attrs, src, nullptr);
  for (size_t i = 0; i < 6; ++i)
    TWOFOUR_CHECK(window.pads[i] < window.extent(i % 3), kInvalidArgument,
                  "padding {} is not smaller than the window of {}", window.pads[i], window.extent(i % 3));
  return window;
}

Pool3d pool3d_from(const Attrs& attrs, const Shape& src) {
  Pool3d pool{.window = pool_window_from(attrs, to_dims(src))};
  pool.planes = src[0] * src[1];
  pool.in = spatial_sizes(src);
  for (size_t i = 0; i < 3; ++i) pool.out[i] = pool.window.out_size(i, pool.in[i]);
  return pool;
}

ValueType infer_pool(const Attrs& attrs, const ValueType& src) {
  TWOFOUR_CHECK(src.dims.size() >= 3, kInvalidArgument, "src {} must have a batch, channels and spatial axes",
                src.to_string());
  return {src.dtype, windowed_dims(pool_window_from(attrs, src.dims), src.dims, src.dims[1])};
}

void check_pooled(const Attrs& attrs, const ValueType& type, const Shape& src, std::string_view what) {
  check_dims(type, infer_pool(attrs, {type.dtype, to_dims(src)}).dims, what);
}

}  // namespace twofour::ops
