#include "ir/print.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstring>

#include "ir/hash.h"
#include "ir/nan_bits.h"

namespace twofour {
namespace {

std::string quote(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += {'\\', c};
    else if (c == '\n') result += "\\n";
    else if (std::iscntrl(static_cast<unsigned char>(c))) result += fmt::format("\\x{:02x}", c);
    else result += c;
  }
  return result + '"';
}

std::string name_text(std::string_view name) {
  const bool simple = !name.empty() && std::ranges::all_of(name, [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || std::strchr("_./-", c);
  });
  return simple ? std::string(name) : quote(name);
}

std::string value_text(const Value* value) { return value ? "%" + name_text(value->name()) : "_"; }

template <typename T>
std::string nan_text(T value) {
  using Bits = UnsignedOf<sizeof(T)>;
  const auto bits = std::bit_cast<Bits>(value);
  return bits == quiet_nan_bits<T>() ? "nan" : fmt::format("nan.{:0{}x}", bits, 2 * sizeof(T));
}

std::string float_text(float value) {
  if (std::isnan(value)) return nan_text(value);
  std::string text = fmt::format("{}", value);
  if (text.find_first_of(".ei") == std::string::npos) text += ".0";
  return text;
}

std::string dim_text(const Dim& dim) {
  if (dim.known() || dim.symbol.empty()) return dim.to_string();
  const bool number = std::isdigit(static_cast<unsigned char>(dim.symbol[0])) || dim.symbol[0] == '-';
  return number ? quote(dim.symbol) : name_text(dim.symbol);
}

std::string type_text(const ValueType& type) {
  if (!type.known) return type.to_string();
  std::vector<std::string> dims;
  for (const Dim& dim : type.dims) dims.push_back(dim_text(dim));
  return fmt::format("{}[{}]", dtype_name(type.dtype), fmt::join(dims, ","));
}

template <typename T>
std::string element_text(T value) {
  if constexpr (std::is_same_v<T, f16> || std::is_same_v<T, bf16>) {
    const float wide = to_float(value);
    return std::isnan(wide) ? nan_text(value) : fmt::format("{}", wide);
  } else if constexpr (std::is_floating_point_v<T>) {
    return std::isnan(value) ? nan_text(value) : fmt::format("{}", value);
  } else if constexpr (std::is_same_v<T, uint64_t>) {
    return fmt::format("{}", value);
  } else {
    return fmt::format("{}", static_cast<int64_t>(value));
  }
}

bool is_uniform(const Tensor& tensor) {
  const size_t item = dtype_size(tensor.dtype());
  return tensor.numel() > 1 &&
         std::memcmp(tensor.raw(), tensor.raw() + item, tensor.size_bytes() - item) == 0;
}

std::string data_text(const Tensor& tensor, int64_t max_elements) {
  return dispatch_dtype(tensor.dtype(), [&]<typename T>(T) -> std::string {
    const std::span<T> values = tensor.span<T>();
    if (is_uniform(tensor)) return fmt::format("fill({})", element_text(values[0]));
    if (tensor.numel() > max_elements) return fmt::format("hash({:#018x})", hash_tensor(tensor));
    std::vector<std::string> items;
    for (const T value : values) items.push_back(element_text(value));
    return fmt::format("[{}]", fmt::join(items, ", "));
  });
}

std::string tensor_text(const Tensor& tensor, int64_t max_elements) {
  return type_text(type_of(tensor)) + " = " + data_text(tensor, max_elements);
}

template <typename T, typename Fn>
std::string list_text(const std::vector<T>& items, std::string_view kind, const Fn& text) {
  std::vector<std::string> texts;
  for (const T& item : items) texts.push_back(text(item));
  return fmt::format("{}[{}]", items.empty() ? kind : "", fmt::join(texts, ", "));
}

struct AttrText {
  int64_t max_elements;
  std::string operator()(int64_t v) const { return std::to_string(v); }
  std::string operator()(float v) const { return float_text(v); }
  std::string operator()(const std::string& v) const { return quote(v); }
  std::string operator()(const std::vector<int64_t>& v) const {
    return fmt::format("[{}]", fmt::join(v, ", "));
  }
  std::string operator()(const std::vector<float>& v) const { return list_text(v, "floats", float_text); }
  std::string operator()(const std::vector<std::string>& v) const { return list_text(v, "strings", quote); }
  std::string operator()(const Tensor& v) const { return tensor_text(v, max_elements); }
  std::string operator()(const Subgraph& v) const { return print_graph(*v, {.max_elements = max_elements}); }
};

std::string attrs_text(const Attrs& attrs, int64_t max_elements) {
  if (attrs.size() == 0) return "";
  std::vector<std::string> items;
  for (const auto& [name, value] : attrs)
    items.push_back(name_text(name) + "=" + std::visit(AttrText{max_elements}, value));
  return fmt::format(" {{{}}}", fmt::join(items, ", "));
}

std::string values_text(const std::vector<Value*>& values) {
  std::vector<std::string> items;
  for (const Value* value : values) items.push_back(value_text(value));
  return fmt::format("{}", fmt::join(items, ", "));
}

std::string types_text(const std::vector<Value*>& outputs) {
  if (std::ranges::all_of(outputs, [](const Value* v) { return v->type() == ValueType{}; })) return "";
  std::vector<std::string> items;
  for (const Value* value : outputs) items.push_back(type_text(value->type()));
  return fmt::format(" -> {}", fmt::join(items, ", "));
}

std::string node_text(const Node& node, const PrintOptions& options) {
  const bool named = node.outputs().empty() || node.name() != node.output()->name();
  return fmt::format("{} = {}({}){}{}{}", values_text(node.outputs()), name_text(node.op()),
                     values_text(node.inputs()), attrs_text(node.attrs(), options.max_elements),
                     named ? " " + quote(node.name()) : "", options.types ? types_text(node.outputs()) : "");
}

}  // namespace

std::string print_graph(const Graph& graph, const PrintOptions& options) {
  std::string text = fmt::format("graph {} {{\n", quote(graph.name()));
  for (const auto& [key, value] : graph.metadata())
    text += fmt::format("  metadata {} = {}\n", quote(key), quote(value));
  for (const Value* input : graph.inputs())
    text += fmt::format("  input {}: {}\n", value_text(input), type_text(input->type()));
  for (const auto& value : graph.values())
    if (value->is_constant())
      text += fmt::format("  {} {}: {}\n", value->trainable() ? "trainable" : "const",
                          value_text(value.get()), tensor_text(value->data(), options.max_elements));
  for (const auto& node : graph.nodes()) text += fmt::format("  {}\n", node_text(*node, options));
  if (!graph.outputs().empty()) text += fmt::format("  output {}\n", values_text(graph.outputs()));
  return text + "}\n";
}

}  // namespace twofour
