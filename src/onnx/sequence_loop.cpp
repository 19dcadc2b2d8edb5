#include "onnx/sequence_loop.h"

#include <limits>

#include "onnx/proto.h"
#include "onnx/sequence_ops.h"
#include "ops/infer.h"
#include "ops/shape_value.h"

namespace twofour::onnx_io {
namespace {

constexpr size_t kHead = 2;  // trip count and condition; in the body: iteration and condition

bool goes_on(const Value* condition) {
  const std::optional<bool> truth = ops::known_truth(condition);
  TWOFOUR_CHECK(truth, kUnsupported,
                "it carries sequences and ends on a condition that is known only when it runs");
  return *truth;
}

int64_t most_trips(const Draft& draft) {
  if (!draft.input(0)) return std::numeric_limits<int64_t>::max();
  const auto count = ops::known_ints(draft.input(0));
  TWOFOUR_CHECK(count && count->size() == 1, kUnsupported,
                "it carries sequences, and its number of iterations is not known; give the sizes of the "
                "model's inputs");
  return (*count)[0];
}

std::string iteration_prefix(const Draft& draft, int64_t i) { return fmt::format("{}/{}/", draft.name, i); }

}  // namespace

Entities unroll_loop(const ControlNode& node, onnx::GraphProto& body, Draft& draft) {
  TWOFOUR_CHECK(draft.op == "Loop" && node.inputs.size() >= kHead, kUnsupported,
                "sequences are carried by Loop alone");
  ops::Builder& b = draft.builder;
  Value* truth = b.constant(draft.name + ".true", Tensor::of<bool>({}, std::array{true}));
  Value* condition = draft.input(1) ? draft.input(1) : truth;
  Entities states(node.inputs.begin() + kHead, node.inputs.end());
  const auto num_scans = static_cast<size_t>(body.output_size()) -
                         std::min<size_t>(static_cast<size_t>(body.output_size()), 1 + states.size());
  std::vector<std::vector<Value*>> slices(num_scans);
  const int64_t most = most_trips(draft);
  for (int64_t i = 0; i < most && goes_on(condition); ++i) {
    Entities args = {
        Entity::tensor(b.constant(iteration_prefix(draft, i) + "i", Tensor::of<int64_t>({}, std::array{i}))),
        Entity::tensor(truth)};
    args.insert(args.end(), states.begin(), states.end());
    const Entities results = node.read_inline(body, args, iteration_prefix(draft, i));
    TWOFOUR_CHECK(results.size() == 1 + states.size() + num_scans, kInvalidArgument,
                  "the body has {} outputs, the loop {} states", results.size(), states.size());
    condition = results[0].as_tensor("the condition");
    std::copy_n(results.begin() + 1, states.size(), states.begin());
    for (size_t s = 0; s < num_scans; ++s)
      slices[s].push_back(results[1 + states.size() + s].as_tensor("a scan output"));
  }
  for (size_t s = 0; s < num_scans; ++s)
    states.push_back(Entity::tensor(stack(b, slices[s], fmt::format("{}.{}", draft.name, s))));
  return states;
}

Entities unroll_map(const ControlNode& node, onnx::GraphProto& body, Draft& draft) {
  TWOFOUR_CHECK(!node.inputs.empty() && node.inputs[0].is_sequence(), kInvalidArgument,
                "its first input is not a sequence");
  const size_t length = node.inputs[0].values.size();
  Entities results(static_cast<size_t>(body.output_size()), Entity::sequence({}));
  for (size_t i = 0; i < length; ++i) {
    Entities args;
    for (const Entity& input : node.inputs) {
      TWOFOUR_CHECK(!input.is_sequence() || input.values.size() == length, kInvalidArgument,
                    "its sequences have {} and {} elements", length, input.values.size());
      args.push_back(input.is_sequence() ? Entity::tensor(input.values[i]) : input);
    }
    const Entities elements = node.read_inline(body, args, iteration_prefix(draft, static_cast<int64_t>(i)));
    for (size_t k = 0; k < results.size(); ++k)
      results[k].values.push_back(elements.at(k).as_tensor("an output of the body"));
  }
  return results;
}

}  // namespace twofour::onnx_io
