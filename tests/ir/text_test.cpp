// Text form: what is printed is read back, and bad text is refused with the line and what was expected.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "base/rng.h"
#include "ir/hash.h"
#include "ir/parse.h"
#include "ir/print.h"
#include "ir/verify.h"

namespace twofour {
namespace {

using ::testing::HasSubstr;

constexpr PrintOptions kAll = {.max_elements = std::numeric_limits<int64_t>::max()};

constexpr std::string_view kNet = R"(graph "net" {
  metadata "onnx.opset" = "13"
  input %x: f32[N,3,?,32]
  const %axes: i64[2] = [1, -2]
  trainable %w: f32[8,3,3,3] = fill(0.5)
  %y = Conv(%x, %w, _) {auto_pad="SAME", group=1, pads=[1, 1, 1, 1]} "first conv" -> f32[N,8,?,32]
  %a, %"b c" = Split(%y, %axes) {axis=1} -> f32[N,4,?,32], f32[]
  %z = Clip(%"b c") {alpha=1.0, beta=-inf, scales=[0.5, 2.0], value=u8[2] = [1, 255]}
  output %a, %z
}
)";

std::string error_of(std::string_view text) {
  try {
    parse_graph(text, "case");
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kDataCorrupt);
    return error.what();
  }
  return "no error";
}

TEST(GraphText, PrintsWhatItReads) {
  const Graph graph = parse_graph(kNet);
  verify(graph);
  EXPECT_EQ(print_graph(graph), kNet);
}

TEST(GraphText, ReadsStructure) {
  const Graph graph = parse_graph(kNet);
  EXPECT_EQ(graph.name(), "net");
  EXPECT_EQ(graph.metadata().at("onnx.opset"), "13");
  const Node* conv = graph.find_node("first conv");
  ASSERT_TRUE(conv);
  EXPECT_EQ(conv->inputs().size(), 3U);
  EXPECT_EQ(conv->input(2), nullptr);
  EXPECT_EQ(conv->attrs().ints("pads"), (std::vector<int64_t>{1, 1, 1, 1}));
  EXPECT_TRUE(conv->input(1)->trainable());
  EXPECT_EQ(conv->output()->dims()[0], Dim::named("N"));
  EXPECT_EQ(conv->output()->dims()[2], Dim());
  EXPECT_EQ(graph.find_value("axes")->data().span<int64_t>()[1], -2);
  EXPECT_EQ(graph.find_node("a")->outputs().size(), 2U);
  const Attrs& attrs = graph.find_node("z")->attrs();
  EXPECT_EQ(attrs.f("beta", 0), -std::numeric_limits<float>::infinity());
  EXPECT_EQ(attrs.tensor("value").span<uint8_t>()[1], 255);
}

TEST(GraphText, TypesCanBeLeftOut) {
  const std::string text = print_graph(parse_graph(kNet), {.types = false});
  EXPECT_THAT(text, ::testing::Not(HasSubstr("->")));
  EXPECT_EQ(parse_graph(text).find_value("y")->type(), ValueType{});
}

TEST(GraphText, LargeDataPrintsAsHashThatIsRefused) {
  const Graph graph = parse_graph("graph { const %w: f32[5,7] = random(7)\n output %w }");
  const std::string text = print_graph(graph);
  EXPECT_THAT(text, HasSubstr(fmt::format("hash({:#018x})", hash_tensor(graph.find_value("w")->data()))));
  EXPECT_THAT(error_of(text), HasSubstr("case:2: the data is only given as a hash"));
}

TEST(GraphText, EveryDTypeRoundTrips) {
  for (const char* dtype :
       {"f32", "f16", "bf16", "f64", "i8", "u8", "i16", "u16", "i32", "u32", "i64", "u64", "bool"}) {
    const Graph graph =
        parse_graph(fmt::format("graph {{ const %w: {}[3,7] = random(3)\n output %w }}", dtype));
    const Graph again = parse_graph(print_graph(graph, kAll));
    EXPECT_EQ(hash_graph(again), hash_graph(graph)) << print_graph(graph, kAll);
  }
}

TEST(GraphText, TypesOfAnyRankRoundTrip) {
  const Graph graph = parse_graph("graph { input %x: bool[*]\n %y = A(%x) -> i64[*]\n output %y }");
  EXPECT_EQ(graph.inputs()[0]->type(), ValueType::unknown(DType::kBool));
  EXPECT_EQ(graph.outputs()[0]->type(), ValueType::unknown(DType::kI64));
  EXPECT_EQ(hash_graph(parse_graph(print_graph(graph))), hash_graph(graph)) << print_graph(graph);
  EXPECT_THAT(error_of("graph { input %x: f32[*,2] }"), HasSubstr("expected ']' after '*'"));
}

TEST(GraphText, ExtremeValuesRoundTrip) {
  for (const char* data :
       {"i64[2] = [-9223372036854775808, 9223372036854775807]", "u64[1] = [18446744073709551615]",
        "f32[4] = [inf, -inf, -0, 1e-45]", "f64[2] = [0.1, 1.7976931348623157e+308]",
        "f16[2] = [65504, 6e-08]", "i32[0,3] = []", "f32[] = [0.33333334]", "bool[2] = [1, 0]"}) {
    const Graph graph = parse_graph(fmt::format("graph {{ const %w: {}\n output %w }}", data));
    EXPECT_EQ(hash_graph(parse_graph(print_graph(graph))), hash_graph(graph)) << data;
    EXPECT_EQ(print_graph(parse_graph(print_graph(graph))), print_graph(graph));
  }
}

TEST(GraphText, OddNamesAndCommentsRoundTrip) {
  Graph graph("say \"hi\"\n\x01\\");
  Value* x =
      graph.add_input("a,b %", {DType::kI8, {Dim::named("2x"), Dim::named("?"), Dim::named("-"), Dim(0)}});
  Node* node = graph.add_node("My Op", {nullptr, x, x}, 3,
                              {{"k", std::vector<float>{}},
                               {"s", std::vector<std::string>{}},
                               {"i", std::vector<int64_t>{}},
                               {"odd=", std::string("\t#")}},
                              "p");
  graph.rename(node->output(0), "p.1x");
  graph.rename(node->output(1), "q");
  graph.rename(node->output(2), "p");
  graph.set_outputs({node->output(2), x});
  const std::string text = print_graph(graph);
  const Graph again = parse_graph("# first\n" + text + "# last, no newline");
  verify(again);
  EXPECT_EQ(print_graph(again), text);
  EXPECT_EQ(hash_graph(again), hash_graph(graph));
}

TEST(GraphText, OutputsMaySwapTheirDefaultNames) {
  const Graph graph = parse_graph("graph { %n.1, %n = Op() \"n\"\n output %n, %n.1 }");
  EXPECT_EQ(graph.find_node("n")->output(0)->name(), "n.1");
  EXPECT_EQ(graph.find_node("n")->output(1)->name(), "n");
}

struct BadText {
  std::string_view text;
  std::string_view message;
};

TEST(GraphText, ErrorsGiveLineAndExpectation) {
  for (const auto& [text, message] : std::initializer_list<BadText>{
           {"", "case:1: expected 'graph', got the end"},
           {"graph \"a", "case:1: expected '\"' at the end of the string"},
           {"graph {\n", "case:2: expected a statement or '}', got the end"},
           {"graph {\n  frobnicate %x\n}",
            "case:2: expected metadata, input, const, trainable, output or a node"},
           {"graph {}\nx", "case:2: expected the end after '}', got 'x'"},
           {"graph {\n input %x f32[2] }", "case:2: expected ':' and a type, got 'f32[2] }'"},
           {"graph {\n input %x: f33[2] }", "case:2: expected a type such as f32[N,3], got 'f33'"},
           {"graph {\n input %x: f32[-2] \n input %x: f32[1] }", "case:3: %x is defined twice"},
           {"graph { const %c: f32[2] = [1] }", "expected ',' and 1 more values, got '] }'"},
           {"graph { const %c: f32[1] = [1, 2] }", "expected ']' after 1 values"},
           {"graph { const %c: i8[1] = [200] }", "'200' is not a i8 number"},
           {"graph { const %c: i8[1] = [1.5] }", "'1.5' is not a i8 number"},
           {"graph { const %c: bool[1] = [2] }", "expected 0 or 1, got '2'"},
           {"graph { const %c: f32[N] = fill(0) }", "the dims of constant data must be numbers"},
           {"graph { const %c: f32[99999999999,99999999999] = fill(0) }", "is larger than"},
           {"graph { const %c: f32[0,99999999999] = fill(0) }", "is larger than"},
           {"graph { const %c: f32[99999999999999999999] = fill(0) }", "is not a i64 number"},
           {"graph { trainable %c: i64[1] = [1] }", "only floating point constants can be trainable"},
           {"graph { %y = Relu(%x) }", "%x is not defined before this line"},
           {"graph { %y = Relu %x }", "expected '(' and the inputs, got '%x }'"},
           {"graph { %y = Relu(x) }", "expected %name or '_', got 'x) }'"},
           {"graph { %y, %y = Split() }", "%y is defined twice"},
           {"graph { %y = A() \"n\"\n %z = A() \"n\" }", "case:2: there are two nodes named \"n\""},
           {"graph { %y = A() {k=1, k=2} }", "attribute k stands twice"},
           {"graph { %y = A() {k=[1, \"a\"]} }", "expected a number, got"},
           {"graph { %y = A() {k=yes} }", "'yes' is not a f32 number"},
           {"graph { %y = A() {k=} }", "expected a number, a string, a list or a tensor, got '} }'"},
           {"graph { %a, %b = A() -> f32[] }", "expected ',' and the type of the next output"},
           {"graph { %\"\" = A() }", "a value's name is empty"},
           {"graph { metadata \"a\\q\" = \"\" }", "expected one of \\n"},
           {"graph { output %x }", "%x is not defined before this line"}})
    EXPECT_THAT(error_of(text), HasSubstr(message)) << text;
}

// Every prefix of a text is either refused or, at the very end, complete.
TEST(GraphText, TruncationIsRefused) {
  const std::string_view body = kNet.substr(0, kNet.rfind('}'));
  for (size_t n = 0; n <= body.size(); ++n) EXPECT_NE(error_of(body.substr(0, n)), "no error") << n;
}

TEST(GraphText, MutatedTextNeverCrashes) {
  Rng rng(5);
  for (int round = 0; round < 3000; ++round) {
    std::string text(kNet);
    for (int flips = 0; flips < 3; ++flips) text[rng.below(text.size())] = static_cast<char>(rng.below(128));
    try {
      verify(parse_graph(text));
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kDataCorrupt) << error.what();
    }
  }
}

Graph random_graph(uint64_t seed) {
  Rng rng(seed);
  Graph graph(fmt::format("random {}", seed));
  std::vector<Value*> pool = {graph.add_input("in", {DType::kF32, {Dim::named("N"), Dim(3)}})};
  const auto pick = [&] { return pool[rng.below(pool.size())]; };
  for (int i = 0; i < 30; ++i) {
    if (rng.below(4) == 0) {
      Tensor data(DType::kF32, {1 + static_cast<int64_t>(rng.below(3)), static_cast<int64_t>(rng.below(4))});
      for (float& v : data.span<float>()) v = rng.normal();
      pool.push_back(graph.add_constant(rng.below(2) ? "c" : "odd name", std::move(data)));
      pool.back()->set_trainable(rng.below(2) != 0);
      continue;
    }
    std::vector<Value*> inputs = {pick(), rng.below(3) ? pick() : nullptr, pick()};
    Attrs attrs;
    if (rng.below(2)) attrs.set("alpha", rng.normal());
    if (rng.below(2)) attrs.set("n", static_cast<int64_t>(rng.next()));
    if (rng.below(2)) attrs.set("list", std::vector<float>{rng.normal(), 3});
    const Node* node = graph.add_node(rng.below(2) ? "Add" : "Mul", inputs, 1 + rng.below(3),
                                      std::move(attrs), rng.below(2) ? "" : "node/x.y");
    for (Value* output : node->outputs()) {
      if (rng.below(2)) output->set_type({DType::kF16, {Dim(2), Dim()}});
      if (rng.below(3) == 0) graph.rename(output, "renamed");
      pool.push_back(output);
    }
  }
  graph.set_outputs({pick(), pick()});
  return graph;
}

TEST(GraphText, RandomGraphsRoundTrip) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    const Graph graph = random_graph(seed);
    verify(graph);
    const std::string text = print_graph(graph, kAll);
    const Graph again = parse_graph(text);
    verify(again);
    ASSERT_EQ(print_graph(again, kAll), text) << "seed " << seed;
    ASSERT_EQ(hash_graph(again), hash_graph(graph)) << "seed " << seed;
    ASSERT_EQ(hash_graph(graph.clone()), hash_graph(graph)) << "seed " << seed;
  }
}

}  // namespace
}  // namespace twofour
