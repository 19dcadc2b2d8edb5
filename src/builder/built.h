// A build up to the finished plan, which may yet lose to another.
#pragma once

#include <vector>

#include "builder/builder.h"

namespace twofour::builder {

/// A plan that has not become an engine yet.
struct Built {
  engine::Plan plan;
  std::vector<Tensor> sections;
  BuildReport report;
};

/// build() in two parts: all decisions, and the engine that carries the report.
Built build_plan(Graph graph, const backend::Backend& backend, const Options& options);
Result finish(Built built, const backend::Backend& backend);

}  // namespace twofour::builder
