// Every op of the table against what its entry promises.
#include <cmath>
#include <cstring>

#include "base/rng.h"
#include "ops/attr_kind.h"
#include "ops/document.h"
#include "ops/example.h"
#include "ops/helpers.h"
#include "ops/infer.h"

namespace twofour::ops {
namespace {

class Conformance : public testing::TestWithParam<ExampleCase> {};

TEST_P(Conformance, ReferenceWritesEveryElementAndNothingElse) {
  const Graph graph = example_graph(*GetParam().op, GetParam().get(), 1);
  const Node& node = *graph.nodes().front();
  const std::vector<Tensor> given = example_inputs(GetParam().get(), 1);
  std::vector<Tensor> inputs;
  size_t next = 0;
  for (const Value* input : node.inputs())
    inputs.push_back(!input ? Tensor() : input->is_constant() ? input->data() : given[next++]);
  constexpr size_t kGuard = 64;
  std::vector<std::vector<std::byte>> runs;
  for (const int background : {0x00, 0x5a}) {
    std::vector<Tensor> outputs;
    for (const Value* output : node.outputs()) {
      Tensor exact(output->dtype(), output->shape());
      auto memory = allocate_aligned(exact.size_bytes() + kGuard);
      std::memset(memory.get(), background, exact.size_bytes() + kGuard);
      outputs.emplace_back(output->dtype(), output->shape(), memory);
    }
    run_reference(*GetParam().op, {node.attrs(), inputs, outputs});
    std::vector<std::byte>& bytes = runs.emplace_back();
    for (const Tensor& t : outputs) {
      bytes.insert(bytes.end(), t.raw(), t.raw() + t.size_bytes());
      for (size_t i = 0; i < kGuard; ++i)
        ASSERT_EQ(t.raw()[t.size_bytes() + i], std::byte(background)) << "byte " << i;
    }
  }
  EXPECT_EQ(runs[0], runs[1]) << "some element depends on what the buffer held before";
}

// Whatever inference says about unknown sizes must be true of the real ones.
TEST_P(Conformance, InferenceWithUnknownSizesAgreesWithKnownOnes) {
  const Graph known = example_graph(*GetParam().op, GetParam().get(), 1);
  for (size_t i = 0; i < known.inputs().size(); ++i)
    for (size_t axis = 0; axis < known.inputs()[i]->rank(); ++axis)
      for (const char* symbol : {"", "N"}) {
        Graph open = known.clone();
        ValueType type = open.inputs()[i]->type();
        type.dims[axis] = Dim::named(symbol);
        open.inputs()[i]->set_type(type);
        try {
          infer_all(open);
        } catch (const Error& error) {
          EXPECT_TRUE(error.code() == ErrorCode::kFailedPrecondition ||
                      error.code() == ErrorCode::kUnsupported)
              << error.what();
          continue;
        }
        for (size_t o = 0; o < known.outputs().size(); ++o) {
          const ValueType& expected = known.outputs()[o]->type();
          const ValueType& got = open.outputs()[o]->type();
          EXPECT_EQ(got.dtype, expected.dtype);
          if (!got.known) continue;  // a size that may be 1, or that says how many axes there are
          ASSERT_EQ(got.dims.size(), expected.dims.size()) << got.to_string();
          for (size_t d = 0; d < got.dims.size(); ++d) {
            const Dim& dim = got.dims[d];
            const Dim expected_dim = dim.symbol.empty() ? expected.dims[d] : known.inputs()[i]->dims()[axis];
            EXPECT_TRUE(!dim.known() || dim == expected.dims[d]) << got.to_string();
            EXPECT_EQ(expected_dim, expected.dims[d]) << got.to_string();
          }
        }
      }
}

// The dtype does not depend on ranks, so that it is known without them. What else is said is true of the rank
// that the example has.
TEST_P(Conformance, InferenceWithUnknownRankAgreesWithAKnownOne) {
  const Graph known = example_graph(*GetParam().op, GetParam().get(), 1);
  for (size_t i = 0; i < known.inputs().size(); ++i) {
    Graph open = known.clone();
    open.inputs()[i]->set_type(ValueType::unknown(open.inputs()[i]->dtype()));
    infer_all(open);
    for (size_t o = 0; o < known.outputs().size(); ++o) {
      const ValueType& got = open.outputs()[o]->type();
      const ValueType& expected = known.outputs()[o]->type();
      EXPECT_EQ(got.dtype, expected.dtype) << "input " << i << ", output " << o;
      if (got.known) check_dims(expected, got.dims, fmt::format("with input {} open, output {}", i, o));
    }
  }
}

/// Rounds the float inputs that may be half to `half` and back.
std::vector<Tensor> rounded(const OpDef& op, const Node& node, std::vector<Tensor> inputs, DType half,
                            bool keep_half) {
  size_t next = 0;
  for (size_t i = 0; i < node.inputs().size(); ++i) {
    const Value* input = node.inputs()[i];
    if (!input || input->is_constant()) continue;
    Tensor& tensor = inputs[next++];
    const Port& port = input_port(op, i);
    if (tensor.dtype() != DType::kF32 || port.keep_f32) continue;
    tensor = tensor.to(half);
    if (!keep_half) tensor = tensor.to(DType::kF32);
  }
  return inputs;
}

// Half tensors are computed in f32 and rounded once at the end.
TEST_P(Conformance, HalfIsF32RoundedOnce) {
  const OpDef& op = *GetParam().op;
  if (op.amp == Amp::kFixed) return;
  for (const DType half : {DType::kF16, DType::kBF16}) {
    Graph graph = example_graph(op, GetParam().get(), 2);
    const Node& node = *graph.nodes().front();
    const std::vector<Tensor> inputs = example_inputs(GetParam().get(), 2);
    const std::vector<Tensor> wide = rounded(op, node, inputs, half, false);
    std::vector<Tensor> narrow = rounded(op, node, inputs, half, true);
    std::vector<std::pair<Value*, Tensor>> constants;
    for (const auto& value : graph.values()) {
      if (!value->is_constant() || value->dtype() != DType::kF32) continue;
      const auto port =
          static_cast<size_t>(std::ranges::find(node.inputs(), value.get()) - node.inputs().begin());
      if (op.inputs[port].keep_f32) continue;
      constants.emplace_back(value.get(), value->data().to(half));
      value->set_data(constants.back().second.to(DType::kF32));
    }
    const std::vector<Tensor> expected = evaluate(graph, wide);
    for (const auto& [value, data] : constants) value->set_data(data);
    for (size_t i = 0; i < narrow.size(); ++i) graph.inputs()[i]->set_type(type_of(narrow[i]));
    const std::vector<Tensor> got = evaluate(graph, narrow);
    const float step = half == DType::kF16 ? 0x1p-11F : 0x1p-8F;
    for (size_t o = 0; o < got.size(); ++o) {
      const std::vector<float> a = values(got[o]);
      const std::vector<float> b = values(expected[o]);
      for (size_t i = 0; i < a.size(); ++i)
        EXPECT_NEAR(a[i], b[i], step * std::fabs(b[i]) + 0x1p-24F) << "element " << i;
    }
  }
}

/// sum over the outputs of cotangent * output, in double.
double scalarised(const std::vector<Tensor>& outputs, const std::vector<Tensor>& cotangents) {
  double sum = 0;
  for (size_t o = 0; o < outputs.size(); ++o) {
    if (!cotangents[o].defined()) continue;
    const auto y = outputs[o].span<float>();
    const auto c = cotangents[o].span<float>();
    for (size_t i = 0; i < y.size(); ++i) sum += double{y[i]} * double{c[i]};
  }
  return sum;
}

/// The graph with the gradients of its inputs appended as further outputs (those that exist), cotangents
/// constant.
struct WithGradients {
  Graph graph;
  std::vector<Value*> of_input;  // per graph input; null: none
};

WithGradients differentiate(const ExampleCase& c, const std::vector<Tensor>& cotangents) {
  WithGradients result{example_graph(*c.op, c.get(), 3), {}};
  Graph& graph = result.graph;
  Node& node = *graph.nodes().front();
  Builder b(graph, "grad.");
  std::vector<Value*> grads;
  for (const Tensor& t : cotangents) grads.push_back(t.defined() ? b.constant("cotangent", t) : nullptr);
  const auto needed = std::make_unique<bool[]>(node.inputs().size());
  for (size_t i = 0; i < node.inputs().size(); ++i)
    needed[i] = node.input(i) && !node.input(i)->is_constant() && node.input(i)->dtype() == DType::kF32;
  const std::vector<Value*> emitted = c.op->grad.emit({b, node, grads, {needed.get(), node.inputs().size()}});
  EXPECT_EQ(emitted.size(), node.inputs().size());
  std::vector<Value*> outputs;
  for (Value* input : graph.inputs()) {
    const auto i = static_cast<size_t>(std::ranges::find(node.inputs(), input) - node.inputs().begin());
    Value* grad = needed[i] ? emitted.at(i) : nullptr;
    EXPECT_TRUE(!grad || grad->type() == input->type()) << "gradient of " << input->name();
    result.of_input.push_back(grad);
    if (grad) outputs.push_back(grad);
  }
  graph.set_outputs(outputs);
  return result;
}

TEST_P(Conformance, GradientMatchesFiniteDifferences) {
  const OpDef& op = *GetParam().op;
  if (!op.grad.emit) {
    EXPECT_FALSE(op.grad.reason.empty());
    return;
  }
  const Graph forward = example_graph(op, GetParam().get(), 3);
  if (forward.outputs()[0]->dtype() != DType::kF32) return;
  std::vector<Tensor> inputs = example_inputs(GetParam().get(), 3);
  std::vector<Tensor> cotangents;
  Rng rng(4);
  for (size_t o = 0; o < forward.outputs().size(); ++o) {
    const Value* output = forward.outputs()[o];
    const bool state = output_port(op, o).state;
    if (output->dtype() != DType::kF32 || (o > 0 && op.outputs.size() > 2) || state) {
      cotangents.emplace_back();
      continue;
    }
    cotangents.emplace_back(DType::kF32, output->shape());
    for (float& v : cotangents.back().span<float>()) v = rng.uniform(-1, 1);
  }
  WithGradients with;
  try {
    with = differentiate(GetParam(), cotangents);
  } catch (const Error& error) {
    ASSERT_EQ(error.code(), ErrorCode::kUnsupported) << error.what();
    GTEST_SKIP() << error.what();
  }
  const std::vector<Tensor> grads = evaluate(with.graph, inputs);
  size_t next = 0;
  for (size_t n = 0; n < inputs.size(); ++n) {
    if (!with.of_input[n]) continue;
    const auto got = grads[next++].span<float>();
    const auto x = inputs[n].span<float>();
    for (size_t i = 0; i < x.size(); ++i) {
      constexpr double kStep = 0x1p-7;
      const float before = x[i];
      const auto at = [&](double steps) {
        x[i] = static_cast<float>(double{before} + steps * kStep);
        const double y = scalarised(evaluate(forward, inputs), cotangents);
        x[i] = before;
        return y;
      };
      // Fourth order, so that the step can be large enough for f32 arithmetic.
      const double expected = (8 * (at(1) - at(-1)) - (at(2) - at(-2))) / (12 * kStep);
      ASSERT_NEAR(got[i], expected, 5e-4 + 5e-4 * std::fabs(expected)) << "input " << n << " element " << i;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Ops, Conformance, testing::ValuesIn(example_cases()), example_case_name);

TEST(OpTable, EveryOpIsDocumentedAndHasExamples) {
  const auto families = all_families();
  for (size_t i = 0; i < all_ops().size(); ++i) {
    const OpDef* op = all_ops()[i];
    const std::pair place(families[i], op->name);
    if (i > 0) {
      EXPECT_LT(std::pair(families[i - 1], all_ops()[i - 1]->name), place) << "ops.inc is not sorted";
    }
    EXPECT_EQ(find_op(op->name), op);
    EXPECT_FALSE(op->doc.empty()) << op->name;
    EXPECT_EQ(op->doc.find('\n'), std::string_view::npos) << op->name;
    EXPECT_FALSE(op->examples.empty()) << op->name;
    EXPECT_FALSE(op->outputs.empty()) << op->name;
    EXPECT_EQ(op->quant.kind == Quant::Kind::kFloat, !op->quant.reason.empty()) << op->name;
    if (op->sparsity.weight_input < 0) continue;
    for (const Example& example : op->examples) {
      const Graph graph = example_graph(*op, example, 1);
      const Node& node = *graph.nodes().front();
      EXPECT_LT(op->sparsity.axis(node), node.input(static_cast<size_t>(op->sparsity.weight_input))->rank());
    }
  }
}

TEST(OpTable, DocumentationHasOneRowPerOp) {
  const std::string page = ops_markdown();
  for (const OpDef* op : all_ops()) EXPECT_THAT(page, testing::HasSubstr(fmt::format("\n| {} | ", op->name)));
  EXPECT_THAT(page, testing::HasSubstr("dst = \\|src\\|."));
}

TEST(OpTable, ErrorsNameTheNode) {
  Graph graph;
  Builder b(graph, "block1.");
  Value* x = graph.add_input("x", {DType::kF32, {2, 3}});
  expect_error(ErrorCode::kUnsupported, "node \"block1.Mystery\" (Mystery)", [&] { b.op("Mystery", {x}); });
  expect_error(ErrorCode::kInvalidArgument,
               "Relu takes 1 to 1 inputs, got 2; while inferring the types of node "
               "\"block1.Relu\" (Relu)",
               [&] {
                 b.op("Relu", {x, x});
               });
  expect_error(ErrorCode::kInvalidArgument, "input 1 of Gemm is missing", [&] {
    b.op("Gemm", {x, nullptr, x});
  });
  expect_error(ErrorCode::kInvalidArgument, "LeakyRelu has no attribute \"beta\"; it has: alpha", [&] {
    b.op("LeakyRelu", {x}, {{"beta", 1.0F}});
  });
  expect_error(ErrorCode::kInvalidArgument, "attribute alpha has the wrong type; while inferring", [&] {
    b.op("LeakyRelu", {x}, {{"alpha", int64_t{1}}});
  });
  EXPECT_TRUE(graph.nodes().empty());
}

TEST(OpTable, EveryAttributeHasOneKind) {
  const std::vector<Attr> kinds = {int64_t{1},           1.0F,
                                   std::string(),        std::vector<int64_t>{},
                                   std::vector<float>{}, std::vector<std::string>{},
                                   Tensor::scalar(1),    std::make_shared<const Graph>()};
  for (const OpDef* op : all_ops())
    for (const std::string_view name : op->attrs) {
      int accepted = 0;
      for (const Attr& value : kinds) {
        try {
          check_attr_kind(name, value);
          ++accepted;
        } catch (const Error&) {
        }
      }
      EXPECT_EQ(accepted, 1) << op->name << " " << name;
    }
}

TEST(OpTable, HugeResultsAreRefused) {
  Graph graph;
  Builder b(graph);
  Value* x = graph.add_input("x", {DType::kF32, {1}});
  expect_error(ErrorCode::kResourceExhausted, "too large", [&] {
    b.op("Expand", {x, b.i64({int64_t{1} << 40, int64_t{1} << 40})});
  });
  expect_error(ErrorCode::kInvalidArgument, "must not be negative", [&] {
    b.op("Expand", {x, b.i64({-5})});
  });
}

}  // namespace
}  // namespace twofour::ops
