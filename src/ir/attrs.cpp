#include "ir/attrs.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "base/json_exact.h"
#include "ir/parse.h"
#include "ir/print.h"

namespace twofour {
namespace {

Json tensor_to_json(const Tensor& tensor) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(tensor.raw());
  return {{"dtype", dtype_name(tensor.dtype())},
          {"shape", tensor.shape().dims()},
          {"data", std::vector<uint8_t>(bytes, bytes + tensor.size_bytes())}};
}

Tensor tensor_from_json(const Json& json) {
  const auto dtype = dtype_from_name(json.at("dtype").get<std::string>());
  const auto data = get_integers<uint8_t>(json.at("data"));
  const Shape shape(get_integers<int64_t>(json.at("shape")));
  TWOFOUR_CHECK(dtype && std::ranges::all_of(shape, [](int64_t d) { return d >= 0; }) &&
                    static_cast<size_t>(shape.numel()) == data.size() / dtype_size(*dtype),
                kDataCorrupt, "attribute tensor does not match its shape");
  Tensor tensor(*dtype, shape);
  std::memcpy(tensor.raw(), data.data(), tensor.size_bytes());
  return tensor;
}

struct ToJson {
  Json operator()(int64_t v) const { return {{"i", v}}; }
  Json operator()(float v) const { return {{"f", float_to_json(v)}}; }
  Json operator()(const std::string& v) const { return {{"s", text_to_json(v)}}; }
  Json operator()(const std::vector<int64_t>& v) const { return {{"ints", v}}; }
  Json operator()(const std::vector<float>& v) const { return {{"floats", list_to_json(v, float_to_json)}}; }
  Json operator()(const std::vector<std::string>& v) const {
    return {{"strings", list_to_json(v, text_to_json)}};
  }
  Json operator()(const Tensor& v) const { return {{"tensor", tensor_to_json(v)}}; }
  Json operator()(const Subgraph& v) const {
    return {{"graph", text_to_json(print_graph(*v, {.max_elements = std::numeric_limits<int64_t>::max()}))}};
  }
};

Attr attr_from_json(const std::string& kind, const Json& value) {
  if (kind == "i") return get_integer<int64_t>(value);
  if (kind == "f") return float_from_json(value);
  if (kind == "s") return text_from_json(value);
  if (kind == "ints") return get_integers<int64_t>(value);
  if (kind == "floats") return list_from_json(value, float_from_json);
  if (kind == "strings") return list_from_json(value, text_from_json);
  if (kind == "tensor") return tensor_from_json(value);
  if (kind == "graph") return std::make_shared<const Graph>(parse_graph(text_from_json(value), "subgraph"));
  fail(ErrorCode::kDataCorrupt, "unknown attribute kind '{}'", kind);
}

}  // namespace

Attr::Attr(const Attr&) = default;
Attr::Attr(Attr&&) noexcept = default;
Attr& Attr::operator=(const Attr&) = default;
Attr& Attr::operator=(Attr&&) noexcept = default;
Attr::~Attr() = default;

Attrs::Attrs() = default;
Attrs::Attrs(std::initializer_list<std::pair<const std::string, Attr>> items) : items_(items) {}
Attrs::Attrs(const Attrs&) = default;
Attrs::Attrs(Attrs&&) noexcept = default;
Attrs& Attrs::operator=(const Attrs&) = default;
Attrs& Attrs::operator=(Attrs&&) noexcept = default;
Attrs::~Attrs() = default;

bool Attrs::has(std::string_view name) const { return items_.contains(name); }
void Attrs::set(std::string name, Attr value) { items_.insert_or_assign(std::move(name), std::move(value)); }
void Attrs::erase(const std::string& name) { items_.erase(name); }

template <typename T>
T Attrs::get(std::string_view name, T otherwise) const {
  const auto it = items_.find(name);
  if (it == items_.end()) return otherwise;
  const T* value = std::get_if<T>(&it->second);
  TWOFOUR_CHECK(value, kInvalidArgument, "attribute {} has the wrong type", name);
  return *value;
}

int64_t Attrs::i(std::string_view name, int64_t otherwise) const { return get(name, otherwise); }
float Attrs::f(std::string_view name, float otherwise) const { return get(name, otherwise); }
std::string Attrs::s(std::string_view name, std::string otherwise) const {
  return get(name, std::move(otherwise));
}
std::vector<int64_t> Attrs::ints(std::string_view name, std::vector<int64_t> otherwise) const {
  return get(name, std::move(otherwise));
}
std::vector<float> Attrs::floats(std::string_view name) const { return get(name, std::vector<float>()); }
std::vector<std::string> Attrs::strings(std::string_view name) const {
  return get(name, std::vector<std::string>());
}
Tensor Attrs::tensor(std::string_view name) const { return get(name, Tensor()); }
const Graph& Attrs::graph(std::string_view name) const {
  const auto graph = get(name, Subgraph());
  TWOFOUR_CHECK(graph, kInvalidArgument, "attribute {} is missing", name);
  return *graph;
}

Json attrs_to_json(const Attrs& attrs) {
  Json json = Json::object();
  for (const auto& [name, value] : attrs) json[name] = std::visit(ToJson{}, value);
  return json;
}

Attrs attrs_from_json(const Json& json) {
  Attrs attrs;
  try {
    for (const auto& [name, value] : json.items()) {
      TWOFOUR_CHECK(value.is_object() && value.size() == 1, kDataCorrupt, "attribute {} is malformed", name);
      attrs.set(name, attr_from_json(value.begin().key(), value.begin().value()));
    }
  } catch (const Json::exception& error) {
    fail(ErrorCode::kDataCorrupt, "attributes are malformed: {}", error.what());
  }
  return attrs;
}

}  // namespace twofour
