// Attributes and constants survive every text that twofour writes, bit for bit, and texts of different ones
// differ.
#include <gtest/gtest.h>

#include <bit>
#include <cstring>
#include <limits>
#include <set>

#include "base/json.h"
#include "base/rng.h"
#include "ir/hash.h"
#include "ir/parse.h"
#include "ir/print.h"

namespace twofour {
namespace {

constexpr PrintOptions kAll = {.max_elements = std::numeric_limits<int64_t>::max()};

/// Random bits, every fourth value an infinity or a NaN.
Tensor random_bits(DType dtype, int64_t count, uint64_t seed) {
  Tensor tensor(dtype, {count});
  Rng rng(seed);
  for (size_t i = 0; i < tensor.size_bytes(); ++i) tensor.raw()[i] = static_cast<std::byte>(rng.next());
  if (dtype == DType::kBool)
    for (bool& b : tensor.span<bool>()) b = rng.below(2) != 0;
  if (dtype == DType::kF32)
    for (size_t i = 0; i < static_cast<size_t>(count); i += 4)
      tensor.span<float>()[i] =
          std::bit_cast<float>(0x7f800000U | static_cast<uint32_t>(rng.next() & rng.next() & 0x80400001U));
  return tensor;
}

Attrs random_attrs(uint64_t seed) {
  const Tensor bits = random_bits(DType::kF32, 9, seed);
  const auto floats = bits.span<float>();
  const Tensor f64 = random_bits(DType::kF64, 5, seed);
  return {{"f", floats[0]},
          {"floats", std::vector<float>(floats.begin(), floats.end())},
          {"tensor", bits},
          {"wide", f64},
          {"s", std::string("%,|\"\\\n\0 \xff", 9)},
          {"strings", std::vector<std::string>{"", "a,b", "a", "b", "\xfe"}}};
}

bool same_bits(const Tensor& a, const Tensor& b) {
  return a.dtype() == b.dtype() && a.shape() == b.shape() &&
         std::memcmp(a.raw(), b.raw(), a.size_bytes()) == 0;
}

void expect_same(const Attrs& a, const Attrs& b) {
  ASSERT_EQ(a.size(), b.size());
  EXPECT_EQ(std::bit_cast<uint32_t>(a.f("f", 0)), std::bit_cast<uint32_t>(b.f("f", 0)));
  const std::vector<float> x = a.floats("floats");
  const std::vector<float> y = b.floats("floats");
  ASSERT_EQ(x.size(), y.size());
  EXPECT_EQ(std::memcmp(x.data(), y.data(), x.size() * sizeof(float)), 0);
  EXPECT_TRUE(same_bits(a.tensor("tensor"), b.tensor("tensor")));
  EXPECT_TRUE(same_bits(a.tensor("wide"), b.tensor("wide")));
  EXPECT_EQ(a.s("s", ""), b.s("s", ""));
  EXPECT_EQ(a.strings("strings"), b.strings("strings"));
  EXPECT_EQ(hash_attrs(a), hash_attrs(b));
}

Graph graph_with(Attrs attrs) {
  Graph graph("g");
  Value* x = graph.add_input("x", {DType::kF32, {}});
  graph.set_outputs(graph.add_node("Op", {x}, 1, std::move(attrs), "n")->outputs());
  return graph;
}

TEST(Exact, AttributesAsJson) {
  for (uint64_t seed = 0; seed < 500; ++seed) {
    const Attrs attrs = random_attrs(seed);
    expect_same(attrs_from_json(parse_json(attrs_to_json(attrs).dump(), "test")), attrs);
  }
}

TEST(Exact, AttributesAsGraphText) {
  for (uint64_t seed = 0; seed < 500; ++seed) {
    const Graph graph = graph_with(random_attrs(seed));
    const Graph again = parse_graph(print_graph(graph, kAll));
    expect_same(again.find_node("n")->attrs(), graph.find_node("n")->attrs());
  }
}

TEST(Exact, SubgraphsInJson) {
  auto body = std::make_shared<const Graph>(graph_with(random_attrs(3)));
  const Attrs attrs = {{"body", body}};
  const Attrs again = attrs_from_json(parse_json(attrs_to_json(attrs).dump(), "test"));
  expect_same(again.graph("body").find_node("n")->attrs(), body->find_node("n")->attrs());
}

TEST(Exact, ConstantsAsGraphText) {
  for (size_t d = 0; d <= static_cast<size_t>(DType::kBool); ++d)
    for (uint64_t seed = 0; seed < 50; ++seed) {
      const auto dtype = static_cast<DType>(d);
      Graph graph;
      graph.add_constant("uniform", random_bits(dtype, 1, seed));
      graph.set_outputs({graph.add_constant("c", random_bits(dtype, 64, seed))});
      const Graph again = parse_graph(print_graph(graph, kAll));
      for (const char* name : {"c", "uniform"})
        ASSERT_TRUE(same_bits(again.find_value(name)->data(), graph.find_value(name)->data()))
            << print_graph(graph, kAll);
    }
}

TEST(Exact, DifferentBitsHaveDifferentTextsAndHashes) {
  std::set<std::string> json, text;
  std::set<uint64_t> hashes;
  const std::vector<uint32_t> patterns = {0,          0x80000000, 1,          0x80000001, 0x7f800000,
                                          0xff800000, 0x7fc00000, 0xffc00000, 0x7fc00001, 0x7f800001};
  for (const uint32_t bits : patterns) {
    const Attrs attrs = {{"alpha", std::bit_cast<float>(bits)}};
    json.insert(attrs_to_json(attrs).dump());
    text.insert(print_graph(graph_with(attrs)));
    hashes.insert(hash_attrs(attrs));
  }
  EXPECT_EQ(json.size(), patterns.size());
  EXPECT_EQ(text.size(), patterns.size());
  EXPECT_EQ(hashes.size(), patterns.size());
}

TEST(Exact, MalformedNanIsRefused) {
  for (const char* nan : {"nan.", "nan.7fc0", "nan.3f800000", "nan.7fc0000g", "nan7fc00001"})
    EXPECT_THROW(parse_graph(fmt::format("graph {{ const %c: f32[1] = [{}]\n output %c }}", nan)), Error)
        << nan;
}

}  // namespace
}  // namespace twofour
