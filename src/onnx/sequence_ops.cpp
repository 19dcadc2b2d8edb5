#include "onnx/sequence_ops.h"

#include <algorithm>
#include <array>

#include "onnx/draft_edit.h"
#include "ops/infer.h"
#include "ops/shape_value.h"

namespace twofour::onnx_io {
namespace {

using Elements = std::vector<Value*>;

struct Call {
  Draft& draft;
  const Entities& inputs;

  ops::Builder& builder() const { return draft.builder; }
  bool has(size_t i) const { return i < inputs.size() && inputs[i].kind != Entity::Kind::kNothing; }
  const Elements& sequence(size_t i) const {
    TWOFOUR_CHECK(i < inputs.size() && inputs[i].is_sequence(), kInvalidArgument,
                  "input {} is not a sequence", i);
    return inputs[i].values;
  }
  Value* tensor(size_t i) const {
    TWOFOUR_CHECK(has(i), kInvalidArgument, "input {} is missing", i);
    return inputs[i].as_tensor(fmt::format("input {}", i));
  }
  /// The place in a sequence that input `i` names, `limit` places there are; `otherwise` where it is left
  /// out.
  size_t position(size_t i, int64_t length, int64_t limit, int64_t otherwise) const {
    int64_t at = otherwise;
    if (has(i)) {
      const auto known = ops::known_ints(tensor(i));
      TWOFOUR_CHECK(known && known->size() == 1, kUnsupported,
                    "the position in the sequence is known only when the network runs");
      at = (*known)[0];
    }
    TWOFOUR_CHECK(at >= -length && at < limit, kInvalidArgument, "position {} is outside a sequence of {}",
                  at, length);
    return static_cast<size_t>(at < 0 ? at + length : at);
  }
};

/// Squeeze or Unsqueeze of each; names are numbered here, since finding free ones takes time by their square.
Elements with_axis(ops::Builder& b, std::string_view op, const Elements& values, int64_t axis,
                   const std::string& name) {
  Value* axes = b.constant(name + ".axes", Tensor::i64({axis}));
  Elements results;
  for (Value* value : values)
    results.push_back(b.op(op, {value, axes}, {}, fmt::format("{}/{}", name, results.size())));
  return results;
}

Value* concat(ops::Builder& b, const Elements& values, int64_t axis, const std::string& name) {
  TWOFOUR_CHECK(!values.empty(), kUnsupported, "the sequence is empty, so that its result has no type");
  return b.op("Concat", values, {{"axis", axis}}, name);
}

Entity construct(const Call& call) {
  Elements elements;
  for (size_t i = 0; i < call.inputs.size(); ++i) elements.push_back(call.tensor(i));
  return Entity::sequence(std::move(elements));
}

Entity empty(const Call&) { return Entity::sequence({}); }

Entity insert(const Call& call) {
  Elements elements = call.sequence(0);
  const auto length = static_cast<int64_t>(elements.size());
  const size_t at = call.position(2, length, length + 1, length);
  elements.insert(elements.begin() + static_cast<std::ptrdiff_t>(at), call.tensor(1));
  return Entity::sequence(std::move(elements));
}

Entity erase(const Call& call) {
  Elements elements = call.sequence(0);
  const auto length = static_cast<int64_t>(elements.size());
  const size_t at = call.position(1, length, length, length - 1);
  elements.erase(elements.begin() + static_cast<std::ptrdiff_t>(at));
  return Entity::sequence(std::move(elements));
}

/// An element whose number is known only when the network runs: all have one shape, or nothing could follow.
Entity gather(const Call& call, const Elements& elements) {
  for (const Value* element : elements)
    TWOFOUR_CHECK(element->type() == elements[0]->type() && element->type().is_static(), kUnsupported,
                  "the position is known only when the network runs, and elements are {} and {}",
                  elements[0]->type().to_string(), element->type().to_string());
  ops::Builder& b = call.builder();
  Value* all = stack(b, elements, call.draft.name + ".stack");
  Value* index = b.reshape(call.tensor(1), {});
  return Entity::tensor(b.op("Gather", {all, index}, {{"axis", int64_t{0}}}, call.draft.name));
}

Entity at(const Call& call) {
  const Elements& elements = call.sequence(0);
  if (!ops::known_ints(call.tensor(1)) && !elements.empty()) return gather(call, elements);
  const auto length = static_cast<int64_t>(elements.size());
  return Entity::tensor(elements[call.position(1, length, length, 0)]);
}

Entity length(const Call& call) {
  const auto count = static_cast<int64_t>(call.sequence(0).size());
  return Entity::tensor(constant(call.draft, "length", Tensor::of<int64_t>({}, std::array{count})));
}

/// The sizes of the parts; `split` is one size for all of them, or the list.
std::vector<int64_t> part_sizes(const Dim& dim, const Value* split) {
  const auto known = split ? ops::known_ints(split) : std::vector<int64_t>{1};
  TWOFOUR_CHECK(known, kUnsupported, "the sizes of the parts are known only when the network runs");
  if (split && split->rank() == 1) return *known;
  TWOFOUR_CHECK(dim.known(), kUnsupported,
                "the axis has an unknown size, so that the number of parts is not known; give the sizes of "
                "the model's inputs");
  constexpr int64_t kMostParts = 1 << 14;
  const int64_t size = known->at(0);
  TWOFOUR_CHECK(size > 0, kInvalidArgument, "parts of size {}", size);
  TWOFOUR_CHECK(dim.value / size <= kMostParts, kResourceExhausted, "{} parts", dim.value / size);
  std::vector<int64_t> sizes(static_cast<size_t>(dim.value / size), size);
  if (dim.value % size != 0) sizes.push_back(dim.value % size);
  return sizes;
}

Entity split(const Call& call) {
  ops::Builder& b = call.builder();
  Value* src = call.tensor(0);
  TWOFOUR_CHECK(src->type().known, kUnsupported, "the rank of its input is not known");
  const size_t axis = ops::normalize_axis(call.draft.attrs.i("axis", 0), src->rank());
  Value* sizes_input = call.has(1) ? call.tensor(1) : nullptr;
  const std::vector<int64_t> sizes = part_sizes(src->dims()[axis], sizes_input);
  if (sizes.empty()) return Entity::sequence({});
  const auto axis_attr = static_cast<int64_t>(axis);
  Elements parts = b.op_n("Split", {src, constant(call.draft, "split", Tensor::i64(sizes))}, sizes.size(),
                          {{"axis", axis_attr}}, call.draft.name);
  if (!sizes_input && call.draft.attrs.i("keepdims", 1) == 0)
    parts = with_axis(b, "Squeeze", parts, axis_attr, call.draft.name);
  return Entity::sequence(std::move(parts));
}

Entity join(const Call& call) {
  Elements elements = call.sequence(0);
  const int64_t axis = call.draft.attrs.i("axis", 0);
  if (call.draft.attrs.i("new_axis", 0) != 0)
    elements = with_axis(call.builder(), "Unsqueeze", elements, axis, call.draft.name);
  return Entity::tensor(concat(call.builder(), elements, axis, call.draft.name));
}

Entity make_optional(const Call& call) { return call.has(0) ? call.inputs[0] : Entity::nothing(); }

Entity has_element(const Call& call) {
  return Entity::tensor(constant(call.draft, "has", Tensor::of<bool>({}, std::array{call.has(0)})));
}

Entity get_element(const Call& call) {
  TWOFOUR_CHECK(call.has(0), kInvalidArgument, "the optional has no value");
  return call.inputs[0];
}

struct SequenceOp {
  std::string_view name;
  Entity (*apply)(const Call& call);
};

constexpr std::array kOps = {
    SequenceOp{"ConcatFromSequence", join},
    SequenceOp{"Optional", make_optional},
    SequenceOp{"OptionalGetElement", get_element},
    SequenceOp{"OptionalHasElement", has_element},
    SequenceOp{"SequenceAt", at},
    SequenceOp{"SequenceConstruct", construct},
    SequenceOp{"SequenceEmpty", empty},
    SequenceOp{"SequenceErase", erase},
    SequenceOp{"SequenceInsert", insert},
    SequenceOp{"SequenceLength", length},
    SequenceOp{"SplitToSequence", split},
};

}  // namespace

bool is_sequence_op(std::string_view op) {
  return std::ranges::find(kOps, op, &SequenceOp::name) != kOps.end();
}

Entity apply_sequence_op(Draft& draft, const Entities& inputs) {
  return std::ranges::find(kOps, draft.op, &SequenceOp::name)->apply({draft, inputs});
}

Value* stack(ops::Builder& builder, const std::vector<Value*>& values, const std::string& name) {
  return concat(builder, with_axis(builder, "Unsqueeze", values, 0, name), 0, name);
}

}  // namespace twofour::onnx_io
