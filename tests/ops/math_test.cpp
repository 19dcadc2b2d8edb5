// Products, pools, elementwise functions and reductions against definitions written out.
#include <cmath>

#include "base/rng.h"
#include "ops/helpers.h"

namespace twofour::ops {
namespace {

using testing::ElementsAre;
using testing::FloatNear;
using testing::Pointwise;
using Ints = std::vector<int64_t>;

Tensor random(const Shape& shape, uint64_t seed) {
  Rng rng(seed);
  Tensor tensor(DType::kF32, shape);
  for (float& v : tensor.span<float>()) v = rng.uniform(-1, 1);
  return tensor;
}

TEST(Binary, BroadcastsEveryPairOfShapes) {
  const std::vector<Shape> shapes = {{}, {1}, {3}, {2, 1}, {1, 3}, {2, 3}, {4, 1, 1}, {4, 2, 3}, {0, 3}};
  for (const Shape& sa : shapes)
    for (const Shape& sb : shapes) {
      const Tensor a = random(sa, 1);
      const Tensor b = random(sb, 2);
      Shape expected;
      try {
        expected = broadcast_shapes(sa, sb);
      } catch (const Error&) {
        expect_error(ErrorCode::kInvalidArgument, "do not broadcast", [&] { run("Sub", {a, b}); });
        continue;
      }
      const Tensor dst = run("Sub", {a, b});
      ASSERT_EQ(dst.shape(), expected);
      const Tensor wide_a = run("Expand", {a, Tensor::i64(expected.dims())});
      const Tensor wide_b = run("Expand", {b, Tensor::i64(expected.dims())});
      for (size_t i = 0; i < values(dst).size(); ++i)
        EXPECT_EQ(values(dst)[i], values(wide_a)[i] - values(wide_b)[i]);
    }
}

TEST(Binary, IntegersWrapAndDivisionIsChecked) {
  constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  const auto one = [](const char* op, int64_t a, int64_t b) {
    return run(op, {ints({}, {a}), ints({}, {b})}).span<int64_t>()[0];
  };
  EXPECT_EQ(one("Add", kMax, 1), kMin);
  EXPECT_EQ(one("Mul", kMax, 2), -2);
  EXPECT_EQ(one("Div", -7, 2), -3);
  EXPECT_EQ(one("Div", kMin, -1), kMin);
  expect_error(ErrorCode::kInvalidArgument, "division by zero", [&] { one("Div", 1, 0); });
  expect_error(ErrorCode::kInvalidArgument, "both must have one type", [] {
    run("Add", {iota({1}), ints({1}, {1})});
  });
  expect_error(ErrorCode::kUnsupported, "bool", [] { run("Add", {flag(true), flag(true)}); });
}

TEST(Gemm, EveryOptionMatchesTheSum) {
  const int64_t m = 3, n = 4, k = 5;
  for (const int64_t ta : {0, 1})
    for (const int64_t tb : {0, 1})
      for (const Shape& c_shape : std::vector<Shape>{{}, {1}, {4}, {3, 1}, {1, 4}, {3, 4}}) {
        const Tensor a = random(ta ? Shape{k, m} : Shape{m, k}, 1);
        const Tensor b = random(tb ? Shape{n, k} : Shape{k, n}, 2);
        const Tensor c = random(c_shape, 3);
        const auto bias = values(run("Expand", {c, Tensor::i64({m, n})}));
        const auto dst = values(
            run("Gemm", {a, b, c}, {{"transA", ta}, {"transB", tb}, {"alpha", 0.5F}, {"beta", -2.0F}}));
        for (int64_t i = 0; i < m; ++i)
          for (int64_t j = 0; j < n; ++j) {
            double sum = 0;
            for (int64_t p = 0; p < k; ++p)
              sum += double{values(a)[static_cast<size_t>(ta ? p * m + i : i * k + p)]} *
                     double{values(b)[static_cast<size_t>(tb ? j * k + p : p * n + j)]};
            const auto at = static_cast<size_t>(i * n + j);
            EXPECT_NEAR(dst[at], 0.5 * sum - 2 * bias[at], 1e-6);
          }
      }
  expect_error(ErrorCode::kInvalidArgument, "do not multiply", [] {
    run("Gemm", {iota({2, 3}), iota({2, 3})});
  });
  expect_error(ErrorCode::kInvalidArgument, "does not broadcast to f32[1,2]", [] {
    run("Gemm", {iota({1, 3}), iota({3, 2}), iota({5, 2})});
  });
  expect_error(ErrorCode::kInvalidArgument, "must be matrices", [] {
    run("Gemm", {iota({3}), iota({3, 2})});
  });
}

TEST(Gemm, IntegersWrapAndFactorsCutOff) {
  const auto gemm = [](const Tensor& c, DType dtype, const Attrs& attrs) {
    std::vector<Tensor> inputs = {ints({1, 2}, {3, -2}).to(dtype), ints({2, 2}, {5, -1, 4, 6}).to(dtype)};
    if (c.defined()) inputs.push_back(c.to(dtype));
    return values(run("Gemm", inputs, attrs));  // 7, -15 before c
  };
  const Attrs factors = {{"alpha", 0.5F}, {"beta", 2.0F}};
  for (const DType dtype : {DType::kI32, DType::kI64}) {
    EXPECT_THAT(gemm({}, dtype, {}), ElementsAre(7, -15));
    EXPECT_THAT(gemm(ints({2}, {10, 20}), dtype, {}), ElementsAre(17, 5));
    EXPECT_THAT(gemm(ints({2}, {10, 20}), dtype, factors), ElementsAre(23, 32));
    EXPECT_THAT(gemm({}, dtype, factors), ElementsAre(3, -7));
  }
  const Tensor big = ints({1, 1}, {INT64_MAX});
  EXPECT_EQ(run("Gemm", {big, ints({1, 1}, {1}), ints({1}, {1})}).span<int64_t>()[0], INT64_MIN);
  EXPECT_EQ(run("Gemm", {big, ints({1, 1}, {1})}, {{"alpha", 2.0F}}).span<int64_t>()[0], INT64_MAX);
  const Tensor high = ints({1, 1}, {INT64_MIN}).to(DType::kU64), three = ints({1, 1}, {3}).to(DType::kU64);
  EXPECT_EQ(run("Gemm", {high, three}).span<uint64_t>()[0], uint64_t{1} << 63);
  expect_error(ErrorCode::kUnsupported, "integers of 32 and 64 bits", [&] { gemm({}, DType::kI8, {}); });
}

TEST(MatMul, VectorsAndBatchesFollowNumpy) {
  EXPECT_EQ(run("MatMul", {iota({3}), iota({3})}).shape(), Shape{});
  EXPECT_THAT(values(run("MatMul", {iota({3}), iota({3})})), ElementsAre(5));
  EXPECT_EQ(run("MatMul", {iota({2, 1, 3, 4}), iota({5, 4, 6})}).shape(), (Shape{2, 5, 3, 6}));
  const Tensor a = random({2, 3, 4}, 1);
  const Tensor b = random({2, 4, 5}, 2);
  const Tensor whole = run("MatMul", {a, b});
  for (int64_t i = 0; i < 2; ++i) {
    const Tensor index = ints({}, {i});
    EXPECT_THAT(values(run("Gather", {whole, index})),
                Pointwise(FloatNear(1e-6F),
                          values(run("Gemm", {run("Gather", {a, index}), run("Gather", {b, index})}))));
  }
  expect_error(ErrorCode::kInvalidArgument, "scalars do not multiply", [] {
    run("MatMul", {iota({}), iota({3})});
  });
}

TEST(Sparsity, AxisIsTheReductionAxis) {
  Graph graph;
  Builder b(graph);
  Value* x = graph.add_input("x", {DType::kF32, {2, 8}});
  const auto axis = [](const Value* v) { return get_op(v->producer()->op()).sparsity.axis(*v->producer()); };
  EXPECT_EQ(axis(b.op("Gemm", {x, b.constant("w", iota({8, 4}))})), 0);
  EXPECT_EQ(axis(b.op("Gemm", {x, b.constant("w", iota({4, 8}))}, {{"transB", int64_t{1}}})), 1);
  EXPECT_EQ(axis(b.op("MatMul", {x, b.constant("w", iota({8, 4}))})), 0);
  EXPECT_EQ(axis(b.op("MatMul", {x, b.constant("w", iota({3, 8, 4}))})), 1);
}

struct PoolCase {
  int64_t size, kernel, stride, begin, end, ceil, include_pad;
};

// One axis at a time against PyTorch's definition: windows start inside the input or the leading padding;
// padding counts up to the trailing pad, never beyond.
TEST(AveragePool, CountsPaddingAsAsked) {
  Rng rng(5);
  for (int trial = 0; trial < 300; ++trial) {
    PoolCase c{};
    c.size = 1 + static_cast<int64_t>(rng.below(9));
    c.kernel = 1 + static_cast<int64_t>(rng.below(4));
    c.stride = 1 + static_cast<int64_t>(rng.below(4));
    c.begin = static_cast<int64_t>(rng.below(static_cast<uint64_t>(c.kernel)));
    c.end = static_cast<int64_t>(rng.below(static_cast<uint64_t>(c.kernel)));
    c.ceil = static_cast<int64_t>(rng.below(2));
    c.include_pad = static_cast<int64_t>(rng.below(2));
    if (c.size + c.begin + c.end < c.kernel) continue;
    const Tensor src = random({1, 1, 1, c.size}, 9);
    const auto x = values(src);
    std::vector<float> expected;
    const int64_t padded = c.size + c.begin + c.end;
    for (int64_t first = 0; first < c.size + c.begin; first += c.stride) {
      if (first + c.kernel > padded && !(c.ceil && first + c.kernel < padded + c.stride)) break;
      double sum = 0;
      int64_t inside = 0;
      for (int64_t i = first; i < first + c.kernel; ++i)
        if (i >= c.begin && i < c.begin + c.size) {
          sum += x[static_cast<size_t>(i - c.begin)];
          ++inside;
        }
      const int64_t count = c.include_pad ? std::min(first + c.kernel, padded) - first : inside;
      expected.push_back(count ? static_cast<float>(sum / static_cast<double>(count)) : 0.0F);
    }
    EXPECT_THAT(values(run("AveragePool", {src},
                           {{"kernel_shape", Ints{1, c.kernel}},
                            {"strides", Ints{1, c.stride}},
                            {"pads", Ints{0, c.begin, 0, c.end}},
                            {"ceil_mode", c.ceil},
                            {"count_include_pad", c.include_pad}})),
                Pointwise(FloatNear(1e-6F), expected))
        << fmt::format("size {} kernel {} stride {} pads {},{} ceil {} include {}", c.size, c.kernel,
                       c.stride, c.begin, c.end, c.ceil, c.include_pad);
  }
}

TEST(MaxPool, AutoPadPutsTheOddPaddingWhereItSays) {
  const Tensor src = floats({1, 1, 1, 4}, {4, 3, 2, 1});
  const auto pool = [&](const char* mode) {
    return values(run("MaxPool", {src}, {{"kernel_shape", Ints{1, 2}}, {"auto_pad", std::string(mode)}}));
  };
  EXPECT_THAT(pool("SAME_UPPER"), ElementsAre(4, 3, 2, 1));
  EXPECT_THAT(pool("SAME_LOWER"), ElementsAre(4, 4, 3, 2));
  EXPECT_THAT(pool("VALID"), ElementsAre(4, 3, 2));
  expect_error(ErrorCode::kInvalidArgument, "auto_pad \"HALF\"", [&] { pool("HALF"); });
}

TEST(MaxPool, BadWindowsAreRefused) {
  const auto pool = [](Attrs attrs) { return [attrs] { run("MaxPool", {iota({1, 1, 4, 4})}, attrs); }; };
  expect_error(ErrorCode::kInvalidArgument, "kernel_shape is missing", pool({}));
  expect_error(ErrorCode::kInvalidArgument, "does not fit", pool({{"kernel_shape", Ints{5, 1}}}));
  expect_error(ErrorCode::kInvalidArgument, "strides must be at least 1",
               pool({{"kernel_shape", Ints{2, 2}}, {"strides", Ints{0, 1}}}));
  expect_error(ErrorCode::kInvalidArgument, "not smaller than the window",
               pool({{"kernel_shape", Ints{2, 2}}, {"pads", Ints{0, 2, 0, 0}}}));
  expect_error(ErrorCode::kInvalidArgument, "2 spatial dimensions need 2",
               pool({{"kernel_shape", Ints{2, 2, 2}}}));
  expect_error(ErrorCode::kInvalidArgument, "dilations must be",
               pool({{"kernel_shape", Ints{2, 2}}, {"dilations", Ints{int64_t{1} << 62, 1}}}));
}

TEST(MaxPool, ImmenseWindowsCostNothing) {
  const int64_t size = (int64_t{1} << 31) - 1;
  const Attrs attrs = {{"kernel_shape", Ints{size, size}}, {"pads", Ints{size - 1, size - 4, 0, 0}}};
  EXPECT_EQ(run("MaxPool", {iota({1, 1, 1, 4})}, attrs).shape(), (Shape{1, 1, 1, 1}));
}

TEST(MaxPool, FirstOfEqualMaximaGetsTheGradient) {
  const Attrs attrs = {{"kernel_shape", Ints{1, 3}}};
  const Tensor src = floats({1, 1, 1, 4}, {2, 5, 5, 1});
  EXPECT_THAT(
      values(run("MaxPoolGrad", {floats({1, 1, 1, 2}, {10, 1}), src, run("MaxPool", {src}, attrs)}, attrs)),
      ElementsAre(0, 11, 0, 0));
}

TEST(Conv, MismatchedInputsAreRefused) {
  const auto conv = [](const Shape& src, const Shape& weight, const Shape& bias, Attrs attrs = {}) {
    return [=] { run("Conv", {iota(src), iota(weight), iota(bias)}, attrs); };
  };
  expect_error(ErrorCode::kInvalidArgument, "bias is f32[3]; f32[4]", conv({1, 2, 5, 5}, {4, 2, 3, 3}, {3}));
  expect_error(ErrorCode::kInvalidArgument, "does not fit weight", conv({1, 2, 5, 5}, {4, 3, 3, 3}, {4}));
  expect_error(ErrorCode::kInvalidArgument, "group is 3",
               conv({1, 6, 5, 5}, {4, 2, 3, 3}, {4}, {{"group", int64_t{3}}}));
  expect_error(ErrorCode::kInvalidArgument, "group is 0",
               conv({1, 2, 5, 5}, {4, 2, 3, 3}, {4}, {{"group", int64_t{0}}}));
  expect_error(ErrorCode::kUnsupported, "only f32, f64, f16 and bf16", [] {
    run("Conv", {iota({1, 1, 3, 3}).to(DType::kI64), iota({1, 1, 1, 1}).to(DType::kI64)});
  });
}

TEST(FusedConv, IsConvThenAddThenActivation) {
  const Tensor src = random({2, 3, 6, 5}, 1);
  const Tensor weight = random({4, 3, 3, 2}, 2);
  const Tensor bias = random({4}, 3);
  const Tensor conv = run("Conv", {src, weight, bias});
  const Tensor residual = random(conv.shape(), 4);
  const auto relu = run("FusedConv", {src, weight, bias, residual}, {{"activation", std::string("relu")}});
  EXPECT_THAT(values(relu), Pointwise(FloatNear(1e-6F), values(run("Relu", {run("Add", {conv, residual})}))));
  const auto clip = run("FusedConv", {src, weight, bias},
                        {{"activation", std::string("clip")}, {"clip_low", 0.0F}, {"clip_high", 0.5F}});
  EXPECT_EQ(values(clip), values(run("Clip", {conv, Tensor::scalar(0), Tensor::scalar(0.5F)})));
  expect_error(ErrorCode::kInvalidArgument, "residual is", [&] {
    run("FusedConv", {src, weight, bias, iota({4, 1, 1})});
  });
  expect_error(ErrorCode::kInvalidArgument, "activation \"curve\"", [&] {
    run("FusedConv", {src, weight}, {{"activation", std::string("curve")}});
  });
}

TEST(Softmax, LargeScoresStayFinite) {
  EXPECT_THAT(values(run("Softmax", {floats({2}, {1000, 1000})})), ElementsAre(0.5F, 0.5F));
  EXPECT_THAT(values(run("LogSoftmax", {floats({2}, {-1e30F, 1e30F})})), ElementsAre(-2e30F, 0));
  expect_error(ErrorCode::kInvalidArgument, "axis 2", [] {
    run("Softmax", {iota({2, 2})}, {{"axis", int64_t{2}}});
  });
}

TEST(Reduce, AxesAndEmptiness) {
  const Tensor src = iota({2, 3});
  EXPECT_THAT(values(run("ReduceSum", {src, ints({1}, {-1})})), ElementsAre(3, 12));
  EXPECT_THAT(values(run("ReduceSum", {src, ints({0}, {})})), ElementsAre(15));
  EXPECT_THAT(values(run("ReduceMean", {src, ints({1}, {0})})), ElementsAre(1.5F, 2.5F, 3.5F));
  EXPECT_THAT(values(run("ReduceMax", {src, ints({1}, {1})})), ElementsAre(2, 5));
  EXPECT_EQ(run("ReduceSum", {ints({3}, {1, 2, 4})}).span<int64_t>()[0], 7);
  expect_error(ErrorCode::kInvalidArgument, "named twice", [&] {
    run("ReduceMean", {src, ints({2}, {1, -1})});
  });
}

TEST(ArgMax, ChoosesAmongEqualMaxima) {
  const Tensor src = floats({1, 3}, {7, 9, 9});
  EXPECT_THAT(values(run("ArgMax", {src}, {{"axis", int64_t{1}}})), ElementsAre(1));
  EXPECT_THAT(values(run("ArgMax", {src}, {{"axis", int64_t{1}}, {"select_last_index", int64_t{1}}})),
              ElementsAre(2));
}

TEST(Dropout, KeepsAllOrScalesWhatItKeeps) {
  const auto both = run_n("Dropout", {iota({3}), Tensor::scalar(0.5F), flag(false)}, 2);
  EXPECT_THAT(values(both[0]), ElementsAre(0, 1, 2));
  EXPECT_THAT(values(both[1]), ElementsAre(1, 1, 1));
  const auto train = run_n("Dropout", {iota({64}), Tensor::scalar(0.5F), flag(true)}, 2);
  for (size_t i = 0; i < 64; ++i)
    EXPECT_EQ(values(train[0])[i], values(train[1])[i] != 0 ? 2.0F * static_cast<float>(i) : 0.0F);
}

}  // namespace
}  // namespace twofour::ops
