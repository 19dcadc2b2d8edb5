#include "tactics/harness.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cmath>
#include <cstring>
#include <numeric>

#include "base/parallel.h"
#include "base/rng.h"
#include "ops/builder.h"
#include "ops/quantisation/output_codes.h"

namespace twofour::tactic_test {
namespace {

using backend::Format;
using backend::NodeDesc;
using backend::TensorDesc;

Tensor random_tensor(const CaseInput& spec, Rng& rng) {
  Tensor wide(DType::kF32, spec.shape);
  const auto values = wide.span<float>();
  if (!spec.values.empty()) {
    std::copy(spec.values.begin(), spec.values.end(), values.begin());
  } else if (spec.distinct) {
    std::iota(values.begin(), values.end(), 0.0F);
    rng.shuffle(values);
    for (float& v : values) v = (v + 0.5F) * 0.0625F - 0.03125F * static_cast<float>(values.size());
  } else {
    for (float& v : values) v = rng.uniform(spec.low, spec.high);
  }
  return wide.to(spec.dtype);
}

Tensor permuted(const Tensor& src, const Shape& s, bool to_last) {
  Tensor dst(src.dtype(), src.shape());
  const size_t bytes = dtype_size(src.dtype());
  const int64_t pixels = s[2] * s[3];
  for (int64_t n = 0; n < s[0]; ++n)
    for (int64_t c = 0; c < s[1]; ++c)
      for (int64_t i = 0; i < pixels; ++i) {
        const auto plain = static_cast<size_t>((n * s[1] + c) * pixels + i) * bytes;
        const auto last = static_cast<size_t>((n * pixels + i) * s[1] + c) * bytes;
        std::memcpy(dst.raw() + (to_last ? last : plain), src.raw() + (to_last ? plain : last), bytes);
      }
  return dst;
}

/// `bytes` at 64-byte alignment plus `misalign`, filled with NaNs (0xff).
std::shared_ptr<std::byte> poisoned(size_t bytes, size_t misalign) {
  const auto block = allocate_aligned(bytes + misalign + 64);
  std::memset(block.get(), 0xff, bytes + misalign + 64);
  return {block, block.get() + misalign};
}

Tensor read_only(const Tensor& tensor) {
  const size_t bytes = std::max<size_t>(tensor.size_bytes(), 1);
  void* pages = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  std::memcpy(pages, tensor.raw(), tensor.size_bytes());
  mprotect(pages, bytes, PROT_READ);
  return {tensor.dtype(), tensor.shape(),
          std::shared_ptr<std::byte>(static_cast<std::byte*>(pages),
                                     [bytes](std::byte* p) { munmap(p, bytes); })};
}

std::vector<Tensor> pack_with(const backend::Tactic& tactic, const NodeDesc& node, int threads) {
  const int before = max_threads();
  if (threads > 0) set_max_threads(threads);
  std::vector<Tensor> packed = tactic.pack(node);
  set_max_threads(before);
  return packed;
}

bool gives_codes(const NodeDesc& node) {
  const DType dtype = node.outputs[0].dtype;
  return node.op.starts_with("Quantized") && (dtype == DType::kI8 || dtype == DType::kU8);
}

/// What the codes of a case stand for: the reference's f32 result.
Tensor real_result(Case test, bool activated) {
  test.node.attrs.set("output_dtype", std::string(dtype_name(DType::kF32)));
  test.node.outputs[0].dtype = DType::kF32;
  if (!activated) test.node.attrs.set("activation", std::string("none"));
  return run_reference(test)[0];
}

double largest_magnitude(const Tensor& values) {
  double largest = 0;
  for (const float v : values.span<float>()) largest = std::max(largest, std::abs(double{v}));
  return largest;
}

}  // namespace

Tensor to_channels_last(const Tensor& plain) { return permuted(plain, plain.shape(), true); }
Tensor from_channels_last(const Tensor& tensor) { return permuted(tensor, tensor.shape(), false); }

Case make_case(const std::string& op, const std::vector<CaseInput>& inputs, Attrs attrs, size_t outputs,
               uint64_t seed) {
  Rng rng(seed);
  std::vector<Tensor> tensors;
  std::vector<bool> constant;
  for (const CaseInput& spec : inputs) {
    tensors.push_back(spec.absent ? Tensor() : random_tensor(spec, rng));
    constant.push_back(spec.constant);
  }
  return case_of_tensors(op, tensors, constant, std::move(attrs), outputs);
}

Case case_of_tensors(const std::string& op, const std::vector<Tensor>& inputs,
                     const std::vector<bool>& constant, Attrs attrs, size_t outputs) {
  Graph graph;
  Case result;
  std::vector<Value*> values;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Tensor& data = inputs[i];
    // Shape inference may want to know the data (axes, shapes), whether or not the tactic sees a constant.
    values.push_back(data.defined() ? graph.add_constant("c", data) : nullptr);
    result.inputs.push_back(data);
    NodeDesc::Input& input = result.node.inputs.emplace_back();
    input.present = data.defined();
    input.constant = i < constant.size() && constant[i];
    if (input.present) input.desc = {data.dtype(), data.shape(), Format::kPlain};
    if (input.constant) input.data = data;
  }
  ops::Builder builder(graph);
  const auto results = builder.op_n(op, values, outputs, attrs);
  result.node.name = "test";
  result.node.op = op;
  result.node.attrs = std::move(attrs);
  for (const Value* value : results)
    result.node.outputs.push_back({value->dtype(), value->shape(), Format::kPlain});
  return result;
}

Case case_of_example(const ops::OpDef& op, const ops::Example& example) {
  std::vector<CaseInput> inputs;
  for (const ops::ExampleInput& in : example.inputs)
    inputs.push_back({in.dtype, in.shape, in.low, in.high, in.constant, in.absent, in.values, in.distinct});
  return make_case(std::string(op.name), inputs, example.attrs, example.num_outputs);
}

Case with_half(Case original, DType dtype) {
  const ops::OpDef& op = ops::get_op(original.node.op);
  std::vector<bool> constant;
  for (size_t i = 0; i < original.inputs.size(); ++i) {
    Tensor& data = original.inputs[i];
    if (data.defined() && data.dtype() == DType::kF32 && !input_port(op, i).keep_f32) data = data.to(dtype);
    constant.push_back(original.node.is_constant(i));
  }
  try {
    Case half = case_of_tensors(original.node.op, original.inputs, constant, original.node.attrs,
                                original.node.outputs.size());
    for (size_t i = 0; i < half.inputs.size(); ++i)
      half.node.inputs[i].desc.format = original.node.inputs[i].desc.format;
    for (size_t i = 0; i < half.node.outputs.size(); ++i)
      half.node.outputs[i].format = original.node.outputs[i].format;
    return half;
  } catch (const Error&) {
    return {};
  }
}

Case pruned(Case test, int64_t step) {
  const auto weight = test.inputs[1].span<float>();  // shared with the node's constant
  for (size_t i = 0; i < weight.size(); ++i)
    if (static_cast<int64_t>(i) / step % 4 < 2) weight[i] = 0;
  return test;
}

Case with_random_24(Case test, size_t axis) {
  Tensor& weight = test.inputs[1];
  const Shape& shape = weight.shape();
  const int64_t step = shape.numel(axis + 1, shape.rank()), size = shape[axis];
  const auto bytes = static_cast<int64_t>(dtype_size(weight.dtype()));
  Rng rng(7);
  for (int64_t at = 0; at < weight.numel(); ++at) {
    const int64_t place = at / step % size;
    if (place % 4 != 0) continue;
    const uint64_t first = rng.below(4), second = rng.below(4), keep = rng.below(8);
    for (uint64_t j = 0; j < 4 && place + static_cast<int64_t>(j) < size; ++j)
      if (keep == 0 || (j != first && (j != second || keep == 1)))
        std::memset(weight.raw() + (at + static_cast<int64_t>(j) * step) * bytes, 0,
                    static_cast<size_t>(bytes));
  }
  test.node.inputs[1].data = weight;
  return test;
}

Case with_format(Case original, Format format) {
  NodeDesc& node = original.node;
  const ops::OpDef& op = ops::get_op(node.op);
  for (size_t i = 0; i < node.inputs.size(); ++i)
    if (node.inputs[i].present && !node.inputs[i].constant && node.inputs[i].desc.shape.rank() == 4 &&
        !input_port(op, i).row_major)
      node.inputs[i].desc.format = format;
  for (size_t i = 0; i < node.outputs.size(); ++i)
    if (node.outputs[i].shape.rank() == 4 && !output_port(op, i).row_major) node.outputs[i].format = format;
  return original;
}

std::vector<Tensor> run_reference(const Case& test) {
  std::vector<Tensor> outputs;
  for (const TensorDesc& desc : test.node.outputs) outputs.emplace_back(desc.dtype, desc.shape);
  ops::run_reference(ops::get_op(test.node.op), {test.node.attrs, test.inputs, outputs});
  return outputs;
}

std::vector<Tensor> run_tactic(const backend::Tactic& tactic, const Case& test, const RunOptions& options) {
  const NodeDesc& node = test.node;
  std::vector<Tensor> packed = pack_with(tactic, node, options.pack_threads);
  if (options.read_only_pack) std::ranges::transform(packed, packed.begin(), read_only);
  const auto kernel = tactic.create(node, packed);
  std::vector<std::shared_ptr<std::byte>> memory;
  std::vector<const std::byte*> src;
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    const auto& input = node.inputs[i];
    if (!input.present || (input.constant && tactic.packs())) {
      src.push_back(nullptr);
      memory.push_back(nullptr);
      continue;
    }
    const Tensor image =
        input.desc.format == Format::kChannelsLast ? to_channels_last(test.inputs[i]) : test.inputs[i];
    memory.push_back(poisoned(image.size_bytes(), options.misalign));
    std::copy_n(image.raw(), image.size_bytes(), memory.back().get());
    src.push_back(memory.back().get());
  }
  std::vector<std::byte*> dst;
  std::vector<bool> taken(src.size(), false);
  std::vector<std::shared_ptr<std::byte>> outputs;
  for (size_t o = 0; o < node.outputs.size(); ++o) {
    std::shared_ptr<std::byte> target;
    for (size_t i = 0; options.in_place && i < src.size() && !target; ++i)
      if (src[i] && !taken[i] && !node.is_constant(i) && tactic.in_place(node, i, o)) {
        target = memory[i];
        taken[i] = true;
      }
    if (!target) target = poisoned(node.outputs[o].size_bytes(), options.misalign);
    outputs.push_back(target);
    dst.push_back(target.get());
  }
  const auto scratch = poisoned(kernel->scratch_bytes(), 0);
  kernel->run({src, dst, scratch.get()});
  std::vector<Tensor> results;
  for (size_t o = 0; o < node.outputs.size(); ++o) {
    const TensorDesc& desc = node.outputs[o];
    Tensor result(desc.dtype, desc.shape);
    std::copy_n(dst[o], result.size_bytes(), result.raw());
    results.push_back(desc.format == Format::kChannelsLast ? from_channels_last(result) : result);
  }
  return results;
}

void expect_close(const std::vector<Tensor>& actual, const std::vector<Tensor>& expected, double eps,
                  const std::string& what) {
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t o = 0; o < actual.size(); ++o) {
    const DType dtype = expected[o].dtype();
    const double epsilon = dtype == DType::kF16 ? 0x1p-10 : dtype == DType::kBF16 ? 0x1p-7 : 0x1p-23;
    const Tensor a = actual[o].to(DType::kF64);
    const Tensor b = expected[o].to(DType::kF64);
    double scale = 0;
    for (const double v : b.span<double>())
      if (std::isfinite(v)) scale = std::max(scale, std::abs(v));
    for (size_t i = 0; i < b.span<double>().size(); ++i) {
      const double x = a.span<double>()[i];
      const double y = b.span<double>()[i];
      const bool same =
          x == y || (std::isnan(x) && std::isnan(y)) || std::abs(x - y) <= eps * epsilon * scale;
      ASSERT_TRUE(same) << what << ": output " << o << " element " << i << " is " << x << ", expected " << y
                        << " within " << eps << " eps of " << scale;
    }
  }
}

void expect_codes(const Tensor& actual, const Case& test, double eps, const std::string& what) {
  const ops::OutputCodes codes = ops::output_codes_from(test.node.attrs);
  const Tensor values = real_result(test, true);
  const double largest = std::max(largest_magnitude(values), largest_magnitude(real_result(test, false)));
  const double slack = 0.5 + eps * 0x1p-23 * largest / double{codes.scale};
  const double low = codes.dtype == DType::kU8 ? 0 : -128;
  const Tensor given = actual.to(DType::kF64);
  for (size_t i = 0; i < values.span<float>().size(); ++i) {
    const double exact =
        double{values.span<float>()[i]} / double{codes.scale} + static_cast<double>(codes.zero_point);
    const double bounded = std::clamp(exact, low, low + 255);
    ASSERT_LE(std::abs(given.span<double>()[i] - bounded), slack)
        << what << ": element " << i << " is " << given.span<double>()[i] << ", exactly " << exact;
  }
}

bool check_tactic(const backend::Tactic& tactic, const Case& test, const RunOptions& options, double eps) {
  if (test.node.op.empty() || !tactic.supports(test.node)) return false;
  const std::string what = tactic.name() + " on " + test.node.signature();
  SCOPED_TRACE(what);
  const std::vector<Tensor> actual = run_tactic(tactic, test, options);
  if (gives_codes(test.node)) expect_codes(actual[0], test, eps, what);
  else expect_close(actual, run_reference(test), eps, what);
  return true;
}

void expect_runs(const backend::Tactic& tactic, const Case& test, const RunOptions& options, double eps) {
  EXPECT_TRUE(check_tactic(tactic, test, options, eps))
      << tactic.name() << " declines " << test.node.signature() << ": "
      << tactic.supports(test.node).to_string();
}

std::vector<Attrs> activations() {
  const auto named = [](const char* name, float slope = 0, float offset = 0) {
    return Attrs{
        {"activation", std::string(name)}, {"activation_slope", slope}, {"activation_offset", offset}};
  };
  const auto clip = [](float low, float high) {
    return Attrs{{"activation", std::string("clip")}, {"clip_low", low}, {"clip_high", high}};
  };
  return {
      named("none"),       named("relu"),        named("leaky_relu", 0.1F), named("sigmoid"),
      named("tanh"),       named("swish", 1.5F), named("swish", 1),         named("hard_sigmoid", 0.2F, 0.5F),
      named("hard_swish"), named("gelu"),        clip(-0.5F, 1.5F),         clip(0, 6),
      clip(-0.5F, 0.5F)};
}

}  // namespace twofour::tactic_test
