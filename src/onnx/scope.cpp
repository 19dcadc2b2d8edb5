#include "onnx/scope.h"

#include <algorithm>

namespace twofour::onnx_io {
namespace {

// No tensor of a network comes near; what does is a damaged file.
constexpr int64_t kMaxElements = int64_t{1} << 40;

void check_size(const Value& value) {
  int64_t count = 1;
  for (const Dim& dim : value.dims())
    TWOFOUR_CHECK(!dim.known() || (!__builtin_mul_overflow(count, std::max<int64_t>(dim.value, 1), &count) &&
                                   count <= kMaxElements),
                  kResourceExhausted, "value \"{}\" is {}, which is more than 2^40 elements", value.name(),
                  value.type().to_string());
}

}  // namespace

void Scope::bind(const std::string& name, Entity entity) {
  for (const Value* value : entity.values) {
    check_size(*value);
    named_.insert(value);
  }
  entities_[name] = std::move(entity);
}

void Scope::define(const std::string& name, Entity entity) {
  if (name.empty()) return;
  if (entity.kind == Entity::Kind::kTensor) {
    // A graph output keeps its name, so it cannot be another name for a value.
    Value*& value = entity.values[0];
    if (outputs_.contains(name) && named_.contains(value) && value->name() != name)
      value = builder_.op("Identity", {value});
    name_value(name, value);
  }
  bind(name, std::move(entity));
}

void Scope::name_value(const std::string& name, Value* value) {
  // An Identity of a constant is only another name for it.
  if (!named_.insert(value).second) return;
  Graph& graph = builder_.graph();
  const std::string wish = prefix_ + name;
  if (value->name() == wish) return;
  if (Value* taken = graph.find_value(wish)) {
    if (naming_ == Naming::kGuest) return;
    graph.rename(taken, "");  // only a made-up name can be in the way: the file's own are unique
  }
  graph.rename(value, wish);
}

}  // namespace twofour::onnx_io
