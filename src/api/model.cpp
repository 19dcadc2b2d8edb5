#include "twofour/model.h"

#include <algorithm>
#include <array>
#include <limits>

#include "api/sparsity_rows.h"
#include "ir/print.h"
#include "onnx/export.h"
#include "onnx/import.h"
#include "onnx/outline.h"
#include "passes/weight_views.h"
#include "sparsity/verify.h"
#include "train/class_names.h"
#include "train/constants.h"
#include "train/image_layout.h"
#include "twofour/files.h"
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

std::string checked_bytes(const Graph& graph) {
  sparsity::require_sparsity(graph);
  return onnx_io::export_model_bytes(graph);
}

/// `dim` of the image input, or the size that stands for an open one.
int64_t image_dim(const Dim& dim, size_t axis, const Shape& open) {
  if (!dim.known()) return open[axis];
  TWOFOUR_CHECK(open.rank() == 0 || open[axis] == dim.value, kInvalidArgument,
                "the model takes images of {} {}, {} was given", dim.value,
                std::array{"channels", "rows", "columns"}[axis], open[axis]);
  return dim.value;
}

TensorInfo info_of(const std::string& name, const ValueType& type) {
  TensorInfo info{name, type.dtype, {}, {}, {}, {}, !type.known};
  for (const Dim& dim : type.dims) {
    info.shape.push_back(dim.known() ? dim.value : -1);
    info.min.push_back(dim.known() ? dim.value : 0);
    info.max.push_back(dim.known() ? dim.value : std::numeric_limits<int64_t>::max());
    info.symbols.push_back(dim.symbol);
  }
  return info;
}

std::vector<TensorInfo> infos(const std::vector<Value*>& values) {
  std::vector<TensorInfo> result;
  for (const Value* value : values) result.push_back(info_of(value->name(), value->type()));
  return result;
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
  Graph graph = onnx_io::import_model(onnx, {.shapes = options.shapes, .kept_inputs = options.kept_inputs});
  passes::fold_weight_views(graph);
  sparsity::drop_stale_marks(graph);
  return Model(std::move(graph));
}

std::vector<TensorInfo> Model::input_infos(const std::filesystem::path& onnx) {
  std::vector<TensorInfo> infos;
  for (const onnx_io::Outline::Port& input : onnx_io::read_outline(onnx).inputs)
    if (input.kind == onnx_io::Outline::Kind::kTensor) infos.push_back(info_of(input.name, input.type));
  return infos;
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
  const std::string bytes = with_context([&] { return fmt::format("saving {}", onnx.string()); },
                                         [&] { return checked_bytes(*graph_); });
  write_file_atomic(onnx, bytes);
}

void Model::check_save() const { checked_bytes(*graph_); }

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

std::vector<TensorInfo> Model::input_infos() const { return infos(graph_->inputs()); }
std::vector<TensorInfo> Model::output_infos() const { return infos(graph_->outputs()); }

std::map<std::string, Shape> Model::default_shapes() const {
  std::map<std::string, Shape> shapes;
  for (const Value* input : graph_->inputs())
    if (input->type().known && !input->type().is_static()) shapes[input->name()] = with_ones(input->dims());
  return shapes;
}

Shape Model::image_shape(const Shape& given) const {
  TWOFOUR_CHECK(graph_->inputs().size() == 1 && graph_->inputs()[0]->rank() == 4, kInvalidArgument,
                "the model takes {}; one image input, [N,C,H,W] or [N,H,W,C], is expected",
                fmt::join(inputs(), ", "));
  const Dims dims = train::channels_first(graph_->inputs()[0]->dims());
  const Shape open = given.rank() == 2 && dims[1].known() ? Shape{dims[1].value, given[0], given[1]} : given;
  TWOFOUR_CHECK(open.rank() == 0 || open.rank() == 3, kInvalidArgument,
                "the size of the images is {}; C,H,W is expected, or H,W where the model knows C",
                given.to_string());
  TWOFOUR_CHECK(open.rank() == 3 || (dims[1].known() && dims[2].known() && dims[3].known()), kInvalidArgument,
                "the model takes {}, with sizes that are open; give the size of the images (--input_size)",
                fmt::join(inputs(), ", "));
  return {image_dim(dims[1], 0, open), image_dim(dims[2], 1, open), image_dim(dims[3], 2, open)};
}

std::vector<std::string> Model::class_names() const { return train::read_class_names(*graph_); }
void Model::set_class_names(const std::vector<std::string>& names) {
  train::write_class_names(*graph_, names);
}
void Model::freeze(const std::vector<std::string>& globs) { train::set_trainable(*graph_, globs, false); }
void Model::unfreeze(const std::vector<std::string>& globs) { train::set_trainable(*graph_, globs, true); }

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
