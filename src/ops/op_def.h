// OpDef: everything twofour knows about one operator, in one value. Each op is defined in one file of its
// family's folder and listed once in ops.inc. Fields whose type has no default constructor are decisions that
// every op must make: leaving one out does not compile.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ir/graph.h"

namespace twofour::ops {

class Builder;

/// What automatic mixed precision does with the op (anchors: TensorFlow's auto_mixed_precision lists).
/// kAllow: always half. kInfer: half when its neighbours are. kDeny: always f32. kClear: numerically neutral,
/// takes the colour of its neighbours. kFixed: types are part of the op's meaning, never repainted.
enum class Amp : uint8_t { kAllow, kInfer, kDeny, kClear, kFixed };
std::string_view amp_name(Amp amp);

struct Domain;
/// The values that make sense in the node's input, given what is known of its other inputs and its outputs
/// (ops/domain.h).
using DomainFn = Domain (*)(const Node& node, size_t input);

/// One input or output. `keep_f32`: stays f32 under mixed precision (batch-norm statistics).
/// `state`: data that training must not treat as a parameter (running statistics, shapes, masks).
/// `weight`: a constant there is a parameter, a weight or a bias (ops/parameters.h).
/// `domain`: of an input that not every value of its type suits.
struct Port {
  std::string_view name;
  bool optional = false;
  bool variadic = false;  // last input only: one or more
  bool keep_f32 = false;
  bool state = false;
  bool weight = false;
  bool row_major = false;  // a weight or its gradient: never in an activation's memory format
  DomainFn domain = nullptr;
};

/// Sets the types of the outputs from the node's inputs and attributes. Dims may be unknown, but not when all
/// inputs are constants (control flow excepted): what depends on data is then computed from it. Throws
/// Error{kInvalidArgument} on inputs that the op does not accept; the caller adds the node's label.
using InferFn = void (*)(const Node& node, std::span<ValueType> outputs);

/// Plain scalar evaluation, row-major, f32 (or integers); inputs that are absent are undefined Tensors.
/// Outputs are allocated. It is the fallback tactic, the test oracle and the constant folder.
struct ReferenceArgs {
  const Attrs& attrs;
  std::span<const Tensor> inputs;
  std::span<const Tensor> outputs;
};
using ReferenceFn = void (*)(const ReferenceArgs& args);

/// Runs the subgraph that an attribute holds.
using RunSubgraph =
    std::function<std::vector<Tensor>(std::string_view attribute, std::span<const Tensor> inputs)>;
/// What an op that runs subgraphs does with them. It does not look at the subgraphs, half precision stays as
/// it is, and the sizes of its outputs are known only afterwards: `types` may leave them open.
struct ControlArgs {
  const Attrs& attrs;
  std::span<const Tensor> inputs;
  std::span<const ValueType> types;  // of the outputs
  const RunSubgraph& run;
};
using ControlFn = std::vector<Tensor> (*)(const ControlArgs& args);

/// Emits the nodes that compute d(loss)/d(input) for every input; null where there is none.
/// grad_outputs[i] is null when no gradient flows into output i. Shapes are static here.
struct GradArgs {
  Builder& builder;
  const Node& node;
  std::span<Value* const> grad_outputs;
  /// False for inputs whose gradient nobody needs; computing it all the same is allowed but wasteful.
  std::span<const bool> needed;
};
using GradFn = std::vector<Value*> (*)(const GradArgs& args);

struct Grad {
  GradFn emit;              // null: not differentiable
  std::string_view reason;  // why not
  Grad() = delete;
  Grad(GradFn fn) : emit(fn) {}  // NOLINT(google-explicit-constructor): `.grad = conv_grad` reads as intended
  Grad(GradFn fn, std::string_view why) : emit(fn), reason(why) {}
};
inline Grad not_differentiable(std::string_view why) { return {nullptr, why}; }

/// What quantisation does with the op. kWeighted: int8 inputs and per-channel weights. kCommutes: moves int8
/// values unchanged (max pooling, reshape). kFloat: stays in floating point, for the reason given.
struct Quant {
  enum class Kind : uint8_t { kWeighted, kCommutes, kFloat };
  Kind kind;
  std::string_view reason;
  Quant() = delete;
  constexpr Quant(Kind k, std::string_view why) : kind(k), reason(why) {}
};
inline Quant quant_weighted() { return {Quant::Kind::kWeighted, ""}; }
inline Quant quant_commutes() { return {Quant::Kind::kCommutes, ""}; }
inline Quant quant_float(std::string_view why) { return {Quant::Kind::kFloat, why}; }

/// Which input is a weight that 2:4 sparsity applies to, and along which of its axes the blocks of four run.
struct Sparsity {
  int weight_input;  // -1: none
  size_t (*axis)(const Node& node);
  Sparsity() = delete;
  Sparsity(int input, size_t (*fn)(const Node&)) : weight_input(input), axis(fn) {}
};
inline Sparsity no_sparsity() { return {-1, nullptr}; }

/// A small case for conformance tests, gradient checks, documentation and fuzz seeds.
struct ExampleInput {
  DType dtype = DType::kF32;
  Shape shape;
  float low = -1;  // uniform values in [low, high); integers are truncated
  float high = 1;
  std::vector<float> values;  // instead of random ones
  bool constant = false;      // a constant in the graph, not an input
  bool absent = false;        // an optional input that is left out
  bool distinct = false;      // values at least 0.05 apart, for ops with kinks or ties (max, relu)
};
struct Example {
  std::vector<ExampleInput> inputs;
  Attrs attrs;
  size_t num_outputs = 1;
};

struct OpDef {
  std::string_view name;
  std::string_view doc;  // one line, the formula
  bool standard = true;  // an ONNX operator; false: twofour's own, never exported
  std::vector<Port> inputs;
  std::vector<Port> outputs;
  std::vector<std::string_view> attrs;  // the names it understands
  InferFn infer;
  ReferenceFn reference;  // null where `control` is given
  Grad grad;
  Amp amp;
  Quant quant;
  Sparsity sparsity;
  std::vector<Example> examples;
  ControlFn control = nullptr;
};

/// All ops, in the order of ops.inc: by family, then by name.
std::span<const OpDef* const> all_ops();
/// The family of each of all_ops(): the folder that defines it.
std::span<const std::string_view> all_families();
/// Null when there is no such op.
const OpDef* find_op(std::string_view name);
/// Throws Error{kUnsupported} when there is no such op.
const OpDef& get_op(std::string_view name);

/// The port of input (output) `i`; a variadic one stands for all that follow.
const Port& input_port(const OpDef& op, size_t i);
const Port& output_port(const OpDef& op, size_t i);

/// Checks arity and attribute names, then infers and sets the types of the node's outputs; of inputs whose
/// type is unknown, what holds for every rank. Errors name the node.
void infer_types(const Node& node);
/// infer_types for every node in order: after binding input shapes, for example.
void infer_all(Graph& graph);

/// Evaluates the node, whose output sizes are known, on host tensors. Half-precision tensors are widened to
/// f32 and rounded on the way out.
std::vector<Tensor> run_reference(const Node& node, std::span<const Tensor> inputs);
void run_reference(const OpDef& op, const ReferenceArgs& args);

}  // namespace twofour::ops
