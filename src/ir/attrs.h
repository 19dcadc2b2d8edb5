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

/// Compiled once, in attrs.cpp, as is Attrs: every operator has some.
struct Attr : std::variant<int64_t, float, std::string, std::vector<int64_t>, std::vector<float>,
                           std::vector<std::string>, Tensor, Subgraph> {
  using variant::variant;
  Attr(const Attr&);
  Attr(Attr&&) noexcept;
  Attr& operator=(const Attr&);
  Attr& operator=(Attr&&) noexcept;
  ~Attr();
};

class Attrs {
 public:
  Attrs();
  Attrs(std::initializer_list<std::pair<const std::string, Attr>> items);
  Attrs(const Attrs&);
  Attrs(Attrs&&) noexcept;
  Attrs& operator=(const Attrs&);
  Attrs& operator=(Attrs&&) noexcept;
  ~Attrs();

  bool has(std::string_view name) const;
  void set(std::string name, Attr value);
  void erase(const std::string& name);
  auto begin() const { return items_.begin(); }
  auto end() const { return items_.end(); }
  size_t size() const { return items_.size(); }

  // The value, or the default when absent. Throws Error{kInvalidArgument} naming the attribute on another
  // type.
  int64_t i(std::string_view name, int64_t otherwise) const;
  float f(std::string_view name, float otherwise) const;
  std::string s(std::string_view name, std::string otherwise) const;
  std::vector<int64_t> ints(std::string_view name, std::vector<int64_t> otherwise = {}) const;
  std::vector<float> floats(std::string_view name) const;
  std::vector<std::string> strings(std::string_view name) const;
  Tensor tensor(std::string_view name) const;
  /// Throws Error{kInvalidArgument} when it is absent, too.
  const Graph& graph(std::string_view name) const;

 private:
  template <typename T>
  T get(std::string_view name, T otherwise) const;

  std::map<std::string, Attr, std::less<>> items_;
};

/// Lossless; subgraphs become their text (ir/print.h), tensors {"dtype","shape","data":[bytes]}.
Json attrs_to_json(const Attrs& attrs);
/// Throws Error{kDataCorrupt} on anything attrs_to_json would not write.
Attrs attrs_from_json(const Json& json);

}  // namespace twofour
