#include "train/open_batch.h"

#include <algorithm>
#include <unordered_set>

#include "base/log.h"
#include "ops/builder.h"
#include "ops/infer.h"

namespace twofour::train {
namespace {

/// Where the batch stands in `dims`.
std::optional<size_t> batch_axis(const Dims& dims) {
  const auto it = std::ranges::find_if(dims, [](const Dim& dim) { return !dim.known(); });
  return it == dims.end() ? std::nullopt : std::optional<size_t>(it - dims.begin());
}

bool has_batch(const Value* value) { return value && batch_axis(value->dims()).has_value(); }

/// The product of the first `count` sizes.
int64_t outer_size(const Dims& dims, size_t count) {
  int64_t size = 1;
  for (size_t i = 0; i < count; ++i) size *= dims[i].value;
  return size;
}

/// The axis of `to` that begins where axis `axis` of `from` does and holds a multiple of `batch`: of several
/// (sizes of 1 stand between) the same one, if it is among them.
std::optional<size_t> same_place(const Dims& from, size_t axis, const Dims& to, int64_t batch) {
  std::optional<size_t> found;
  const int64_t outer = outer_size(from, axis);
  for (size_t i = 0; i < to.size(); ++i)
    if (outer_size(to, i) == outer && to[i].value % batch == 0 && (!found || i == axis)) found = i;
  return found;
}

/// `fixed`: the type of the result for the batch that was built in.
void open_reshape(Graph& graph, Node* node, size_t axis, const Dims& fixed, int64_t batch) {
  const Value* shape = node->input(1);
  if (!shape->is_constant()) return;
  const auto place = same_place(node->input(0)->dims(), axis, fixed, batch);
  if (!place) return;
  std::vector<int64_t> sizes;
  for (const Dim& dim : fixed) sizes.push_back(dim.value);
  sizes[*place] = -1;
  node->attrs().erase("allowzero");
  graph.set_input(node, 1, graph.add_constant(shape->name(), Tensor::i64(sizes)));
}

/// Sizes become the factors that they stand for.
void open_resize(Graph& graph, Node* node, const Dims& fixed) {
  constexpr size_t kScales = 2;
  constexpr size_t kSizes = 3;
  const Value* sizes = node->input(kSizes);
  if (!sizes || !sizes->is_constant() || node->attrs().has("axes")) return;
  std::vector<float> factors;
  for (size_t i = 0; i < fixed.size(); ++i) {
    const Dim& from = node->input(0)->dims()[i];
    factors.push_back(from.known() ? static_cast<float>(fixed[i].value) / static_cast<float>(from.value) : 1);
  }
  graph.set_input(node, kScales,
                  graph.add_constant(sizes->name() + ".factors",
                                     Tensor::of<float>({static_cast<int64_t>(factors.size())}, factors)));
  graph.set_input(node, kSizes, nullptr);
  node->attrs().erase("keep_aspect_ratio_policy");
}

/// A size of 1 keeps that of the source.
void open_expand(Graph& graph, Node* node, size_t axis, int64_t batch) {
  const Value* shape = node->input(1);
  if (!shape->is_constant()) return;
  std::vector<int64_t> sizes = ops::to_ints(shape->data());
  const size_t from_end = node->input(0)->rank() - axis;
  if (from_end > sizes.size() || sizes[sizes.size() - from_end] != batch) return;
  sizes[sizes.size() - from_end] = 1;
  graph.set_input(node, 1, graph.add_constant(shape->name(), Tensor::i64(sizes)));
}

bool is_computed_from_constants(const Value* value) {
  std::unordered_set<const Value*> seen = {value};
  std::vector<const Value*> left = {value};
  while (!left.empty()) {
    const Value* next = left.back();
    left.pop_back();
    if (next->is_constant()) continue;
    if (!next->producer()) return false;
    for (const Value* input : next->producer()->inputs())
      if (input && seen.insert(input).second) left.push_back(input);
  }
  return true;
}

/// What `part` repeats for each item of the batch; null where the items may differ.
Value* one_item(Value* part, size_t axis) {
  const Node* node = part->producer();
  if (node && node->op() == "Expand" && node->input(0)->type().known) {
    Value* src = node->input(0);
    const size_t added = part->rank() - src->rank();
    if (axis < added || src->dims()[axis - added] == Dim(1)) return src;
  }
  return part->dims()[axis] == Dim(1) ? part : nullptr;
}

/// `item` as often as `open` has items, else of the sizes `dims`.
Value* for_each_item(ops::Builder builder, Value* item, const Dims& dims, size_t axis, Value* open) {
  std::vector<int64_t> sizes;
  for (const Dim& dim : dims) sizes.push_back(dim.value);
  const auto at = static_cast<int64_t>(axis);
  std::vector<Value*> parts;
  if (at > 0) parts.push_back(builder.i64({sizes.begin(), sizes.begin() + at}));
  parts.push_back(builder.op("Shape", {open}, {{"start", at}, {"end", at + 1}}));
  if (axis + 1 < sizes.size()) parts.push_back(builder.i64({sizes.begin() + at + 1, sizes.end()}));
  return builder.op("Expand", {item, builder.op("Concat", parts, {{"axis", int64_t{0}}})});
}

/// Constants that are joined to every item: a class token.
void open_concat(Graph& graph, Node* node, int64_t batch) {
  const auto open = std::ranges::find_if(node->inputs(), has_batch);
  if (open == node->inputs().end()) return;
  Value* items = *open;
  const size_t axis = *batch_axis(items->dims());
  if (ops::normalize_axis(node->attrs().i("axis", 0), items->rank()) == axis) return;
  const ops::Builder builder(graph, node->name() + ".", node);
  for (size_t i = 0; i < node->inputs().size(); ++i) {
    Value* part = node->input(i);
    const bool fixed = part->type().known && part->type().is_static() && part->rank() == items->rank() &&
                       part->dims()[axis] == Dim(batch);
    if (!fixed || !is_computed_from_constants(part)) continue;
    if (Value* item = one_item(part, axis))
      graph.set_input(node, i, for_each_item(builder, item, part->dims(), axis, items));
  }
}

/// `node` has the types of the built-in batch, its inputs those of the open one.
void adapt(Graph& graph, Node* node, int64_t batch) {
  if (node->op() == "Concat") return open_concat(graph, node, batch);
  const ValueType& fixed = node->output()->type();
  if (!node->input(0) || !fixed.known || !fixed.is_static()) return;
  const auto axis = batch_axis(node->input(0)->dims());
  if (!axis) return;
  if (node->op() == "Reshape") open_reshape(graph, node, *axis, fixed.dims, batch);
  else if (node->op() == "Resize") open_resize(graph, node, fixed.dims);
  else if (node->op() == "Expand") open_expand(graph, node, *axis, batch);
}

/// Which node gives tensors of the same sizes for every batch; "" when none does.
std::string where_it_ends(const Graph& model) {
  for (const auto& node : model.nodes()) {
    if (node->op() == "Shape" || node->op() == "Size") continue;
    if (std::ranges::any_of(node->inputs(), has_batch) && std::ranges::none_of(node->outputs(), has_batch))
      return fmt::format(": {} gives {} for every batch", node->label(), node->output()->type().to_string());
  }
  return "";
}

void check_open(const Graph& model, int64_t batch) {
  for (const Value* output : model.outputs())
    TWOFOUR_CHECK(
        !output->dims().empty() && !output->dims()[0].known(), kUnsupported,
        "the model is made for batches of {}: output \"{}\" stays {} when the batch is open{}; export it "
        "with a dynamic batch",
        batch, output->name(), output->type().to_string(), where_it_ends(model));
}

}  // namespace

void open_batch(Graph& model, int64_t batch_size) {
  if (model.inputs().size() != 1 || model.inputs()[0]->rank() == 0) return;
  Value* input = model.inputs()[0];
  Dims dims = input->dims();
  const int64_t batch = dims[0].value;
  if (batch < 1 || batch == batch_size) return;
  dims[0] = Dim::named("N");
  input->set_type({input->dtype(), dims});
  with_context([&] { return fmt::format("opening the batch, which the model fixes to {}", batch); },
               [&] {
                 for (Node* node : model.node_list()) {
                   adapt(model, node, batch);
                   ops::infer_types(*node);
                 }
               });
  model.erase_dead();
  check_open(model, batch);
  log_info("the batch of {} that the model fixes is opened: \"{}\" is {}", batch, input->name(),
           input->type().to_string());
}

}  // namespace twofour::train
