// ArgMax and ArgMin, and TopOneCorrect, the accuracy count, which takes the first of equal maxima.
#include "ops/builder.h"
#include "ops/domain.h"
#include "ops/indexing/ordering.h"
#include "ops/infer.h"
#include "ops/strided.h"

namespace twofour::ops {
namespace {

void infer(const Node& node, std::span<ValueType> outputs) {
  const ValueType& src = node.input(0)->type();
  TWOFOUR_CHECK(src.dtype != DType::kBool, kUnsupported, "src is bool; numbers are expected");
  const size_t axis = normalize_axis(node.attrs().i("axis", 0), src.dims.size());
  TWOFOUR_CHECK(src.dims[axis] != Dim(0), kInvalidArgument, "src is {}; there is no extreme of nothing",
                src.to_string());
  outputs[0] = {DType::kI64, src.dims};
  if (node.attrs().i("keepdims", 1) != 0) outputs[0].dims[axis] = 1;
  else outputs[0].dims.erase(outputs[0].dims.begin() + static_cast<int64_t>(axis));
}

/// `Wins` says that its first argument is better than the second.
template <typename Wins>
void reference(const ReferenceArgs& args) {
  const Shape& shape = args.inputs[0].shape();
  const AxisView view(shape, normalize_axis(args.attrs.i("axis", 0), shape.rank()));
  const bool last = args.attrs.i("select_last_index", 0) != 0;
  auto dst = args.outputs[0].span<int64_t>().begin();
  dispatch_number(args.inputs[0].dtype(), [&]<typename T>(T) {
    const T* src = args.inputs[0].span<T>().data();
    for (int64_t o = 0; o < view.outer; ++o)
      for (int64_t i = 0; i < view.inner; ++i) {
        const T* row = src + o * view.size * view.inner + i;
        int64_t best = 0;
        for (int64_t c = 1; c < view.size; ++c) {
          const T value = row[c * view.inner];
          const T so_far = row[best * view.inner];
          if (Wins{}(value, so_far) || (last && !Wins{}(so_far, value))) best = c;
        }
        *dst++ = best;
      }
  });
}

void infer_correct(const Node& node, std::span<ValueType> outputs) {
  const ValueType& scores = node.input(0)->type();
  check_float(scores, "scores");
  TWOFOUR_CHECK(scores.dims.size() == 2 && scores.dims[1] != Dim(0), kInvalidArgument,
                "scores are {}; N,C is expected", scores.to_string());
  check_index(node.input(1)->type(), "labels");
  check_dims(node.input(1)->type(), {scores.dims[0]}, "labels");
  outputs[0] = {DType::kF32, {}};
}

void reference_correct(const ReferenceArgs& args) {
  const std::vector<int64_t> labels = to_ints(args.inputs[1]);
  const int64_t classes = args.inputs[0].shape()[1];
  const float* row = args.inputs[0].span<float>().data();
  int64_t correct = 0;
  for (const int64_t label : labels) {
    const auto wins_less = [](float a, float b) { return Above{}(b, a); };
    correct += std::max_element(row, row + classes, wins_less) - row == label;
    row += classes;
  }
  args.outputs[0].span<float>()[0] = static_cast<float>(correct);
}

OpDef index_of(std::string_view name, std::string_view doc, ReferenceFn fn) {
  return {
      .name = name,
      .doc = doc,
      .inputs = {{"src"}},
      .outputs = {{"dst"}},
      .attrs = {"axis", "keepdims", "select_last_index"},
      .infer = infer,
      .reference = fn,
      .grad = not_differentiable("the result is an index"),
      .amp = Amp::kClear,
      .quant = quant_float("the result is an index"),
      .sparsity = no_sparsity(),
      .examples =
          {{.inputs = {{.shape = {3, 4, 5}}}, .attrs = {{"axis", int64_t{1}}}},
           {.inputs = {{.shape = {2, 3}, .values = {1, 3, 3, 2, 2, 0}}},
            .attrs = {{"axis", int64_t{-1}}, {"keepdims", int64_t{0}}, {"select_last_index", int64_t{1}}}},
           {.inputs = {{.dtype = DType::kI64, .shape = {5}, .low = -9, .high = 9}}}},
  };
}

}  // namespace

extern const OpDef kArgMax;
const OpDef kArgMax = index_of(
    "ArgMax", "dst = the index of the maximum of src along `axis`, the first one unless select_last_index.",
    reference<Above>);
extern const OpDef kArgMin;
const OpDef kArgMin = index_of(
    "ArgMin", "dst = the index of the minimum of src along `axis`, the first one unless select_last_index.",
    reference<Below>);

extern const OpDef kTopOneCorrect;
const OpDef kTopOneCorrect = {
    .name = "TopOneCorrect",
    .doc = "correct = the number of rows n whose first maximum of scores[n,:] stands at labels[n], as f32.",
    .standard = false,
    .inputs = {{"scores"}, {.name = "labels", .state = true, .domain = class_numbers}},
    .outputs = {{.name = "correct", .keep_f32 = true}},
    .infer = infer_correct,
    .reference = reference_correct,
    .grad = not_differentiable("the result is a count"),
    .amp = Amp::kDeny,
    .quant = quant_float("a metric"),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {{.shape = {4, 3}, .values = {1, 2, 2, 5, 0, 1, 0, 0, 9, 1, 7, 3}},
                             {.dtype = DType::kI64, .shape = {4}, .values = {1, 0, 1, 1}}}}},
};

}  // namespace twofour::ops
