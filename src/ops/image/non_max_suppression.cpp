// NonMaxSuppression: greedy choice of the best boxes per image and class.
#include <algorithm>
#include <numeric>

#include "ops/domain.h"
#include "ops/example.h"
#include "ops/indexing/ordering.h"
#include "ops/infer.h"

namespace twofour::ops {
namespace {

struct Box {
  float top, left, bottom, right;

  /// y1, x1, y2, x2 in either order of the corners, or centre x, centre y, width, height.
  static Box from(const float* v, bool center) {
    if (center) return {v[1] - v[3] / 2, v[0] - v[2] / 2, v[1] + v[3] / 2, v[0] + v[2] / 2};
    return {std::min(v[0], v[2]), std::min(v[1], v[3]), std::max(v[0], v[2]), std::max(v[1], v[3])};
  }
  float area() const { return (bottom - top) * (right - left); }
  /// Intersection over union; 0 for empty boxes.
  float overlap(const Box& other) const {
    const float height = std::min(bottom, other.bottom) - std::max(top, other.top);
    const float width = std::min(right, other.right) - std::max(left, other.left);
    if (!(height > 0 && width > 0 && area() > 0 && other.area() > 0)) return 0;
    const float shared = height * width;
    return shared / (area() + other.area() - shared);
  }
};

struct Options {
  int64_t most = 0;
  float iou_threshold = 0;
  std::optional<float> score_threshold;
  bool center = false;
};

float scalar_or(const Tensor& tensor, float otherwise) {
  return tensor.defined() && tensor.numel() > 0 ? tensor.span<float>()[0] : otherwise;
}

Options options_of(const Attrs& attrs, std::span<const Tensor> inputs) {
  const auto input = [&](size_t i) { return i < inputs.size() ? inputs[i] : Tensor(); };
  Options options;
  if (input(2).defined() && input(2).numel() > 0) options.most = to_ints(input(2))[0];
  options.iou_threshold = scalar_or(input(3), 0);
  if (input(4).defined() && input(4).numel() > 0) options.score_threshold = scalar_or(input(4), 0);
  options.center = attrs.i("center_point_box", 0) != 0;
  return options;
}

/// The boxes kept for one class, best score first.
std::vector<int64_t> keep(const std::vector<Box>& boxes, const float* scores, const Options& options) {
  std::vector<int64_t> order;
  for (size_t i = 0; i < boxes.size(); ++i)
    if (!options.score_threshold || scores[i] > *options.score_threshold)
      order.push_back(static_cast<int64_t>(i));
  std::ranges::stable_sort(order, [&](int64_t a, int64_t b) { return before(scores[b], scores[a]); });
  std::vector<int64_t> kept;
  for (const int64_t candidate : order) {
    if (static_cast<int64_t>(kept.size()) >= options.most) break;
    const Box& box = boxes[static_cast<size_t>(candidate)];
    if (std::ranges::none_of(kept, [&](int64_t k) {
          return box.overlap(boxes[static_cast<size_t>(k)]) > options.iou_threshold;
        }))
      kept.push_back(candidate);
  }
  return kept;
}

/// Triples image, class, box.
std::vector<int64_t> suppress(const Attrs& attrs, std::span<const Tensor> inputs) {
  const Options options = options_of(attrs, inputs);
  const float* corners = inputs[0].span<float>().data();
  const float* scores = inputs[1].span<float>().data();
  const Shape& shape = inputs[1].shape();
  std::vector<int64_t> result;
  for (int64_t n = 0; n < shape[0]; ++n) {
    std::vector<Box> boxes;
    for (int64_t i = 0; i < shape[2]; ++i, corners += 4) boxes.push_back(Box::from(corners, options.center));
    for (int64_t c = 0; c < shape[1]; ++c, scores += shape[2])
      for (const int64_t box : keep(boxes, scores, options)) result.insert(result.end(), {n, c, box});
  }
  return result;
}

void infer(const Node& node, std::span<ValueType> outputs) {
  const ValueType& boxes = node.input(0)->type();
  const ValueType& scores = node.input(1)->type();
  TWOFOUR_CHECK(boxes.dims.size() == 3 && scores.dims.size() == 3, kInvalidArgument,
                "boxes {} and scores {} must be N,boxes,4 and N,classes,boxes", boxes.to_string(),
                scores.to_string());
  check_dims(boxes, {scores.dims[0], scores.dims[2], 4}, "boxes");
  for (const size_t i : {0, 1, 3, 4})
    if (node.input(i)) check_dtype(node.input(i)->type(), DType::kF32, get_op(node.op()).inputs[i].name);
  if (node.input(2)) check_index(node.input(2)->type(), "max_output_boxes_per_class");
  outputs[0] = {DType::kI64, {Dim(), 3}};
  std::vector<Tensor> inputs;
  for (const Value* input : node.inputs()) {
    if (input && !input->is_constant()) return;
    inputs.push_back(input ? input->data() : Tensor());
  }
  outputs[0].dims[0] = static_cast<int64_t>(suppress(node.attrs(), inputs).size() / 3);
}

void reference(const ReferenceArgs& args) {
  std::ranges::copy(suppress(args.attrs, args.inputs), args.outputs[0].span<int64_t>().begin());
}

ExampleInput constant(Shape shape, std::vector<float> values) {
  return {.shape = std::move(shape), .values = std::move(values), .constant = true};
}

}  // namespace

extern const OpDef kNonMaxSuppression;
const OpDef kNonMaxSuppression = {
    .name = "NonMaxSuppression",
    .doc =
        "Rows image, class, box of the boxes kept: best scores first, without those that overlap a kept "
        "one by more than iou_threshold or do not exceed score_threshold.",
    .inputs =
        {{.name = "boxes", .domain = fractions},
         {.name = "scores", .domain = fractions},
         {.name = "max_output_boxes_per_class", .optional = true, .state = true, .domain = positive_numbers},
         {.name = "iou_threshold", .optional = true, .state = true, .domain = fractions},
         {.name = "score_threshold", .optional = true, .state = true, .domain = fractions}},
    .outputs = {{.name = "selected", .state = true}},
    .attrs = {"center_point_box"},
    .infer = infer,
    .reference = reference,
    .grad = not_differentiable("gives positions"),
    .amp = Amp::kFixed,
    .quant = quant_float("compares areas of boxes"),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {constant({1, 3, 4}, {0, 0, 1, 1, 0, 0.1F, 1, 1.1F, 3, 3, 2, 2}),
                             constant({1, 2, 3}, {0.9F, 0.75F, 0.6F, 0.1F, 0.95F, 0.5F}), example_ints({3}),
                             constant({1}, {0.5F}), constant({1}, {0.2F})}},
                 {.inputs = {constant({1, 2, 4}, {0.5F, 0.5F, 1, 1, 0.5F, 0.6F, 1, 1}),
                             constant({1, 1, 2}, {0.9F, 0.75F}), example_ints({1})},
                  .attrs = {{"center_point_box", int64_t{1}}}}},
};

}  // namespace twofour::ops
