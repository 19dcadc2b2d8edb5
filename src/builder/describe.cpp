#include "builder/describe.h"

#include "ops/op_def.h"

namespace twofour::builder {
namespace {

using backend::Format;

Format port_format(const ops::Port& port, const Value& value, Format format) {
  return value.rank() == 4 && !value.is_constant() && !port.row_major ? format : Format::kPlain;
}

}  // namespace

Format input_format(const Node& node, size_t index, Format format) {
  return port_format(ops::input_port(ops::get_op(node.op()), index), *node.input(index), format);
}

Format output_format(const Node& node, size_t index, Format format) {
  return port_format(ops::output_port(ops::get_op(node.op()), index), *node.output(index), format);
}

backend::NodeDesc describe(const Node& node, Format format) {
  backend::NodeDesc desc{node.name(), node.op(), node.attrs(), {}, {}};
  for (size_t i = 0; i < node.inputs().size(); ++i) {
    auto& input = desc.inputs.emplace_back();
    const Value* value = node.input(i);
    if (!value) continue;
    input = {true,
             value->is_constant(),
             {value->dtype(), value->shape(), input_format(node, i, format)},
             value->data()};
  }
  for (size_t i = 0; i < node.outputs().size(); ++i)
    desc.outputs.push_back(
        {node.output(i)->dtype(), node.output(i)->shape(), output_format(node, i, format)});
  return desc;
}

backend::NodeDesc describe_reorder(const Value& value, Format from, Format to) {
  backend::NodeDesc desc{"reorder", "Reorder", {}, {}, {}};
  desc.inputs.push_back({true, false, {value.dtype(), value.shape(), from}, {}});
  desc.outputs.push_back({value.dtype(), value.shape(), to});
  return desc;
}

}  // namespace twofour::builder
