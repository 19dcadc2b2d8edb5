// Attrs: the named attributes of a node, as in ONNX: integers, floats, strings, lists of them, tensors, and
// subgraphs (the branches and bodies of If, Loop and Scan).
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/json_fwd.h"
#include "base/tensor.h"

namespace twofour {

class Graph;
/// Never null in an attribute. Shared between copies of a node, so never changed in place.
using Subgraph = std::shared_ptr<const Graph>;

using Attr = std::variant<int64_t, float, std::string, std::vector<int64_t>, std::vector<float>,
                          std::vector<std::string>, Tensor, Subgraph>;

class Attrs {
 public:
  Attrs() = default;
  Attrs(std::initializer_list<std::pair<const std::string, Attr>> items) : items_(items) {}

  bool has(std::string_view name) const { return items_.find(name) != items_.end(); }
  void set(std::string name, Attr value) { items_.insert_or_assign(std::move(name), std::move(value)); }
  void erase(const std::string& name) { items_.erase(name); }
  auto begin() const { return items_.begin(); }
  auto end() const { return items_.end(); }
  size_t size() const { return items_.size(); }

  // The value, or the default when absent. Throws Error{kInvalidArgument} naming the attribute on another
  // type.
  int64_t i(std::string_view name, int64_t otherwise) const { return get(name, otherwise); }
  float f(std::string_view name, float otherwise) const { return get(name, otherwise); }
  std::string s(std::string_view name, std::string otherwise) const {
    return get(name, std::move(otherwise));
  }
  std::vector<int64_t> ints(std::string_view name, std::vector<int64_t> otherwise = {}) const {
    return get(name, std::move(otherwise));
  }
  std::vector<float> floats(std::string_view name) const { return get(name, std::vector<float>()); }
  std::vector<std::string> strings(std::string_view name) const {
    return get(name, std::vector<std::string>());
  }
  Tensor tensor(std::string_view name) const { return get(name, Tensor()); }
  /// Throws Error{kInvalidArgument} when it is absent, too.
  const Graph& graph(std::string_view name) const;

 private:
  template <typename T>
  T get(std::string_view name, T otherwise) const {
    const auto it = items_.find(name);
    if (it == items_.end()) return otherwise;
    const T* value = std::get_if<T>(&it->second);
    TWOFOUR_CHECK(value, kInvalidArgument, "attribute {} has the wrong type", name);
    return *value;
  }

  std::map<std::string, Attr, std::less<>> items_;
};

/// Lossless; subgraphs become their text (ir/print.h), tensors {"dtype","shape","data":[bytes]}.
Json attrs_to_json(const Attrs& attrs);
/// Throws Error{kDataCorrupt} on anything attrs_to_json would not write.
Attrs attrs_from_json(const Json& json);

}  // namespace twofour
