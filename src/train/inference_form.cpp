#include "train/inference_form.h"

#include <algorithm>

#include "base/log.h"
#include "ops/builder.h"

namespace twofour::train {
namespace {

void check_only_first_is_read(const Graph& graph, const Node& node, std::string_view others) {
  for (const Value* output : std::span(node.outputs()).subspan(1))
    TWOFOUR_CHECK(output->users().empty() && !graph.is_output(output), kUnsupported,
                  "{}: its {} used, which training does not support", node.label(), others);
}

void drop_dropout(Graph& graph, Node* node) {
  check_only_first_is_read(graph, *node, "mask is");
  log_info("{} is left out: dropout is not applied", node->label());
  graph.replace_all_uses(node->output(), node->input(0));
  graph.erase(node);
}

void fix_statistics(Graph& graph, Node* node) {
  check_only_first_is_read(graph, *node, "new running statistics are");
  log_info("{} was exported in training form and becomes BatchNormalization", node->label());
  Attrs attrs;
  for (const char* name : {"epsilon", "momentum"})
    if (node->attrs().has(name)) attrs.set(name, node->attrs().f(name, 0));
  const std::string name = node->name();
  const std::string output = node->output()->name();
  ops::Builder builder(graph, {}, node);
  Value* result = builder.op("BatchNormalization", node->inputs(), attrs, name + ".fixed");
  if (node->attrs().i("relu", 0) != 0) result = builder.op("Relu", {result}, {}, name + ".relu");
  Node* fixed = result->producer();
  graph.replace_all_uses(node->output(), result);
  graph.erase(node);
  graph.rename(fixed, name);
  graph.rename(result, output);
}

}  // namespace

void to_inference_form(Graph& graph) {
  for (Node* node : graph.node_list()) {
    if (node->op() == "Dropout") drop_dropout(graph, node);
    else if (node->op() == "BatchNormTrain") fix_statistics(graph, node);
  }
  graph.erase_dead();
}

}  // namespace twofour::train
