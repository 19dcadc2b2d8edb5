#include "twofour/model.h"

#include <algorithm>

#include "api/sparsity_rows.h"
#include "ir/print.h"
#include "onnx/export.h"
#include "onnx/import.h"
#include "onnx/outline.h"
#include "sparsity/verify.h"
#include "zoo/zoo.h"

namespace twofour {
namespace {

std::vector<std::string> describe(const std::vector<Value*>& values) {
  std::vector<std::string> lines;
  for (const Value* value : values) lines.push_back(value->name() + ": " + value->type().to_string());
  return lines;
}

Shape with_ones(const Dims& dims) {
  Shape shape;
  for (const Dim& dim : dims) shape.push_back(dim.known() ? dim.value : 1);
  return shape;
}

}  // namespace

sparsity::PruneOptions api::to_internal(const PruneOptions& options) {
  return {options.include, options.exclude, {.min_elements = options.min_elements}};
}

SparsityRow api::to_public(const sparsity::LayerRow& layer) {
  return {.layer = layer.layer,
          .op = layer.op,
          .weight_shape = layer.shape,
          .axis = static_cast<int>(layer.axis),
          .eligible = layer.reason == sparsity::Reason::kEligible,
          .reason = std::string(reason_text(layer.reason)),
          .sparse = layer.is_sparse(),
          .blocks = layer.violations.blocks,
          .violations = layer.violations.count,
          .zeros = layer.zeros};
}

std::vector<PruneRow> api::to_public(const std::vector<sparsity::PruneRow>& rows) {
  std::vector<PruneRow> result;
  for (const sparsity::PruneRow& row : rows) result.push_back({to_public(row.layer), row.magnitude_kept});
  return result;
}

Model::Model(Graph graph) : graph_(std::make_shared<Graph>(std::move(graph))) {}

Model Model::load(const std::filesystem::path& onnx, const LoadOptions& options) {
  return Model(onnx_io::import_model(onnx, {.shapes = options.shapes, .kept_inputs = options.kept_inputs}));
}

std::map<std::string, Shape> Model::default_shapes(const std::filesystem::path& onnx) {
  std::map<std::string, Shape> shapes;
  for (const onnx_io::Outline::Port& input : onnx_io::read_outline(onnx).inputs)
    if (input.type.known && !input.type.is_static()) shapes[input.name] = with_ones(input.type.dims);
  return shapes;
}

Model Model::zoo(std::string_view name, const ZooOptions& options) {
  return Model(zoo::make(
      name, {.num_classes = options.num_classes, .image_shape = options.image_shape, .seed = options.seed}));
}

std::vector<std::string> Model::zoo_names() {
  std::vector<std::string> names;
  for (const zoo::Network& network : zoo::networks()) names.emplace_back(network.name);
  return names;
}

void Model::save(const std::filesystem::path& onnx) const {
  with_context([&] { return fmt::format("saving {}", onnx.string()); },
               [&] { sparsity::require_sparsity(*graph_); });
  onnx_io::export_model(*graph_, onnx);
}

Model Model::clone() const { return Model(graph_->clone()); }

std::vector<PruneRow> Model::prune(const PruneOptions& options) {
  return api::to_public(sparsity::prune(*graph_, api::to_internal(options)));
}

std::vector<SparsityRow> Model::sparsity() const {
  std::vector<SparsityRow> rows;
  for (const sparsity::LayerRow& row : sparsity::inspect(*graph_)) rows.push_back(api::to_public(row));
  return rows;
}

const std::string& Model::name() const { return graph_->name(); }
std::vector<std::string> Model::inputs() const { return describe(graph_->inputs()); }
std::vector<std::string> Model::outputs() const { return describe(graph_->outputs()); }

std::map<std::string, Shape> Model::default_shapes() const {
  std::map<std::string, Shape> shapes;
  for (const Value* input : graph_->inputs())
    if (input->type().known && !input->type().is_static()) shapes[input->name()] = with_ones(input->dims());
  return shapes;
}

Shape Model::image_shape() const {
  TWOFOUR_CHECK(graph_->inputs().size() == 1 && graph_->inputs()[0]->rank() == 4, kInvalidArgument,
                "the model takes {}; one image input [N,C,H,W] is expected", fmt::join(inputs(), ", "));
  const Dims& dims = graph_->inputs()[0]->dims();
  return ValueType{DType::kF32, {dims[1], dims[2], dims[3]}}.shape();
}

int64_t Model::num_classes() const {
  TWOFOUR_CHECK(graph_->outputs().size() == 1 && graph_->outputs()[0]->rank() == 2 &&
                    graph_->outputs()[0]->dims()[1].known(),
                kInvalidArgument, "the model gives {}; one output [N,classes] is expected",
                fmt::join(outputs(), ", "));
  return graph_->outputs()[0]->dims()[1].value;
}

int64_t Model::num_parameters() const { return zoo::num_parameters(*graph_); }
int64_t Model::num_nodes() const { return static_cast<int64_t>(graph_->nodes().size()); }
std::string Model::text() const { return print_graph(*graph_); }

}  // namespace twofour
