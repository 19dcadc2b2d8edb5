// Plan: what an engine executes. Steps in order, tensors with their place in memory, and where each came
// from.
#pragma once

#include <limits>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "backend/tactic.h"
#include "base/json.h"
#include "ir/type.h"

namespace twofour::engine {

using backend::TensorDesc;

/// Sizes that an open dimension may have. In inputs, those of one name have the same size.
struct DimRange {
  int64_t min = 0;
  int64_t max = std::numeric_limits<int64_t>::max();
  std::string symbol = {};

  bool operator==(const DimRange&) const = default;
};

struct PlanTensor {
  /// kInput, kOutput: bound by the caller. kConstant: a section of the engine. kArena: activation memory of
  /// the context at `offset`. kDonated: an output that lives in the buffer of input tensor `index`. kDynamic:
  /// made in every run by the open step that writes it.
  enum class Kind : uint8_t { kInput, kOutput, kConstant, kArena, kDonated, kDynamic };
  std::string name;
  TensorDesc desc;  // without a shape when the tensor is open
  Kind kind = Kind::kArena;
  size_t offset = 0;  // kArena: bytes from the start of the arena, a multiple of 64
  int index = -1;     // kConstant: section; kDonated: tensor
  /// One per dimension when not all of them are known before a run, else empty. Only inputs, outputs and
  /// dynamic tensors may be open.
  std::vector<DimRange> open = {};
  /// Not even the number of dimensions is known before a run; `open` is empty.
  bool any_rank = false;

  bool is_open() const { return any_rank || !open.empty(); }
  /// Dims that are not fixed are unknown.
  ValueType type() const;
  /// Whether a tensor of this shape may stand here.
  bool takes(const Shape& shape) const;
  /// "f32[1..8,3,?,?]", "f32[*]" of any rank.
  std::string to_string() const;
};

struct Plan;

struct PlanStep {
  std::string name;
  std::string op;
  Attrs attrs;              // without subgraphs
  std::vector<int> inputs;  // tensor numbers; -1: absent
  std::vector<int> outputs;
  std::string tactic;       // empty: the step is open, and each run takes what supports the sizes that came
  std::vector<int> packed;  // sections that the tactic packed
  bool sparse = false;
  /// The subgraphs of control flow by attribute; such a step is open.
  std::map<std::string, std::shared_ptr<const Plan>> bodies = {};

  bool is_open() const { return tactic.empty(); }
};

struct Plan {
  std::string name;
  std::string backend;
  std::string device;
  std::vector<PlanTensor> tensors;
  std::vector<PlanStep> steps;
  size_t arena_bytes = 0;
  /// The most activation bytes alive at once: what no plan could go below.
  size_t arena_lower_bound_bytes = 0;
  Json info = Json::object();  // what it was built from and how; the engine does not look at it

  /// Tensor numbers of kind kInput, in the graph's order.
  std::vector<int> inputs;
  /// Tensor numbers of kind kOutput or kDonated, in the graph's order.
  std::vector<int> outputs;
};

/// Fills plan.inputs and plan.outputs from the kinds of its tensors.
void index_io(Plan& plan);

/// The step as the tactic sees it, shapes of open tensors left out; constants carry their data when
/// `sections` has it and the step did not pack them.
backend::NodeDesc describe(const Plan& plan, const PlanStep& step, std::span<const Tensor> sections);

Json plan_to_json(const Plan& plan);
/// Throws Error{kDataCorrupt} on anything that could make execution go out of bounds: every index, offset,
/// size and alias is checked against the rest of the plan.
Plan plan_from_json(const Json& json, size_t num_sections);

}  // namespace twofour::engine
