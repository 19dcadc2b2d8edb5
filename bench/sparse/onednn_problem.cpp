#include "sparse/onednn_problem.h"

#include <fmt/format.h>

namespace twofour::bench {
namespace {

/// Memory of ours, which lies in large pages as tensors of engines do.
struct Buffer {
  memory::desc desc;
  std::shared_ptr<std::byte> bytes;

  explicit Buffer(const memory::desc& d) : desc(d), bytes(allocate_aligned(d.get_size())) {}
  memory view() const { return {desc, cpu_engine(), bytes.get()}; }
};

Buffer converted(const OnednnOperand& operand) {
  Buffer buffer(operand.wanted);
  dnnl::stream stream(cpu_engine());
  const memory::desc plain(operand.dims, cpu::onednn::type_of(operand.tensor.dtype()), operand.order);
  memory from(plain, cpu_engine(), operand.tensor.raw());
  memory to = buffer.view();
  dnnl::reorder(from, to).execute(stream, from, to);
  stream.wait();
  return buffer;
}

/// What one copy of the weight needs.
struct Execution {
  std::vector<Buffer> buffers;
  std::unordered_map<int, memory> arguments;
};

}  // namespace

Candidate onednn_candidate(std::string name, const dnnl::primitive& primitive,
                           const std::vector<OnednnOperand>& operands, const memory::desc& dst,
                           int64_t copies) {
  const Buffer result(dst);
  std::vector<Buffer> shared;
  std::unordered_map<int, memory> common = {{DNNL_ARG_DST, result.view()}};
  for (const OnednnOperand& operand : operands)
    if (!operand.is_weight) common.emplace(operand.argument, shared.emplace_back(converted(operand)).view());
  auto executions = std::make_shared<std::vector<Execution>>();
  for (int64_t copy = 0; copy < copies; ++copy) {
    Execution& execution = executions->emplace_back(Execution{shared, common});
    for (const OnednnOperand& operand : operands)
      if (operand.is_weight)
        execution.arguments.emplace(operand.argument,
                                    execution.buffers.emplace_back(converted(operand)).view());
  }
  dnnl::stream stream(cpu_engine());
  auto run = [primitive, executions, stream](int64_t copy) mutable {
    primitive.execute(stream, (*executions)[static_cast<size_t>(copy)].arguments);
    stream.wait();
  };
  auto values = [result] {
    const DType dtype = result.desc.data_type() == Type::bf16 ? DType::kBF16 : DType::kF32;
    const auto count = static_cast<int64_t>(result.desc.get_size() / dtype_size(dtype));
    return Tensor(dtype, {count}, result.bytes);
  };
  return in_process(std::move(name), Role::kDense, copies, std::move(run), values);
}

std::vector<Type> onednn_types(const Problem& problem) {
  if (problem.precision == Precision::kInt8) return {};
  std::vector<Type> types = {cpu::onednn::type_of(dtype_at(problem.precision))};
  if (types[0] == Type::f32 && is_half(problem.stored) && cpu::onednn::has_bf16())
    types.push_back(Type::bf16);
  return types;
}

std::string typed_name(std::string name, Type type) { return name + (type == Type::bf16 ? " bf16" : ""); }

std::string onednn_title() {
  const dnnl_version_t& version = *dnnl_version();
  return fmt::format("oneDNN {}.{}.{}", version.major, version.minor, version.patch);
}

std::vector<Candidate> onednn_candidates(const Problem& problem, const ProblemData& data) {
  if (problem.is_conv()) return onednn_convs(problem, data);
  std::vector<Candidate> list = onednn_gemms(problem, data);
  if (problem.precision == Precision::kF32 && problem.stored == DType::kI8)
    std::ranges::move(onednn_int8_gemms(problem, data), std::back_inserter(list));
  return list;
}

}  // namespace twofour::bench
