#include "builder/specialise.h"

#include <algorithm>

#include "builder/plan_graph.h"
#include "builder/report.h"
#include "engine/symbols.h"

namespace twofour::builder {
namespace {

constexpr size_t kMostEngines = 16;

}  // namespace

void Specialiser::check(const Shapes& shapes) const {
  const engine::Plan& plan = open_->plan();
  const auto find = [&](const std::string& name) -> const engine::PlanTensor* {
    for (const int i : plan.inputs)
      if (const auto& t = plan.tensors[static_cast<size_t>(i)]; t.name == name) return &t;
    return nullptr;
  };
  engine::SymbolSizes sizes;
  for (const auto& [name, shape] : shapes) {
    const engine::PlanTensor* input = find(name);
    TWOFOUR_CHECK(input, kInvalidArgument, "the engine has no input \"{}\"", name);
    TWOFOUR_CHECK(input->takes(shape), kInvalidArgument, "input \"{}\" is {}, got shape {}", name,
                  input->to_string(), shape.to_string());
    engine::add_symbols(sizes, *input, shape);
  }
  for (const int i : plan.inputs)
    if (const auto& t = plan.tensors[static_cast<size_t>(i)]; t.is_open())
      TWOFOUR_CHECK(shapes.contains(t.name), kInvalidArgument, "input \"{}\" is {}: give its shape", t.name,
                    t.to_string());
}

std::shared_ptr<const engine::Engine> Specialiser::make(const Shapes& shapes) const {
  Options options;
  options.shapes = shapes;
  options.time_tactics = false;
  options.packed = packed_;
  options.decisions = Decisions(report_from_info(open_->plan().info).layers, "the engine");
  return build(graph_of(open_->plan(), open_->sections()), backend_, options).engine;
}

std::shared_ptr<const engine::Engine> Specialiser::at(const Shapes& shapes) {
  check(shapes);
  const std::lock_guard lock(mutex_);
  const auto found = std::ranges::find_if(engines_, [&](const auto& entry) { return entry.first == shapes; });
  if (found != engines_.end()) {
    engines_.splice(engines_.begin(), engines_, found);
  } else {
    engines_.emplace_front(shapes, make(shapes));
    if (engines_.size() > kMostEngines) engines_.pop_back();
  }
  return engines_.front().second;
}

}  // namespace twofour::builder
