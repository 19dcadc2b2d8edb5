#include "amp/paint.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "amp/ports.h"
#include "base/errors.h"
#include "base/json.h"
#include "base/rng.h"
#include "ir/print.h"
#include "ir/verify.h"
#include "ops/builder.h"
#include "ops/evaluate.h"
#include "passes/pipeline.h"
#include "zoo/zoo.h"

namespace twofour::amp {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Tensor random_tensor(const Shape& shape, uint64_t seed, float scale = 1) {
  Tensor tensor(DType::kF32, shape);
  Rng rng(seed);
  for (float& v : tensor.span<float>()) v = scale * rng.normal();
  return tensor;
}

class PaintTest : public testing::Test {
 protected:
  Value* input(const std::string& name, const Shape& shape) {
    return graph_.add_input(name, {DType::kF32, to_dims(shape)});
  }
  Value* weight(const Shape& shape) { return graph_.add_constant("w", random_tensor(shape, ++seed_, 0.3F)); }

  // The invariants that hold for every painted graph.
  void check() const {
    verify(graph_);
    std::map<std::pair<const Value*, std::string>, int> casts;
    for (const auto& node : graph_.nodes()) {
      for (size_t i = 0; i < node->inputs().size(); ++i)
        if (node->input(i) && ops::input_port(ops::get_op(node->op()), i).keep_f32) {
          EXPECT_EQ(node->input(i)->dtype(), DType::kF32) << node->label() << " input " << i;
        }
      for (size_t i = 0; i < node->outputs().size(); ++i)
        if (ops::output_port(ops::get_op(node->op()), i).keep_f32) {
          EXPECT_EQ(node->output(i)->dtype(), DType::kF32) << node->label();
        }
      if (node->op() != "Cast") continue;
      EXPECT_EQ(++casts[std::make_pair(node->input(0), node->attrs().s("to", ""))], 1) << node->label();
      EXPECT_NE(node->input(0)->dtype(), node->output()->dtype()) << node->label();
      EXPECT_NE(node->input(0)->producer() ? node->input(0)->producer()->op() : "", "Cast") << node->label();
    }
    for (const Value* output : graph_.outputs()) EXPECT_EQ(output->dtype(), DType::kF32) << output->name();
    for (const Value* in : graph_.inputs()) EXPECT_EQ(in->dtype(), DType::kF32) << in->name();
  }

  // Paints and compares with the f32 graph: `tolerance` is relative to the largest result.
  Report paint_and_compare(const Options& options, double tolerance) {
    const Graph before = graph_.clone();
    const Report report = paint(graph_, options);
    check();
    std::vector<Tensor> inputs;
    for (const Value* value : graph_.inputs()) {
      inputs.push_back(random_tensor(value->shape(), ++seed_));
    }
    const auto expected = ops::evaluate(before, inputs);
    const auto actual = ops::evaluate(graph_, inputs);
    for (size_t i = 0; i < expected.size(); ++i) {
      EXPECT_EQ(graph_.outputs()[i]->name(), before.outputs()[i]->name());
      double most = 0;
      double error = 0;
      for (size_t j = 0; j < expected[i].span<float>().size(); ++j) {
        most = std::max<double>(most, std::fabs(expected[i].span<float>()[j]));
        error = std::max<double>(error, std::fabs(expected[i].span<float>()[j] - actual[i].span<float>()[j]));
      }
      EXPECT_LE(error, tolerance * most) << graph_.outputs()[i]->name();
      EXPECT_TRUE(error > 0 || !report.changed()) << "nothing was rounded";
    }
    return report;
  }

  static Why why(const Report& report, const std::string& name) {
    const auto it = std::ranges::find(report.nodes, name, &NodePaint::name);
    EXPECT_NE(it, report.nodes.end()) << name;
    return it->why;
  }

  Graph graph_{"g"};
  ops::Builder b_{graph_};
  uint64_t seed_ = 0;
};

// The example of TensorFlow's auto_mixed_precision.cc.
class ChainTest : public PaintTest {
 protected:
  void SetUp() override {
    Value* x = input("x", {4, 4});
    x = b_.op("Exp", {x}, {}, "deny");
    x = b_.op("Tanh", {x}, {}, "infer1");
    x = b_.op("Relu", {x}, {}, "clear1");
    x = b_.op("Tanh", {x}, {}, "infer2");
    x = b_.op("Neg", {x}, {}, "clear2");
    x = b_.op("MatMul", {x, weight({4, 4})}, {}, "allow");
    x = b_.op("Sigmoid", {x}, {}, "infer3");
    graph_.set_outputs({x});
  }
  static std::vector<Why> colours(const Report& report) {
    std::vector<Why> result;
    for (const NodePaint& node : report.nodes) result.push_back(node.why);
    return result;
  }
};

TEST_F(ChainTest, IsPaintedAsTensorFlowDoes) {
  const Report report = paint_and_compare({}, 5e-3);
  EXPECT_THAT(colours(report),
              ElementsAre(Why::kDenyList, Why::kAfterDenied, Why::kAfterDenied, Why::kAfterDenied,
                          Why::kNextToAllowed, Why::kAllowList, Why::kNoneAllowedNear));
  EXPECT_EQ(report.half_nodes, 2u);
  // infer2 and w to half, the product back.
  EXPECT_EQ(report.summary(), "2 of 7 nodes compute in f16; 2 casts to f16, 1 to f32");
  EXPECT_NE(graph_.find_node("infer2/cast_f16"), nullptr);
  EXPECT_NE(graph_.find_node("w/cast_f16"), nullptr);
  EXPECT_NE(graph_.find_node("allow/cast_f32"), nullptr);
  EXPECT_EQ(graph_.find_value("infer3")->dtype(), DType::kF32);
}

TEST_F(ChainTest, Bf16GoesOnAfterTheProduct) {
  const Report report = paint_and_compare({.dtype = DType::kBF16}, 4e-2);
  EXPECT_EQ(why(report, "infer3"), Why::kAfterAllowed);
  EXPECT_NE(graph_.find_node("infer2/cast_bf16"), nullptr);
  // The output keeps its name and type.
  EXPECT_EQ(graph_.outputs()[0]->name(), "infer3");
  EXPECT_EQ(graph_.outputs()[0]->producer()->op(), "Cast");
  EXPECT_EQ(graph_.find_value("infer3/bf16")->dtype(), DType::kBF16);
}

TEST_F(ChainTest, DeniedByName) {
  const Report report = paint(graph_, {.deny_nodes = {"all*"}});
  EXPECT_FALSE(report.changed());
  EXPECT_EQ(why(report, "allow"), Why::kDeniedByName);
  EXPECT_EQ(report.summary(), "no operator gains from f16; the graph stays as it was");
}

TEST_F(PaintTest, WithoutAnOperatorThatGainsNothingChanges) {
  graph_.set_outputs({b_.op("Relu", {b_.op("Exp", {input("x", {3})})})});
  const std::string before = print_graph(graph_);
  const Report report = paint(graph_);
  EXPECT_FALSE(report.changed());
  EXPECT_EQ(report.casts_to_half + report.casts_to_f32, 0u);
  EXPECT_EQ(print_graph(graph_), before);
}

TEST_F(PaintTest, SumsAreDeniedToF16ButFollowInBf16) {
  Value* x = b_.op("MatMul", {input("x", {4, 4}), weight({4, 4})});
  x = b_.op("ReduceMean", {x, b_.i64({0})}, {}, "mean");
  graph_.set_outputs({b_.op("MatMul", {x, weight({4, 4})})});
  const Graph copy = graph_.clone();
  EXPECT_EQ(why(paint(graph_), "mean"), Why::kDenyList);
  Graph other = copy.clone();
  EXPECT_EQ(why(paint(other, {.dtype = DType::kBF16}), "mean"), Why::kBetweenAllowed);
}

TEST_F(PaintTest, ConstantsOfNeutralOperatorsAreCastToo) {
  Value* x = b_.op("MatMul", {input("x", {4, 4}), weight({4, 4})});
  x = b_.op("Clip", {x, b_.scalar(-0.5F), b_.scalar(0.5F)}, {}, "clip");
  graph_.set_outputs({b_.op("MatMul", {x, weight({4, 4})})});
  const Report report = paint_and_compare({}, 5e-3);
  EXPECT_EQ(why(report, "clip"), Why::kBetweenAllowed);
  EXPECT_EQ(report.casts_to_half, 5u);  // x, two weights, two bounds
}

TEST_F(PaintTest, IntegersAndIndicesAreLeftAlone) {
  Value* x = b_.op("MatMul", {input("x", {4, 4}), weight({4, 4})});
  x = b_.op("Gather", {x, b_.i64({1, 3})}, {}, "gather");
  Value* shape = b_.op("Shape", {x}, {}, "shape");
  x = b_.op("Reshape", {x, shape}, {}, "reshape");
  graph_.set_outputs({b_.op("MatMul", {x, weight({4, 4})})});
  const Report report = paint_and_compare({}, 5e-3);
  EXPECT_EQ(graph_.find_value("shape")->dtype(), DType::kI64);
  EXPECT_EQ(report.casts_to_half, 3u);
  EXPECT_EQ(graph_.find_value("reshape")->dtype(), DType::kF16);
}

TEST_F(PaintTest, OneCastServesAllReadersAndTheOutput) {
  Value* x = b_.op("MatMul", {input("x", {4, 4}), weight({4, 4})}, {}, "product");
  Value* y = b_.op("Exp", {x}, {}, "exp1");
  Value* z = b_.op("Softmax", {x}, {}, "softmax");
  graph_.set_outputs({x, y, z, x});
  const Report report = paint_and_compare({}, 5e-3);
  EXPECT_EQ(report.casts_to_f32, 1u);
  EXPECT_EQ(graph_.outputs()[0], graph_.outputs()[3]);
  EXPECT_EQ(graph_.outputs()[0]->name(), "product");
  EXPECT_EQ(graph_.find_value("product/f16")->dtype(), DType::kF16);
}

// conv -> batch norm -> relu -> conv -> batch norm -> add -> relu -> conv, as training sees it.
TEST_F(PaintTest, ResidualBlockIsHalfThroughout) {
  Value* src = input("src", {2, 4, 5, 5});
  const Attrs same = {{"pads", std::vector<int64_t>{1, 1, 1, 1}}};
  const auto norm = [&](Value* x, const std::string& name) {
    Value* ones = graph_.add_constant(name + ".scale", Tensor::of<float>({4}, std::vector<float>(4, 1)));
    Value* zeros = graph_.add_constant(name + ".bias", Tensor(DType::kF32, {4}));
    return b_.op_n("BatchNormTrain", {x, ones, zeros, zeros, ones}, 5, {}, name);
  };
  Value* stem = b_.op("Conv", {src, weight({4, 4, 3, 3})}, same, "stem");
  Value* x = norm(b_.op("Conv", {stem, weight({4, 4, 3, 3})}, same, "conv1"), "bn1")[0];
  x = b_.op("Relu", {x}, {}, "relu1");
  const auto bn2 = norm(b_.op("Conv", {x, weight({4, 4, 3, 3})}, same, "conv2"), "bn2");
  x = b_.op("Relu", {b_.op("Add", {bn2[0], stem}, {}, "add")}, {}, "relu2");
  Value* head = weight({4, 4, 1, 1});
  x = b_.op("Conv", {x, head}, {}, "head");
  // Part of a backward pass.
  Value* grad = input("grad", {2, 4, 5, 5});
  Value* grad_relu =
      b_.op("ReluGrad",
            {b_.op("ConvGradData", {grad, head}, {{"src_shape", std::vector<int64_t>{2, 4, 5, 5}}}),
             graph_.find_value("relu2")},
            {}, "grad_relu2");
  const auto grad_bn =
      b_.op_n("BatchNormTrainGrad",
              {grad_relu, graph_.find_value("conv2"), graph_.find_value("bn2.scale"), bn2[3], bn2[4]}, 3, {},
              "grad_bn2");
  Attrs weight_attrs = same;
  weight_attrs.set("weight_shape", std::vector<int64_t>{4, 4, 3, 3});
  Value* grad_w =
      b_.op("ConvGradWeight", {graph_.find_value("relu1"), grad_bn[0]}, weight_attrs, "grad_conv2");
  graph_.set_outputs({x, bn2[1], grad_bn[1], grad_w});
  const Report report = paint_and_compare({}, 2e-2);
  EXPECT_EQ(report.half_nodes, report.nodes.size());
  // src, grad and four weights; the head, grad_conv2 and nothing else come back.
  EXPECT_EQ(report.casts_to_half, 6u);
  EXPECT_EQ(report.casts_to_f32, 2u);
  EXPECT_EQ(graph_.find_value("bn2")->dtype(), DType::kF16);
}

TEST_F(PaintTest, PaintingTwiceChangesNothingMore) {
  graph_ = zoo::make("resnet20", {.batch = "N"});
  const Report first = paint(graph_);
  EXPECT_TRUE(first.changed());
  check();
  const std::string once = print_graph(graph_);
  const Report second = paint(graph_);
  EXPECT_FALSE(second.changed());
  EXPECT_EQ(print_graph(graph_), once);
}

TEST_F(PaintTest, ADeniedPartCanBePaintedLater) {
  Value* x = b_.op("MatMul", {input("x", {4, 4}), weight({4, 4})}, {}, "first");
  graph_.set_outputs({b_.op("MatMul", {x, weight({4, 4})}, {}, "second")});
  paint(graph_, {.deny_nodes = {"second"}});
  check();
  EXPECT_EQ(graph_.find_value("first")->dtype(), DType::kF16);
  EXPECT_EQ(paint(graph_).half_nodes, 1u);
  verify(graph_);
  EXPECT_EQ(graph_.find_node("first")->output()->dtype(), DType::kF16);
  EXPECT_EQ(graph_.find_node("second")->output()->dtype(), DType::kF16);
}

TEST_F(PaintTest, Resnet20StaysClose) {
  graph_ = zoo::make("resnet20");
  graph_.inputs()[0]->set_type({DType::kF32, {1, 3, 32, 32}});
  ops::infer_all(graph_);
  const Report report = paint_and_compare({}, 2e-2);
  // Everything: the classifier's product is the last node.
  EXPECT_EQ(report.half_nodes, report.nodes.size());
  EXPECT_EQ(report.casts_to_f32, 1u);
  // Constants: 22 weights and the classifier's bias; batch-norm parameters stay as they are.
  EXPECT_EQ(report.casts_to_half, 1u + 22 + 1);
}

TEST_F(PaintTest, FoldedCastsLeaveHalfWeights) {
  graph_ = zoo::make("cnn");
  graph_.inputs()[0]->set_type({DType::kF32, {1, 1, 28, 28}});
  ops::infer_all(graph_);
  paint(graph_);
  passes::optimise(graph_, {.verify_each = true});
  size_t casts = 0;
  for (const auto& node : graph_.nodes()) casts += node->op() == "Cast";
  EXPECT_EQ(casts, 2u);  // the image and the logits
  check();
}

TEST_F(PaintTest, RefusesWhatItCannotPaint) {
  graph_.set_outputs({b_.op("Relu", {input("x", {3})})});
  const auto expect = [&](const Options& options, ErrorCode code, const char* text) {
    const Error error = error_of([&] { paint(graph_, options); });
    EXPECT_EQ(error.code(), code);
    EXPECT_THAT(error.what(), HasSubstr(text));
  };
  expect({.dtype = DType::kF32}, ErrorCode::kInvalidArgument, "f16 or bf16, not f32");
  expect({.deny_nodes = {"fc*"}}, ErrorCode::kNotFound, "\"fc*\" matches no node");
}

TEST_F(PaintTest, ReportSaysWhy) {
  Value* x = b_.op("MatMul", {input("x", {4, 4}), weight({4, 4})}, {}, "product");
  graph_.set_outputs({b_.op("Exp", {x}, {}, "power")});
  const Json json = parse_json(paint(graph_).json(), "report");
  EXPECT_EQ(json["half_nodes"], 1);
  EXPECT_EQ(
      json["nodes"][0],
      Json({{"name", "product"}, {"op", "MatMul"}, {"dtype", "f16"}, {"why", "gains from half precision"}}));
  EXPECT_EQ(json["nodes"][1]["why"], "needs f32");
}

}  // namespace
}  // namespace twofour::amp
