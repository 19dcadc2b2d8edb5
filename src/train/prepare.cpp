#include "train/prepare.h"

#include <algorithm>
#include <unordered_set>

#include "base/log.h"
#include "ops/builder.h"
#include "train/image_layout.h"
#include "train/inference_form.h"

namespace twofour::train {
namespace {

constexpr size_t kScale = 1;  // inputs of BatchNormalization
constexpr size_t kMean = 3;
constexpr size_t kVar = 4;

Value* find_images(const Graph& graph) {
  std::vector<Value*> inputs;
  for (Value* input : graph.inputs())
    if (!input->is_constant()) inputs.push_back(input);
  TWOFOUR_CHECK(inputs.size() == 1, kInvalidArgument,
                "the model has {} inputs; training needs one, the images", inputs.size());
  return inputs[0];
}

void bind_shape(Graph& graph, Value* images, int64_t batch_size, const Shape& image_shape) {
  TWOFOUR_CHECK(batch_size > 0, kInvalidArgument, "batch size is {}, expected at least 1", batch_size);
  Shape shape = {batch_size};
  for (const int64_t dim : image_shape) shape.push_back(dim);
  check_takes_floats(*images);
  const Dims& dims = images->dims();
  bool fits = dims.size() == shape.rank();
  for (size_t i = 1; fits && i < dims.size(); ++i) fits = !dims[i].known() || dims[i].value == shape[i];
  TWOFOUR_CHECK(fits, kInvalidArgument, "input \"{}\" of the model is {}; the images are f32[{}]",
                images->name(), images->type().to_string(), shape.to_string());
  images->set_type({DType::kF32, to_dims(shape)});
  ops::infer_all(graph);
}

Value* find_scores(const Graph& graph, int64_t batch_size) {
  TWOFOUR_CHECK(graph.outputs().size() == 1, kInvalidArgument,
                "the model has {} outputs; training needs one, the scores", graph.outputs().size());
  Value* scores = graph.outputs()[0];
  while (scores->producer()) {
    const Node* node = scores->producer();
    const bool softmax = node->op() == "Softmax" || node->op() == "LogSoftmax";
    if (!softmax && node->op() != "Identity") break;
    if (softmax) log_info("training leaves out {}: the loss contains it", node->label());
    scores = node->input(0);
  }
  TWOFOUR_CHECK(scores->rank() == 2 && scores->dims()[0] == Dim(batch_size) && scores->dtype() == DType::kF32,
                kInvalidArgument, "the scores \"{}\" are {}, expected f32[{},classes]", scores->name(),
                scores->type().to_string(), batch_size);
  return scores;
}

/// Whether only running statistics of batch norms read the value.
bool is_only_statistic(const Value& value) {
  return std::ranges::all_of(value.users(), [&](const Node* user) {
    if (user->op() != "BatchNormalization") return false;
    for (size_t i = 0; i < kMean; ++i)
      if (user->input(i) == &value) return false;
    return true;
  });
}

/// The Relu that alone reads `value`; null when there is none.
Node* only_relu(const Graph& graph, const Value* value) {
  if (value->users().size() != 1 || graph.is_output(value)) return nullptr;
  Node* user = value->users()[0];
  return user->op() == "Relu" ? user : nullptr;
}

/// Its parameters are frozen: so are its statistics.
bool is_frozen(const Node& norm) { return !norm.input(1)->trainable() && !norm.input(2)->trainable(); }

/// The variance of one value is 0, whatever the value.
void check_values_per_channel(const Node& norm) {
  const Shape shape = norm.input(0)->shape();
  TWOFOUR_CHECK(shape.numel() > shape[1], kInvalidArgument,
                "{} normalises over one value per channel ({} with this batch size), which leaves nothing of "
                "it; train with larger batches or freeze its scale and bias",
                norm.label(), norm.input(0)->type().to_string());
}

void train_batch_norm(TrainingForward& forward, Node* node) {
  Graph& graph = forward.graph;
  check_values_per_channel(*node);
  for (const size_t i : {kMean, kVar})
    TWOFOUR_CHECK(node->input(i)->is_constant(), kUnsupported, "{}: running statistic \"{}\" is no constant",
                  node->label(), node->input(i)->name());
  Value* mean = promote_to_input(graph, node->input(kMean));
  Value* var = promote_to_input(graph, node->input(kVar));

  Node* relu = only_relu(graph, node->output());
  const Attrs attrs = {{"epsilon", node->attrs().f("epsilon", 1e-5F)},
                       {"momentum", node->attrs().f("momentum", 0.9F)},
                       {"relu", int64_t{relu != nullptr}}};
  ops::Builder builder(graph, {}, node);
  const std::vector<Value*> outputs =
      builder.op_n("BatchNormTrain", {node->input(0), node->input(1), node->input(2), mean, var}, 5, attrs,
                   node->name() + ".train");
  forward.statistics.push_back({mean, outputs[1]});
  forward.statistics.push_back({var, outputs[2]});

  if (relu) {
    graph.replace_all_uses(relu->output(), outputs[0]);
    graph.erase(relu);
  } else {
    graph.replace_all_uses(node->output(), outputs[0]);
  }
  const std::string name = node->name();
  graph.erase(node);
  graph.rename(outputs[0]->producer(), name);
}

/// Whether some node reads the value as data that is no parameter.
bool is_state(const Value* value) {
  return std::ranges::any_of(value->users(), [&](const Node* user) {
    const ops::OpDef& op = ops::get_op(user->op());
    for (size_t i = 0; i < user->inputs().size(); ++i)
      if (user->input(i) == value && input_port(op, i).state) return true;
    return false;
  });
}

std::vector<Value*> find_parameters(const Graph& graph) {
  std::vector<Value*> parameters;
  for (const auto& value : graph.values())
    if (value->is_constant() && value->trainable() && !value->users().empty() && !is_state(value.get()))
      parameters.push_back(value.get());
  TWOFOUR_CHECK(!parameters.empty(), kUnsupported, "the model has no trainable weight");
  return parameters;
}

void check_masters(const std::vector<Value*>& parameters) {
  for (const Value* value : parameters)
    TWOFOUR_CHECK(value->dtype() == DType::kF32, kUnsupported,
                  "weight \"{}\" is {}; training keeps f32 masters: convert the model to f32 first",
                  value->name(), dtype_name(value->dtype()));
}

}  // namespace

Value* promote_to_input(Graph& graph, Value* constant) {
  const std::string name = constant->name();
  graph.rename(constant, name + ".initial");
  Value* input = graph.add_input(name, constant->type());
  graph.replace_all_uses(constant, input);
  return input;
}

void unshare_norms(Graph& model) {
  std::unordered_set<const Value*> seen;
  for (size_t i = kScale; i <= kVar; ++i)
    for (Node* node : model.node_list()) {
      if (node->op() != "BatchNormalization") continue;
      const Value* value = node->input(i);
      const bool shared = !seen.insert(value).second || (i >= kMean && !is_only_statistic(*value));
      if (!shared || !value->is_constant()) continue;
      Value* own = model.add_constant(value->name(), value->data().clone());
      own->set_trainable(value->trainable());
      model.set_input(node, i, own);
      seen.insert(own);
    }
}

void widen_weights(Graph& model) {
  for (Node* node : model.node_list()) {
    Value* source = node->input(0);
    if (node->op() != "Cast" || !source->is_constant() || !is_half(source->dtype()) ||
        node->output()->dtype() != DType::kF32 || source->users().size() != 1 ||
        model.is_output(node->output()))
      continue;
    source->set_data(source->data().to(DType::kF32));
    model.replace_all_uses(node->output(), source);
    model.erase(node);
  }
}

TrainingForward prepare_training(const Graph& model, int64_t batch_size, const Shape& image_shape) {
  TrainingForward forward{.graph = model.clone()};
  Graph& graph = forward.graph;
  to_inference_form(graph);
  unshare_norms(graph);
  take_channels_first(graph, image_shape);
  forward.images = find_images(graph);
  bind_shape(graph, forward.images, batch_size, image_shape);
  graph.set_outputs({find_scores(graph, batch_size)});
  graph.erase_dead();
  check_masters(find_parameters(graph));
  // Listed first: each one erases the Relu after it, too.
  std::vector<Node*> norms = graph.node_list();
  std::erase_if(norms,
                [](const Node* node) { return node->op() != "BatchNormalization" || is_frozen(*node); });
  for (Node* node : norms) train_batch_norm(forward, node);
  graph.erase_dead();
  forward.scores = graph.outputs()[0];
  forward.parameters = find_parameters(graph);
  return forward;
}

}  // namespace twofour::train
