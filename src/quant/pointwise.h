// Values that are a function of one other, element by element: an activation, in however many nodes the
// exporter wrote it.
#pragma once

#include <unordered_map>

#include "ir/graph.h"

namespace twofour::quant {

class PointwiseSources {
 public:
  explicit PointwiseSources(const Graph& graph);

  struct Source {
    Value* value;
    bool uniform;  // the same function for every element: its constants have one element each
  };
  /// The first value, of the same shape, that it is a function of; itself when there is none.
  Source of(Value* value) const;

 private:
  Source source_through(const Node& node) const;

  std::unordered_map<const Value*, Source> sources_;
};

}  // namespace twofour::quant
