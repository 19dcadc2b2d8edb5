#include "ops/op_def.h"

#include <algorithm>
#include <array>
#include <unordered_map>

#include "ops/attr_kind.h"
#include "ops/control/control_flow.h"
#include "ops/evaluate.h"
#include "ops/infer_alone.h"

namespace twofour::ops {

#define TWOFOUR_OP(family, name) extern const OpDef k##name;
#include "ops/ops.inc"
#undef TWOFOUR_OP

namespace {

const std::array kAll = {
#define TWOFOUR_OP(family, name) &k##name,
#include "ops/ops.inc"
#undef TWOFOUR_OP
};

constexpr std::string_view kFamilies[] = {
#define TWOFOUR_OP(family, name) #family,
#include "ops/ops.inc"
#undef TWOFOUR_OP
};

void check_arity(const Node& node, std::span<const Port> ports, size_t count, std::string_view kind) {
  const bool variadic = !ports.empty() && ports.back().variadic;
  const auto required = std::ranges::count_if(ports, [](const Port& p) { return !p.optional; });
  TWOFOUR_CHECK(count >= static_cast<size_t>(required) && (variadic || count <= ports.size()),
                kInvalidArgument, "{} takes {} to {} {}, got {}", node.op(), required,
                variadic ? std::string("any number of") : std::to_string(ports.size()), kind, count);
}

void check_node(const OpDef& op, const Node& node) {
  check_arity(node, op.inputs, node.inputs().size(), "inputs");
  check_arity(node, op.outputs, node.outputs().size(), "outputs");
  for (size_t i = 0; i < node.inputs().size(); ++i)
    TWOFOUR_CHECK(node.input(i) || (i < op.inputs.size() && op.inputs[i].optional), kInvalidArgument,
                  "input {} of {} is missing", i, node.op());
  for (const auto& [name, value] : node.attrs()) {
    TWOFOUR_CHECK(std::ranges::find(op.attrs, name) != op.attrs.end(), kInvalidArgument,
                  "{} has no attribute \"{}\"; it has: {}", node.op(), name, fmt::join(op.attrs, ", "));
    check_attr_kind(name, value);
  }
}

// Sizes come from files: refuse what no machine can hold before anything multiplies them.
void check_size(const ValueType& type) {
  constexpr int64_t kMostBytes = int64_t{1} << 46;
  auto bytes = static_cast<int64_t>(dtype_size(type.dtype));
  for (const Dim& dim : type.dims) {
    if (!dim.known()) continue;
    if (dim.value == 0) return;
    TWOFOUR_CHECK(!__builtin_mul_overflow(bytes, dim.value, &bytes) && bytes <= kMostBytes,
                  kResourceExhausted, "a result of type {} is too large", type.to_string());
  }
}

bool is_unknown(const Value* value) { return value && !value->type().known; }

void forget_ranks(std::span<ValueType> types) {
  for (ValueType& type : types) type = ValueType::unknown(type.dtype);
}

enum class Fit : uint8_t { kYes, kNo, kUnclear };

/// The types if the inputs whose rank is not known have this one. Where it does not fit, dtypes are those
/// that inference sets before it fails.
Fit infer_at_rank(const OpDef& op, const Node& node, size_t rank, std::span<ValueType> types) {
  Graph trial;
  std::vector<std::optional<KnownInput>> inputs(node.inputs().size());
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Value* value = node.input(i);
    if (!value) continue;
    inputs[i] = {value->data(), value->type()};
    if (is_unknown(value)) inputs[i]->type = {value->dtype(), Dims(rank)};
  }
  const Node* twin = add_alone(trial, node.op(), node.name(), node.attrs(), types.size(), inputs);
  std::ranges::fill(types, ValueType{.dtype = node.input(0) ? node.input(0)->dtype() : DType::kF32});
  try {
    op.infer(*twin, types);
    return Fit::kYes;
  } catch (const Error& error) {
    return error.code() == ErrorCode::kInvalidArgument ? Fit::kNo : Fit::kUnclear;
  }
}

/// What the types have in common at every rank that fits. Where several inputs have none, their ranks may
/// differ, and only dtypes are known. Errors have to wait until the ranks are known.
void infer_at_any_rank(const OpDef& op, const Node& node, std::span<ValueType> types) {
  constexpr size_t kMostRank = 6;
  bool clear = std::ranges::count_if(node.inputs(), is_unknown) == 1;
  std::vector<ValueType> common;
  size_t fits = 0;
  for (size_t rank = 0; rank <= kMostRank; ++rank) {
    const Fit fit = infer_at_rank(op, node, rank, types);
    clear &= fit != Fit::kUnclear;
    if (fit != Fit::kYes) continue;
    clear &= ++fits > 1 || rank < kMostRank;  // higher ranks may fit as well
    common =
        common.empty() ? std::vector(types.begin(), types.end()) : common_types(common, types, "a result");
  }
  if (!common.empty()) std::ranges::copy(common, types.begin());
  if (common.empty() || !clear) forget_ranks(types);
}

void run_control(const OpDef& op, const ReferenceArgs& args) {
  std::vector<ValueType> types;
  for (const Tensor& output : args.outputs) types.push_back(type_of(output));
  const std::vector<Tensor> results = evaluate_control(op, args.attrs, args.inputs, types);
  for (size_t i = 0; i < results.size(); ++i) {
    const Tensor& dst = args.outputs[i];
    TWOFOUR_CHECK(type_of(results[i]) == types[i], kInvalidArgument, "result {} is {}; {} is expected", i,
                  type_of(results[i]).to_string(), types[i].to_string());
    std::copy_n(results[i].raw(), dst.size_bytes(), dst.raw());
  }
}

}  // namespace

std::string_view amp_name(Amp amp) {
  constexpr std::array<std::string_view, 5> kNames = {"allow", "infer", "deny", "clear", "fixed"};
  return kNames[static_cast<size_t>(amp)];
}

std::span<const OpDef* const> all_ops() { return kAll; }

std::span<const std::string_view> all_families() { return kFamilies; }

const OpDef* find_op(std::string_view name) {
  static const auto table = [] {
    std::unordered_map<std::string_view, const OpDef*> map;
    for (const OpDef* op : kAll) map[op->name] = op;
    return map;
  }();
  const auto it = table.find(name);
  return it == table.end() ? nullptr : it->second;
}

const OpDef& get_op(std::string_view name) {
  const OpDef* op = find_op(name);
  TWOFOUR_CHECK(op, kUnsupported, "operator {} is not supported", name);
  return *op;
}

const Port& input_port(const OpDef& op, size_t i) { return op.inputs[std::min(i, op.inputs.size() - 1)]; }

const Port& output_port(const OpDef& op, size_t i) { return op.outputs[std::min(i, op.outputs.size() - 1)]; }

void infer_types(const Node& node) {
  with_context([&] { return "inferring the types of " + node.label(); },
               [&] {
                 const OpDef& op = get_op(node.op());
                 check_node(op, node);
                 std::vector<ValueType> types(node.outputs().size());
                 if (!op.control && std::ranges::any_of(node.inputs(), is_unknown))
                   infer_at_any_rank(op, node, types);
                 else op.infer(node, types);
                 for (const ValueType& type : types) check_size(type);
                 for (size_t i = 0; i < types.size(); ++i) node.output(i)->set_type(std::move(types[i]));
               });
}

void infer_all(Graph& graph) {
  for (const auto& node : graph.nodes()) infer_types(*node);
}

void run_reference(const OpDef& op, const ReferenceArgs& args) {
  if (op.control) return run_control(op, args);
  std::vector<Tensor> inputs(args.inputs.begin(), args.inputs.end());
  std::vector<Tensor> outputs(args.outputs.begin(), args.outputs.end());
  for (Tensor& t : inputs)
    if (t.defined() && is_half(t.dtype())) t = t.to(DType::kF32);
  for (Tensor& t : outputs)
    if (t.defined() && is_half(t.dtype())) t = Tensor(DType::kF32, t.shape());
  op.reference({args.attrs, inputs, outputs});
  for (size_t i = 0; i < outputs.size(); ++i) {
    const Tensor& dst = args.outputs[i];
    if (!dst.defined() || !is_half(dst.dtype())) continue;
    const Tensor rounded = outputs[i].to(dst.dtype());
    std::copy_n(rounded.raw(), rounded.size_bytes(), dst.raw());
  }
}

std::vector<Tensor> run_reference(const Node& node, std::span<const Tensor> inputs) {
  std::vector<Tensor> outputs;
  for (const Value* value : node.outputs()) outputs.emplace_back(value->dtype(), value->shape());
  with_context([&] { return "evaluating " + node.label(); },
               [&] {
                 run_reference(get_op(node.op()), {node.attrs(), inputs, outputs});
               });
  return outputs;
}

}  // namespace twofour::ops
