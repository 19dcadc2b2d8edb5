// Packed 2:4 weights from outside give an Error or a kernel that runs within its memory, and what one matrix
// gives as code and as lists has the same bits. The input: a node, what its packed tensors hold, and how they
// differ from what the node needs.
#include <fuzzer/FuzzedDataProvider.h>

#include <bit>
#include <cstring>

#include "base/align.h"
#include "base/error.h"
#include "cpu/backend.h"
#include "cpu/sparse24/gemv_format.h"
#include "cpu/sparse24/linear.h"

using namespace twofour;
using backend::NodeDesc;
using backend::TensorDesc;

namespace {

const cpu::CpuBackend& device() {
  static const cpu::CpuBackend backend;
  return backend;
}

/// Decisions come from the last bytes, what tensors hold from those before.
class Source {
 public:
  Source(const uint8_t* data, size_t size)
      : decisions_(data + size - std::min(size, kDecisionBytes), std::min(size, kDecisionBytes)),
        content_(data, data + size - std::min(size, kDecisionBytes)) {
    if (content_.empty()) content_ = {0x4e};
  }

  int64_t from(int64_t low, int64_t high) { return decisions_.ConsumeIntegralInRange<int64_t>(low, high); }
  bool rarely() { return decisions_.ConsumeIntegral<uint8_t>() >= 0xf0; }
  /// A multiple of four, with few exceptions.
  int64_t columns(int64_t most) { return from(1, most / 4) * 4 + (rarely() ? from(-3, 3) : 0); }

  /// The content, over and over; floats in [-1, 1] unless `raw`.
  void fill(const Tensor& tensor) {
    const std::span bytes(reinterpret_cast<uint8_t*>(tensor.raw()), tensor.size_bytes());
    for (uint8_t& byte : bytes) byte = next();
    if (raw || tensor.dtype() != DType::kF32) return;
    for (float& v : tensor.span<float>()) v = static_cast<float>(std::bit_cast<int32_t>(v)) * 0x1p-31F;
  }

  bool raw = false;

 private:
  uint8_t next() { return content_[at_++ % content_.size()]; }

  static constexpr size_t kDecisionBytes = 32;

  FuzzedDataProvider decisions_;
  std::vector<uint8_t> content_;
  size_t at_ = 0;
};

NodeDesc::Input variable(const TensorDesc& desc) {
  return {.present = true, .constant = false, .desc = desc, .data = {}};
}
NodeDesc::Input constant(const Shape& shape) {
  return {.present = true, .constant = true, .desc = {.shape = shape}, .data = {}};
}

void add_activation(Source& source, NodeDesc& node) {
  constexpr std::array<const char*, 4> kNames = {"none", "relu", "clip", "tanh"};
  node.attrs.set("activation", std::string(kNames[static_cast<size_t>(source.from(0, 3))]));
  node.attrs.set("clip_low", -0.5F);
  node.attrs.set("clip_high", 0.5F);
}

struct Problem {
  NodeDesc node;
  int64_t m, k;  // of the matrix
  bool bias;
};

Problem linear_problem(Source& source) {
  const int64_t items = source.from(1, 40), m = source.from(1, 100), k = source.columns(160);
  Problem problem{.node = {.name = "node", .op = "FusedGemm", .attrs = {{"transB", int64_t{1}}}},
                  .m = m,
                  .k = k,
                  .bias = source.from(0, 1) == 1};
  problem.node.inputs = {variable({.shape = {items, k}}), constant({m, k})};
  if (problem.bias) problem.node.inputs.push_back(constant({m}));
  problem.node.outputs = {{.shape = {items, m}}};
  add_activation(source, problem.node);
  return problem;
}

Problem conv_problem(Source& source) {
  using Ints = std::vector<int64_t>;
  const int64_t batch = source.from(1, 2), c = source.columns(40), k = source.from(1, 60);
  const int64_t r = source.from(1, 3), s = source.from(1, 3);
  const int64_t stride = source.from(1, 2), pad = source.from(0, 1), dilation = source.from(1, 2);
  const int64_t h = source.from(dilation * (r - 1) + 1, 9), w = source.from(dilation * (s - 1) + 1, 20);
  const auto format = source.from(0, 1) ? backend::Format::kPlain : backend::Format::kChannelsLast;
  const TensorDesc dst = {.shape = {batch, k, (h + 2 * pad - dilation * (r - 1) - 1) / stride + 1,
                                    (w + 2 * pad - dilation * (s - 1) - 1) / stride + 1},
                          .format = format};
  Problem problem{.node = {.name = "node",
                           .op = "FusedConv",
                           .attrs = {{"strides", Ints{stride, stride}},
                                     {"pads", Ints{pad, pad, pad, pad}},
                                     {"dilations", Ints{dilation, dilation}}}},
                  .m = k,
                  .k = r * s * c,
                  .bias = source.from(0, 1) == 1};
  problem.node.inputs = {variable({.shape = {batch, c, h, w}, .format = format}), constant({k, c, r, s}),
                         problem.bias ? constant({k}) : NodeDesc::Input()};
  if (source.from(0, 1)) problem.node.inputs.push_back(variable(dst));
  problem.node.outputs = {dst};
  add_activation(source, problem.node);
  return problem;
}

Tensor filled(Source& source, DType dtype, int64_t count) {
  Tensor tensor(dtype, {std::max<int64_t>(count, 0)});
  source.fill(tensor);
  return tensor;
}

/// Every nibble one of the six that are legal.
void make_legal(const Tensor& indices) {
  constexpr std::array<uint8_t, 6> kLegal = {0x4, 0x8, 0x9, 0xc, 0xd, 0xe};
  for (uint8_t& byte : indices.span<uint8_t>())
    byte = static_cast<uint8_t>(kLegal[(byte & 15) % 6] | kLegal[(byte >> 4) % 6] << 4);
}

std::vector<Tensor> canonical_pack(Source& source, const Problem& p) {
  const bool legal = !source.rarely();
  std::vector<Tensor> packed = {filled(source, DType::kF32, p.m * (p.k / 2)),
                                filled(source, DType::kU8, p.m * backend::sparse24_index_bytes(p.k))};
  if (legal) make_legal(packed[1]);
  if (p.bias) packed.push_back(filled(source, DType::kF32, p.m));
  return packed;
}

std::vector<Tensor> compact_pack(Source& source, const Problem& p) {
  constexpr std::array<DType, 5> kTypes = {DType::kF32, DType::kF16, DType::kBF16, DType::kI8, DType::kI32};
  const DType dtype = kTypes[static_cast<size_t>(source.from(0, 4))];
  const size_t bytes = cpu::gemv_bytes(p.m, p.k, dtype_size(dtype));
  std::vector<Tensor> packed = {filled(source, dtype, static_cast<int64_t>(bytes / dtype_size(dtype)))};
  for (int i = 0; i < (dtype == DType::kI8) + p.bias; ++i) packed.push_back(filled(source, DType::kF32, p.m));
  return packed;
}

/// Another type, another length, or one tensor less or more.
void spoil(Source& source, std::vector<Tensor>& packed) {
  Tensor& tensor = packed[static_cast<size_t>(source.from(0, static_cast<int64_t>(packed.size()) - 1))];
  switch (source.from(0, 3)) {
    case 0: tensor = filled(source, DType::kI16, tensor.numel()); break;
    case 1: tensor = filled(source, tensor.dtype(), tensor.numel() + source.from(-2, 2)); break;
    case 2: packed.pop_back(); break;
    default: packed.push_back(tensor);
  }
}

/// In memory of exactly its size.
std::unique_ptr<std::byte[]> exact(size_t bytes) { return std::make_unique<std::byte[]>(bytes); }

void run(const backend::Kernel& kernel, const Problem& p, Source& source) {
  std::vector<std::unique_ptr<std::byte[]>> buffers;
  std::vector<const std::byte*> src;
  for (const NodeDesc::Input& input : p.node.inputs) {
    src.push_back(nullptr);
    if (!input.present || input.constant) continue;
    const Tensor values = filled(source, DType::kF32, input.desc.shape.numel());
    buffers.push_back(exact(values.size_bytes()));
    std::memcpy(buffers.back().get(), values.raw(), values.size_bytes());
    src.back() = buffers.back().get();
  }
  buffers.push_back(exact(p.node.outputs[0].size_bytes()));
  std::byte* dst = buffers.back().get();
  const auto scratch = allocate_aligned(kernel.scratch_bytes());
  kernel.run({src, std::span(&dst, 1), scratch.get()});
}

bool same_bits(float a, float b) { return std::bit_cast<uint32_t>(a) == std::bit_cast<uint32_t>(b); }

/// NaN for NaN, otherwise bit for bit.
void expect_same_forms(const Problem& p, const std::vector<Tensor>& packed, Source& source) {
  const int64_t items = p.node.outputs[0].shape[0];
  const backend::Sparse24View matrix{p.m, p.k, packed[0].span<float>(), packed[1].span<uint8_t>()};
  const Tensor x = filled(source, DType::kF32, items * p.k);
  std::vector<Tensor> results;
  for (const cpu::BlockForm form : {cpu::BlockForm::kCode, cpu::BlockForm::kLists}) {
    const auto made = cpu::create_sparse24_linear(matrix, items, cpu::ItemLayout::kRows, {}, {.form = form});
    if (!made.kernel) return;
    results.emplace_back(DType::kF32, Shape{items * p.m});
    const auto scratch = allocate_aligned(made.kernel->scratch_bytes(1));
    made.kernel->run(x.span<float>().data(), nullptr, results.back().span<float>().data(), scratch.get(), 1);
  }
  for (size_t i = 0; i < results[0].span<float>().size(); ++i) {
    const float a = results[0].span<float>()[i], b = results[1].span<float>()[i];
    if (!same_bits(a, b) && !(a != a && b != b)) fail(ErrorCode::kInternal, "code gives {}, lists {}", a, b);
  }
}

void fuzz(Source& source) {
  const auto tactic = source.from(0, 2);
  source.raw = source.rarely();
  const Problem problem = tactic == 0 ? conv_problem(source) : linear_problem(source);
  const bool spoilt = source.rarely();
  std::vector<Tensor> packed = tactic == 2 ? compact_pack(source, problem) : canonical_pack(source, problem);
  if (spoilt) spoil(source, packed);
  constexpr std::array<const char*, 3> kTactics = {"sparse24.conv", "sparse24.gemm", "sparse24.gemv"};
  const auto kernel =
      device().find_tactic(kTactics[static_cast<size_t>(tactic)])->create(problem.node, packed);
  run(*kernel, problem, source);
  if (tactic == 1) expect_same_forms(problem, packed, source);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Source source(data, size);
  try {
    fuzz(source);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kInternal) throw;
  }
  return 0;
}
