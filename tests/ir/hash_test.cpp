// hash_graph: what changes it and what does not.
#include "ir/hash.h"

#include <gtest/gtest.h>

#include "ir/parse.h"

namespace twofour {
namespace {

constexpr std::string_view kBase = R"(graph "g" {
  input %x: f32[2,3]
  trainable %w: f32[3] = [1, 2, 3]
  %a = Relu(%x) -> f32[2,3]
  %b = Neg(%x) -> f32[2,3]
  %y = Mul(%a, %w) {k=1} -> f32[2,3]
  output %y
})";

uint64_t hash_with(std::string_view from, std::string_view to) {
  std::string text(kBase);
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return hash_graph(parse_graph(text.replace(at, from.size(), to)));
}

TEST(HashGraph, ChangesWithStructure) {
  const uint64_t base = hash_graph(parse_graph(kBase));
  for (const auto& [from, to] :
       std::initializer_list<std::pair<const char*, const char*>>{{"Relu", "Tanh"},
                                                                  {"k=1", "k=2"},
                                                                  {"k=1", "k=1.0"},
                                                                  {"k=1", "j=1"},
                                                                  {"[1, 2, 3]", "[1, 2, 4]"},
                                                                  {"trainable", "const"},
                                                                  {"Mul(%a", "Mul(%b"},
                                                                  {"(%a, %w)", "(%w, %a)"},
                                                                  {"(%a, %w)", "(%a, %w, _, %w)"},
                                                                  {"x: f32[2,3]", "x: f32[N,3]"},
                                                                  {"output %y", "output %y, %a"},
                                                                  {"output %y", "output %a"},
                                                                  {"  %b = Neg(%x) -> f32[2,3]\n", ""},
                                                                  {"f32[3] = ", "f32[1,3] = "},
                                                                  {"k=1", "k=1, m=[1]"}})
    EXPECT_NE(hash_with(from, to), base) << from << " -> " << to;
}

TEST(HashGraph, IgnoresNamesOrderAndMetadata) {
  const uint64_t base = hash_graph(parse_graph(kBase));
  EXPECT_EQ(hash_with("graph \"g\" {", "graph \"h\" { metadata \"a\" = \"b\""), base);
  EXPECT_EQ(hash_with("%a = Relu(%x)", "%a = Relu(%x) \"other\""), base);
  EXPECT_EQ(hash_with("%b = Neg", "%other = Neg"), base);
  EXPECT_EQ(hash_with("  %a = Relu(%x) -> f32[2,3]\n  %b = Neg(%x) -> f32[2,3]\n",
                      "  %b = Neg(%x) -> f32[2,3]\n  %a = Relu(%x) -> f32[2,3]\n"),
            base);
}

TEST(HashTensor, DependsOnDTypeShapeAndBytes) {
  const Tensor a = Tensor::of<float>({2}, std::vector<float>{0, 1});
  EXPECT_EQ(hash_tensor(a), hash_tensor(a.clone()));
  EXPECT_NE(hash_tensor(a), hash_tensor(a.reshaped({2, 1})));
  EXPECT_NE(hash_tensor(Tensor(DType::kI32, {2})), hash_tensor(Tensor(DType::kF32, {2})));
  EXPECT_NE(hash_tensor(a), hash_tensor(Tensor(DType::kF32, {2})));
}

}  // namespace
}  // namespace twofour
