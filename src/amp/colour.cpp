#include "amp/colour.h"

#include <algorithm>
#include <array>
#include <vector>

#include "amp/ports.h"

namespace twofour::amp {
namespace {

using ops::Amp;
using Set = std::vector<bool>;
using Edges = std::vector<std::vector<size_t>>;

bool touches_f32(const Node& node) {
  for (size_t i = 0; i < node.inputs().size(); ++i)
    if (is_paintable_input(node, i) && node.input(i)->dtype() == DType::kF32) return true;
  for (size_t i = 0; i < node.outputs().size(); ++i)
    if (is_paintable_output(node, i)) return true;
  return false;
}

class Painter {
 public:
  Painter(const Graph& graph, DType dtype, const std::unordered_set<const Node*>& denied)
      : nodes_(graph.node_list()), dtype_(dtype), in_(nodes_.size()), out_(nodes_.size()) {
    for (size_t i = 0; i < nodes_.size(); ++i) {
      index_[nodes_[i]] = i;
      const bool by_name = denied.contains(nodes_[i]);
      by_name_.push_back(by_name);
      candidate_.push_back(touches_f32(*nodes_[i]));
      class_.push_back(by_name ? Amp::kDeny : amp_class(*nodes_[i], dtype));
      connect(i);
    }
  }

  std::unordered_map<const Node*, Why> run() {
    why_.assign(nodes_.size(), Why::kNoneAllowedNear);
    for (size_t i = 0; i < nodes_.size(); ++i)
      if (!candidate_[i]) why_[i] = Why::kNotF32;
      else if (class_[i] == Amp::kFixed) why_[i] = Why::kFixedTypes;
      else if (class_[i] == Amp::kAllow) why_[i] = Why::kAllowList;
      else if (class_[i] == Amp::kDeny) why_[i] = by_name_[i] ? Why::kDeniedByName : Why::kDenyList;
    deny_along_paths();
    allow_between();
    if (dtype_ == DType::kBF16) allow_after();
    allow_through_neutral();
    std::unordered_map<const Node*, Why> result;
    for (size_t i = 0; i < nodes_.size(); ++i) result[nodes_[i]] = why_[i];
    return result;
  }

 private:
  void connect(size_t user) {
    const Node& node = *nodes_[user];
    for (size_t i = 0; i < node.inputs().size(); ++i) {
      if (!is_paintable_input(node, i) || !node.input(i)->producer()) continue;
      const Node& producer = *node.input(i)->producer();
      const size_t port = static_cast<size_t>(std::ranges::find(producer.outputs(), node.input(i)) -
                                              producer.outputs().begin());
      if (!is_paintable_output(producer, port)) continue;
      in_[user].push_back(index_.at(&producer));
      out_[index_.at(&producer)].push_back(user);
    }
  }

  Set roots(Why why) const {
    Set set(nodes_.size());
    for (size_t i = 0; i < set.size(); ++i) set[i] = why_[i] == why;
    return set;
  }
  /// Undecided, and of a class that may take either colour.
  bool is_open(size_t i) const {
    return why_[i] == Why::kNoneAllowedNear && (class_[i] == Amp::kInfer || class_[i] == Amp::kClear);
  }

  /// `roots` and everything that is reached from them along `directions` through nodes that may be entered.
  template <typename Enter>
  Set reach(const Set& roots, std::initializer_list<const Edges*> directions, const Enter& may_enter) const {
    Set seen = roots;
    std::vector<size_t> stack;
    for (size_t i = 0; i < roots.size(); ++i)
      if (roots[i]) stack.push_back(i);
    while (!stack.empty()) {
      const size_t from = stack.back();
      stack.pop_back();
      for (const Edges* edges : directions)
        for (const size_t to : (*edges)[from])
          if (!seen[to] && may_enter(to)) {
            seen[to] = true;
            stack.push_back(to);
          }
    }
    return seen;
  }

  void set_where(const Set& set, Why why) {
    for (size_t i = 0; i < set.size(); ++i)
      if (set[i] && is_open(i)) why_[i] = why;
  }

  /// From denied nodes forward to denied and inferring ones, through neutral nodes on the way.
  void deny_along_paths() {
    Set denied(nodes_.size());
    Set ends(nodes_.size());
    for (size_t i = 0; i < nodes_.size(); ++i) {
      denied[i] = candidate_[i] && class_[i] == Amp::kDeny;
      ends[i] = denied[i] || (candidate_[i] && class_[i] == Amp::kInfer);
    }
    const Set leads_to_end =
        reach(ends, {&in_}, [&](size_t i) { return is_open(i) && class_[i] == Amp::kClear; });
    set_where(reach(denied, {&out_}, [&](size_t i) { return is_open(i) && leads_to_end[i]; }),
              Why::kAfterDenied);
  }

  void allow_between() {
    const Set allowed = roots(Why::kAllowList);
    const Set after = reach(allowed, {&out_}, [&](size_t i) { return is_open(i); });
    set_where(reach(allowed, {&in_}, [&](size_t i) { return is_open(i) && after[i]; }), Why::kBetweenAllowed);
  }

  void allow_after() {
    const auto half = [&](size_t i) { return is_half(why_[i]); };
    const auto denied = [&](size_t i) { return class_[i] == Amp::kDeny || why_[i] == Why::kAfterDenied; };
    for (size_t i = 0; i < nodes_.size(); ++i)
      if (is_open(i) && class_[i] == Amp::kInfer && std::ranges::any_of(in_[i], half) &&
          std::ranges::none_of(in_[i], denied))
        why_[i] = Why::kAfterAllowed;
  }

  void allow_through_neutral() {
    Set half(nodes_.size());
    for (size_t i = 0; i < half.size(); ++i) half[i] = is_half(why_[i]);
    const auto neutral = [&](size_t i) { return is_open(i) && class_[i] == Amp::kClear; };
    set_where(reach(half, {&in_, &out_}, neutral), Why::kNextToAllowed);
  }

  std::vector<Node*> nodes_;
  DType dtype_;
  std::unordered_map<const Node*, size_t> index_;
  Edges in_;
  Edges out_;
  Set by_name_;
  Set candidate_;
  std::vector<Amp> class_;
  std::vector<Why> why_;
};

}  // namespace

std::string_view why_text(Why why) {
  constexpr std::array<std::string_view, 10> kTexts = {
      "gains from half precision",
      "between operators that gain",
      "follows an operator that gains",
      "neutral, next to an operator in half precision",
      "needs f32",
      "denied by name",
      "between operators that need f32",
      "nothing to gain nearby",
      "its types are fixed",
      "no f32 values",
  };
  return kTexts[static_cast<size_t>(why)];
}

ops::Amp amp_class(const Node& node, DType dtype) {
  const bool sums = node.op() == "ReduceSum" || node.op() == "ReduceMean";
  return sums && dtype == DType::kBF16 ? Amp::kInfer : ops::get_op(node.op()).amp;
}

std::unordered_map<const Node*, Why> colour(const Graph& graph, DType dtype,
                                            const std::unordered_set<const Node*>& denied) {
  return Painter(graph, dtype, denied).run();
}

}  // namespace twofour::amp
