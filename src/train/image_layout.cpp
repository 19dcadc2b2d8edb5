#include "train/image_layout.h"

#include "ops/builder.h"
#include "ops/infer.h"
#include "ops/strided.h"

namespace twofour::train {
namespace {

bool is_channels(const Dim& dim) { return dim == Dim(1) || dim == Dim(3); }

/// Whether images of shape C,H,W have to be turned for an input with these dims.
bool turns(const Dims& dims, const Shape& image_shape) {
  if (!has_channels_last(dims)) return false;
  const bool fits = image_shape.rank() == 3 && ops::dims_fit(dims[1], image_shape[0]) &&
                    ops::dims_fit(dims[2], image_shape[1]) && ops::dims_fit(dims[3], image_shape[2]);
  return !fits;
}

}  // namespace

bool has_channels_last(const Dims& dims) {
  return dims.size() == 4 && is_channels(dims[3]) && !is_channels(dims[1]);
}

Dims channels_first(const Dims& dims) {
  return has_channels_last(dims) ? Dims{dims[0], dims[3], dims[1], dims[2]} : dims;
}

void take_channels_first(Graph& graph, const Shape& image_shape) {
  if (graph.inputs().size() != 1 || graph.nodes().empty()) return;
  Value* images = graph.inputs()[0];
  if (!turns(images->dims(), image_shape)) return;
  const std::vector<Node*> users = images->users();
  images->set_type({images->dtype(), channels_first(images->dims())});
  ops::Builder builder(graph, {}, graph.nodes().front().get());
  Value* channels_last = builder.transpose(images, {0, 2, 3, 1});
  for (Node* user : users)
    for (size_t i = 0; i < user->inputs().size(); ++i)
      if (user->input(i) == images) graph.set_input(user, i, channels_last);
}

Tensor as_taken(const Tensor& images, const Dims& dims) {
  const Shape& from = images.shape();
  if (from.rank() != 4 || !turns(dims, {from[1], from[2], from[3]})) return images;
  const Shape shape = {from[0], from[2], from[3], from[1]};
  const std::vector<int64_t> strides = from.strides();
  const Tensor taken(images.dtype(), shape);
  ops::copy_strided(images, {0, {strides[0], strides[2], strides[3], strides[1]}}, taken,
                    {0, shape.strides()}, shape);
  return taken;
}

void check_takes_floats(const Value& images) {
  TWOFOUR_CHECK(images.dtype() == DType::kF32, kInvalidArgument,
                "input \"{}\" of the model is {}; images come as f32, scaled and normalised: export the "
                "model with an f32 input, without the Cast behind it",
                images.name(), images.type().to_string());
}

}  // namespace twofour::train
