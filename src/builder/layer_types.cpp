#include "builder/layer_types.h"

#include <algorithm>

#include "base/error.h"
#include "base/glob.h"

namespace twofour::builder {
namespace {

DType real_type(DType type) { return is_byte(type) ? DType::kI8 : type; }

const DType* first_real(std::span<const DType> types) {
  const auto found = std::ranges::find_if(types, [](DType type) { return is_float(type) || is_byte(type); });
  return found == types.end() ? nullptr : &*found;
}

/// The last entry that matches; null where none does, or nothing is wanted.
template <typename Entry>
const Entry* wish_for(const LayerTypes& wanted, const std::vector<Entry>& entries, const std::string& node) {
  if (wanted.constraints == PrecisionConstraints::kNone) return nullptr;
  const auto found = std::find_if(entries.rbegin(), entries.rend(),
                                  [&](const Entry& entry) { return glob_matches(entry.layers, node); });
  return found == entries.rend() ? nullptr : &*found;
}

template <typename Entry>
void check_globs(const std::vector<Entry>& entries, const std::set<std::string>& nodes) {
  for (const Entry& entry : entries)
    TWOFOUR_CHECK(
        std::ranges::any_of(nodes, [&](const std::string& node) { return glob_matches(entry.layers, node); }),
        kNotFound, "\"{}\" matches no layer of the model", entry.layers);
}

/// Of the types that are wanted of a layer's outputs the one at `i`.
DType type_at(const LayerOutputTypes& wish, size_t i) { return wish.types[wish.types.size() == 1 ? 0 : i]; }

void add_broken_precision(const LayerChoice& layer, const std::string& part, const LayerTypes& wanted,
                          std::vector<std::string>& broken) {
  const LayerPrecision* wish = wish_for(wanted, wanted.precisions, part);
  if (!wish || layer.precision.empty() || layer.precision == name_of(kTypeNames, wish->type)) return;
  broken.push_back(fmt::format("layer \"{}\" computes in {}, not {}", layer.layer, layer.precision,
                               name_of(kTypeNames, wish->type)));
}

void add_broken_outputs(const LayerChoice& layer, const std::string& part, const LayerTypes& wanted,
                        std::vector<std::string>& broken) {
  const LayerOutputTypes* wish = wish_for(wanted, wanted.outputs, part);
  if (!wish) return;
  const std::vector<DType>& given = layer.output_types;
  TWOFOUR_CHECK(wish->types.size() == 1 || wish->types.size() == given.size(), kInvalidArgument,
                "{} types for the {} outputs of layer \"{}\"", wish->types.size(), given.size(), layer.layer);
  for (size_t i = 0; i < given.size(); ++i)
    if (real_type(given[i]) != real_type(type_at(*wish, i)))
      broken.push_back(fmt::format("layer \"{}\" gives {}, not {}", layer.layer,
                                   name_of(kTypeNames, given[i]), name_of(kTypeNames, type_at(*wish, i))));
}

}  // namespace

std::string precision_of(std::span<const DType> inputs, std::span<const DType> outputs) {
  const DType* type = first_real(inputs);
  if (!type) type = first_real(outputs);
  return type ? std::string(name_of(kTypeNames, real_type(*type))) : "";
}

std::vector<std::string> parts_of(const std::string& layer) {
  constexpr std::string_view kJoint = " + ";
  std::vector<std::string> parts;
  size_t begin = 0;
  for (size_t end; (end = layer.find(kJoint, begin)) != std::string::npos; begin = end + kJoint.size())
    parts.push_back(layer.substr(begin, end - begin));
  parts.push_back(layer.substr(begin));
  return parts;
}

std::set<std::string> node_names(const Graph& graph) {
  std::set<std::string> names;
  for (const auto& node : graph.nodes()) names.insert(node->name());
  return names;
}

void check_layer_types(const LayerTypes& wanted, const std::set<std::string>& nodes) {
  check_globs(wanted.precisions, nodes);
  check_globs(wanted.outputs, nodes);
  for (const LayerOutputTypes& wish : wanted.outputs)
    TWOFOUR_CHECK(!wish.types.empty(), kInvalidArgument, "no type is given for the outputs of \"{}\"",
                  wish.layers);
}

bool is_kept_from(const LayerTypes& wanted, const std::string& layer, DType type) {
  return std::ranges::any_of(parts_of(layer), [&](const std::string& part) {
    const LayerPrecision* wish = wish_for(wanted, wanted.precisions, part);
    return wish && wish->type != type;
  });
}

bool gives_other_than(const LayerTypes& wanted, const std::string& node, DType type) {
  const LayerOutputTypes* wish = wish_for(wanted, wanted.outputs, node);
  return wish && std::ranges::any_of(wish->types, [&](DType each) { return real_type(each) != type; });
}

std::vector<std::string> broken_wishes(const BuildReport& report, const LayerTypes& wanted,
                                       const std::set<std::string>& nodes) {
  std::vector<std::string> broken;
  for (const LayerChoice& layer : report.layers) {
    const std::vector<std::string> parts = parts_of(layer.layer);
    for (const std::string& part : parts)
      if (nodes.contains(part)) add_broken_precision(layer, part, wanted, broken);
    if (nodes.contains(parts.back())) add_broken_outputs(layer, parts.back(), wanted, broken);
  }
  return broken;
}

}  // namespace twofour::builder
