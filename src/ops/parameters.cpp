#include "ops/parameters.h"

#include <algorithm>
#include <array>
#include <ranges>
#include <unordered_map>
#include <unordered_set>

#include "ops/op_def.h"

namespace twofour::ops {
namespace {

constexpr std::array<std::string_view, 5> kJoins = {"Add", "Concat", "Mul", "Sub", "Sum"};
/// Whose constants are bounds, exponents and means. Of Div input 0 can be a weight that is computed from a
/// constant.
constexpr std::array<std::string_view, 14> kOperands = {
    "Clip", "Equal", "Greater", "GreaterOrEqual", "Less",           "Max", "Mean", "LessOrEqual", "Min",
    "Mod",  "Pow",   "Where",   "GridSample",     "ScatterElements"};

bool contains(const auto& list, std::string_view op) { return std::ranges::find(list, op) != list.end(); }

bool is_weight_input(const Node& node, size_t index) {
  // An embedding: rows of a constant that data chooses.
  if (node.op() == "Gather") return index == 0 && node.input(1) && !node.input(1)->is_constant();
  return input_port(get_op(node.op()), index).weight;
}

/// Its gradient belongs to a normalisation that has parameters beside it: shared with one, it is split off.
bool is_statistic(const Node& node, size_t index) { return node.op() == "BatchNormalization" && index >= 3; }

class Roles {
 public:
  Roles(const Graph& graph, const std::set<const Value*>& literals) : literals_(literals) {
    for (const auto& node : graph.nodes()) follow(*node);
    // Backwards, so that what stands behind a value is known.
    for (const auto& node : std::views::reverse(graph.nodes()))
      for (const Value* output : node->outputs())
        if (fixed_.contains(output)) behind_[output] = {of_uses(*output, false), of_uses(*output, true)};
  }

  ConstantRole of(const Value& constant) const {
    if (constant.users().empty()) return ConstantRole::kUnused;
    if (!is_float(constant.dtype())) return ConstantRole::kNotFloat;
    return of_uses(constant, is_literal(constant));
  }

 private:
  using Values = std::unordered_set<const Value*>;

  bool is_literal(const Value& constant) const {
    return constant.data().numel() <= 1 && (constant.rank() == 0 || literals_.contains(&constant));
  }

  /// In topological order: what is computed from constants alone, from sizes, and from a weight. A constant
  /// that sizes expand or cut stays one.
  void follow(const Node& node) {
    bool fixed = true;     // all inputs are constant
    bool moved = true;     // or sizes that say where to
    bool sized = true;     // or any sizes
    bool carries = false;  // a constant that is no size itself
    bool learned = false;
    for (size_t i = 0; i < node.inputs().size(); ++i) {
      const Value* input = node.input(i);
      if (!input) continue;
      const bool constant = is_fixed(*input);
      const bool size = sizes_.contains(input);
      const bool state = input_port(get_op(node.op()), i).state;
      fixed &= constant;
      moved &= constant || (size && state);
      sized &= constant || size;
      carries |= constant && !state;
      learned |= learned_.contains(input) || (constant && is_weight_input(node, i));
    }
    const bool measures = node.op() == "Shape" || node.op() == "Size";
    sized |= measures;
    learned &= !measures;
    for (const Value* output : node.outputs()) {
      if (fixed || (moved && carries && !learned)) fixed_.insert(output);
      else if (learned) learned_.insert(output);
      else if (sized) sizes_.insert(output);
    }
  }

  bool is_fixed(const Value& value) const { return value.is_constant() || fixed_.contains(&value); }

  ConstantRole of_uses(const Value& value, bool literal) const {
    ConstantRole found = ConstantRole::kUnused;
    const auto consider = [&](ConstantRole role) {
      if (found == ConstantRole::kUnused || role < found) found = role;
    };
    bool statistic = false;
    for (const Node* user : Users(value.users().begin(), value.users().end()))
      for (size_t i = 0; i < user->inputs().size(); ++i) {
        if (user->input(i) != &value) continue;
        if (is_statistic(*user, i)) statistic = true;
        else consider(of_use(*user, i, literal));
      }
    if (statistic && found != ConstantRole::kParameter) return ConstantRole::kState;
    return found == ConstantRole::kUnused ? ConstantRole::kOperand : found;
  }

  ConstantRole of_use(const Node& node, size_t index, bool literal) const {
    if (input_port(get_op(node.op()), index).state) return ConstantRole::kState;
    if (is_weight_input(node, index)) return ConstantRole::kParameter;
    if (contains(kOperands, node.op())) return ConstantRole::kOperand;
    if (node.op() == "Div" && index == 1) return literal ? ConstantRole::kLiteral : of_divisor(node);
    const bool joins = contains(kJoins, node.op());
    if (fixed_.contains(node.output())) {
      if (joins && literal) return ConstantRole::kLiteral;
      const bool centres = node.op() == "Sub" && index == 1;
      return centres ? ConstantRole::kOperand : of_outputs(node, literal);
    }
    if (!joins) return ConstantRole::kOperand;
    if (!learned_.contains(node.output())) return ConstantRole::kScalesInput;
    return literal || is_epsilon(node, index) ? ConstantRole::kLiteral : ConstantRole::kParameter;
  }

  ConstantRole of_divisor(const Node& node) const {
    const bool scales_input = !fixed_.contains(node.output()) && !learned_.contains(node.output());
    return scales_input ? ConstantRole::kScalesInput : ConstantRole::kOperand;
  }

  ConstantRole of_outputs(const Node& node, bool literal) const {
    ConstantRole found = ConstantRole::kOperand;
    for (const Value* output : node.outputs())
      if (is_float(output->dtype())) found = std::min(found, behind_.at(output)[literal]);
    return found;
  }

  /// One element that is added before a root, a logarithm or a division.
  static bool is_epsilon(const Node& node, size_t index) {
    constexpr std::array<std::string_view, 4> kPoles = {"Log", "Pow", "Reciprocal", "Sqrt"};
    return node.op() == "Add" && node.input(index)->data().defined() &&
           node.input(index)->data().numel() == 1 && !node.output()->users().empty() &&
           std::ranges::all_of(node.output()->users(),
                               [&](const Node* user) { return contains(kPoles, user->op()); });
  }

  using Users = std::set<const Node*>;
  const std::set<const Value*>& literals_;
  Values fixed_;
  Values sizes_;
  Values learned_;
  /// Of what is computed from constants: the role of a constant that becomes it, unless or if it is a
  /// literal.
  std::unordered_map<const Value*, std::array<ConstantRole, 2>> behind_;
};

}  // namespace

std::string_view role_text(ConstantRole role) {
  constexpr std::array<std::string_view, 7> kTexts = {"unused",
                                                      "integers",
                                                      "running statistics and sizes",
                                                      "",
                                                      "scaling of the input",
                                                      "literals",
                                                      "operands that are no weights"};
  return kTexts[static_cast<size_t>(role)];
}

std::map<const Value*, ConstantRole> constant_roles(const Graph& graph,
                                                    const std::set<const Value*>& literals) {
  Roles roles(graph, literals);
  std::map<const Value*, ConstantRole> result;
  for (const auto& value : graph.values())
    if (value->is_constant()) result[value.get()] = roles.of(*value);
  return result;
}

}  // namespace twofour::ops
