// Damaged, contradictory and unsupported files: the code and the text, and never a crash.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"
#include "base/rng.h"
#include "ir/verify.h"
#include "model_file.h"
#include "onnx/export.h"
#include "support/shared_data.h"

namespace twofour::onnx_io {
namespace {

using ::testing::HasSubstr;

ModelFile good(int64_t opset = 17) {
  ModelFile file(opset);
  file.input("x", {2, 3}).floats("w", {3}, {1, 2, 3});
  file.node("Add", {"x", "w"}, {"a"}, "first").node("Relu", {"a"}, {"y"}, "second").output("y");
  return file;
}

void expect_error(const ModelFile& file, ErrorCode code, std::string_view message) {
  try {
    file.import();
    ADD_FAILURE() << "accepted, expected: " << message;
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    EXPECT_THAT(error.what(), HasSubstr(message));
    EXPECT_THAT(error.what(), HasSubstr("while importing net.onnx"));
  }
}

TEST(BadModel, TheGoodOneIsGood) { verify(good().import()); }

TEST(BadModel, NotAFile) {
  try {
    import_model("/nonexistent/model.onnx");
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kNotFound);
    EXPECT_THAT(error.what(), HasSubstr("/nonexistent/model.onnx"));
  }
  EXPECT_THROW(import_model(std::filesystem::temp_directory_path()), Error);
}

TEST(BadModel, NotProtobuf) {
  for (const std::string_view bytes :
       {"PK\x03\x04 this is a zip file", "\xff\xff\xff\xff\xff", "\x3a\xff\xff\xff\xff\x07"}) {
    try {
      ModelFile::import_bytes(bytes);
      ADD_FAILURE();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kDataCorrupt);
      EXPECT_THAT(error.what(), HasSubstr("truncated, damaged or not an ONNX file"));
      EXPECT_THAT(error.what(), HasSubstr("net.onnx"));
    }
  }
}

TEST(BadModel, NoGraphNoOpset) {
  ModelFile empty;
  empty.model.clear_graph();
  expect_error(empty, ErrorCode::kDataCorrupt, "there is no graph");
  empty.model.Clear();
  expect_error(empty, ErrorCode::kDataCorrupt, "there is no graph");
  ModelFile no_opset = good();
  no_opset.model.clear_opset_import();
  expect_error(no_opset, ErrorCode::kDataCorrupt, "does not say which opset");
}

TEST(BadModel, OpsetOutsideTheRange) {
  expect_error(good(5), ErrorCode::kUnsupported, "opset 5 is not supported; 6 to 27 are");
  expect_error(good(28), ErrorCode::kUnsupported, "opset 28 is not supported");
  expect_error(good(-5), ErrorCode::kUnsupported, "opset -5 is not supported");
  good(7).import();
  good(22).import();
}

TEST(BadModel, AllUnsupportedOpsAreListed) {
  ModelFile file = good();
  file.node("StringSplit", {"y"}, {"l1"}, "split_a")
      .node("StringSplit", {"l1"}, {"l2"}, "split_b")
      .node("FooBar", {"l2"}, {"z"});
  file.graph().add_node()->set_op_type("FusedConv");
  file.graph().mutable_node(5)->set_domain("com.example");
  file.graph().mutable_node(5)->set_name("ms");
  file.node("ReluGrad", {"y", "y"}, {"g"}, "own");
  expect_error(
      file, ErrorCode::kUnsupported,
      "4 operators are not supported: FooBar (1 node, first \"z\"), "
      "ReluGrad (1 node, first \"own\"), StringSplit (2 nodes, first \"split_a\"; strings are no numbers), "
      "com.example::FusedConv (1 node, first \"ms\")");
}

TEST(BadModel, FeaturesForLater) {
  ModelFile subgraph = good();
  subgraph.attribute("body", onnx::AttributeProto::GRAPH).mutable_g();
  expect_error(subgraph, ErrorCode::kUnsupported,
               "subgraphs are supported in If, Loop, Scan and SequenceMap");
  ModelFile sequence = good();
  sequence.graph().mutable_input(0)->mutable_type()->mutable_sequence_type();
  expect_error(sequence, ErrorCode::kUnsupported,
               "it is a sequence; its elements are inputs of their own, give the shapes of \"x/0\"");
  ModelFile map = good();
  map.graph().mutable_input(0)->mutable_type()->mutable_map_type();
  expect_error(map, ErrorCode::kUnsupported, "it is a map");
  ModelFile text = good();
  text.input("s", {1}, onnx::TensorProto::STRING);
  expect_error(text, ErrorCode::kUnsupported,
               "element type STRING (8) is not supported; while reading graph input \"s\"");
}

TEST(BadModel, TensorDataThatDoesNotMatch) {
  const auto with = [](const std::vector<int64_t>& dims, int type, const std::string& raw) {
    ModelFile file = good();
    file.initializer("t", dims, type).set_raw_data(raw);
    return file;
  };
  using Proto = onnx::TensorProto;
  expect_error(with({3}, Proto::FLOAT, "12345678"), ErrorCode::kDataCorrupt,
               "needs 3 elements of 4 bytes, raw_data holds 8 bytes");
  expect_error(with({2}, Proto::FLOAT, "123456789"), ErrorCode::kDataCorrupt, "while reading tensor \"t\"");
  expect_error(with({-1}, Proto::FLOAT, ""), ErrorCode::kDataCorrupt, "dim -1 is negative");
  expect_error(with({int64_t{1} << 40, int64_t{1} << 40}, Proto::FLOAT, ""), ErrorCode::kDataCorrupt,
               "more than 63 bits");
  expect_error(with({0, int64_t{1} << 40, int64_t{1} << 40}, Proto::FLOAT, ""), ErrorCode::kDataCorrupt,
               "more than 63 bits");
  expect_error(with({int64_t{1} << 62}, Proto::DOUBLE, ""), ErrorCode::kDataCorrupt,
               "raw_data holds 0 bytes");
  expect_error(with({1}, 77, "1"), ErrorCode::kDataCorrupt, "77 is not an ONNX element type");
  expect_error(with({1}, 0, "1"), ErrorCode::kDataCorrupt, "0 is not an ONNX element type");
  expect_error(with({1}, Proto::COMPLEX64, "1"), ErrorCode::kUnsupported, "(14) is not supported");
  ModelFile count = good();
  count.floats("t", {4}, {1, 2});
  expect_error(count, ErrorCode::kDataCorrupt,
               "shape 4 needs 4 f32 elements, the data has 2; while reading tensor \"t\"");
  ModelFile range = good();
  range.initializer("t", {1}, Proto::UINT8).add_int32_data(300);
  expect_error(range, ErrorCode::kDataCorrupt, "300 does not fit u8");
  ModelFile half = good();
  half.initializer("t", {1}, Proto::FLOAT16).add_int32_data(-1);
  expect_error(half, ErrorCode::kDataCorrupt, "-1 is not the bits of a 16-bit float");
}

TEST(BadModel, NamesThatAreMissingOrTaken) {
  ModelFile missing = good();
  missing.node("Relu", {"nowhere"}, {"z"}, "third");
  expect_error(missing, ErrorCode::kDataCorrupt,
               "node \"third\" (Relu) reads \"nowhere\", which nothing produces");
  ModelFile twice = good();
  twice.node("Relu", {"x"}, {"a"}, "third");
  expect_error(twice, ErrorCode::kDataCorrupt,
               "an output of node \"third\" (Relu), \"a\" has the name of another value");
  ModelFile input = good();
  input.input("x", {2, 3});
  expect_error(input, ErrorCode::kDataCorrupt, "graph input \"x\" stands twice");
  ModelFile initializer = good();
  initializer.floats("a", {3}, {1, 2, 3});
  expect_error(initializer, ErrorCode::kDataCorrupt, "\"a\" has the name of another value");
  ModelFile nameless = good();
  nameless.floats("", {1}, {1});
  expect_error(nameless, ErrorCode::kDataCorrupt, "an initializer has no name");
  ModelFile output = good();
  output.output("ghost");
  expect_error(output, ErrorCode::kDataCorrupt, "graph output \"ghost\" is not produced by any node");
  ModelFile none = good();
  none.graph().clear_output();
  expect_error(none, ErrorCode::kDataCorrupt, "the graph has no outputs");
  ModelFile silent = good();
  silent.node("Relu", {"x"}, {}, "third");
  expect_error(silent, ErrorCode::kDataCorrupt, "it has no outputs; while reading node \"third\"");
  ModelFile attribute = good();
  attribute.attr("alpha", 1.0F).attr("alpha", 2.0F);
  expect_error(attribute, ErrorCode::kDataCorrupt,
               "attribute alpha stands twice; while reading node \"second\"");
}

TEST(BadModel, Cycles) {
  ModelFile file = good();
  file.node("Add", {"c", "x"}, {"b"}, "ring one").node("Relu", {"b"}, {"c"}, "ring two");
  expect_error(file, ErrorCode::kInvalidArgument, "the graph has a cycle through node \"ring one\" (Add)");
  ModelFile self = good();
  self.node("Add", {"s", "s"}, {"s"}, "self");
  expect_error(self, ErrorCode::kInvalidArgument, "cycle through node \"self\"");
}

TEST(BadModel, OperatorsThatDoNotFitTheirInputs) {
  ModelFile shapes = good();
  shapes.floats("v", {4}, {1, 2, 3, 4}).node("Add", {"x", "v"}, {"z"}, "third");
  expect_error(shapes, ErrorCode::kInvalidArgument, "node \"third\" (Add)");
  ModelFile attribute = good();
  attribute.attr("frob", int64_t{1});
  expect_error(attribute, ErrorCode::kInvalidArgument, "Relu has no attribute \"frob\"");
  ModelFile arity = good();
  arity.node("Add", {"x"}, {"z"}, "third");
  expect_error(arity, ErrorCode::kInvalidArgument, "node \"third\" (Add)");
  ModelFile absent = good();
  absent.node("Add", {"", "x"}, {"z"}, "third");
  expect_error(absent, ErrorCode::kInvalidArgument, "node \"third\" (Add)");
  ModelFile used = good();
  used.node("Relu", {"x"}, {"z", "sign"}, "third").output("sign");
  expect_error(used, ErrorCode::kUnsupported, "output 1 (\"sign\") is used, but twofour does not compute it");
}

TEST(BadModel, AbsurdSizes) {
  ModelFile file;
  file.input("x", {int64_t{1} << 40, int64_t{1} << 40}).node("Relu", {"x"}, {"y"}).output("y");
  expect_error(file, ErrorCode::kResourceExhausted,
               "value \"x\" is f32[1099511627776,1099511627776], which is more than 2^40");
  ModelFile grown;
  grown.input("x", {1})
      .ints("shape", {int64_t{1} << 35, int64_t{1} << 35})
      .node("Expand", {"x", "shape"}, {"y"})
      .output("y");
  EXPECT_THROW(grown.import(), Error);
}

TEST(BadModel, TrainableListThatIsNoList) {
  for (const char* text : {"", "[", "{\"a\":1}", "[1]", "\"w\""}) {
    ModelFile file = good();
    auto& entry = *file.model.add_metadata_props();
    entry.set_key("twofour.trainable");
    entry.set_value(text);
    expect_error(file, ErrorCode::kDataCorrupt, "twofour.trainable");
  }
}

/// Whatever comes in: an Error, or a graph that holds together and can be exported.
void import_anything(std::string_view bytes) {
  try {
    const Graph graph = ModelFile::import_bytes(bytes);
    verify(graph);
    export_model_bytes(graph);
  } catch (const Error& error) {
    EXPECT_NE(error.code(), ErrorCode::kInternal) << error.what();
  }
}

void expect_truncation_error(const std::string& bytes) {
  for (size_t part = 0; part < 40; ++part) {
    try {
      ModelFile::import_bytes(std::string_view(bytes).substr(0, bytes.size() * part / 40));
      ADD_FAILURE() << "accepted " << part << "/40 of the file";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kDataCorrupt) << error.what();
    }
  }
}

TEST(DamagedModel, TruncationIsRefused) { expect_truncation_error(good().model.SerializeAsString()); }

TEST(DamagedModel, FlippedBytesNeverCrash) {
  const std::string bytes = good().model.SerializeAsString();
  Rng rng(1);
  for (int round = 0; round < 4000; ++round) {
    std::string damaged = bytes;
    for (uint64_t flips = 0; flips <= rng.below(3); ++flips)
      damaged[rng.below(bytes.size())] = static_cast<char>(rng.next());
    import_anything(damaged);
  }
}

/// Flips in the structure, not the weights: the graph's nodes and the rest of the file around its
/// initializers.
TEST(DamagedModel, RealFileTruncatedOrFlipped) {
  for (const char* name :
       {"models/mnist-8.onnx", "models/mnist-cnn-pytorch.onnx", "models/resnet20-cifar10.onnx"}) {
    const auto path = twofour::testing::shared_path(name);
    TWOFOUR_SKIP_WITHOUT(path);
    const std::string bytes = read_file(path);
    expect_truncation_error(bytes);
    Rng rng(2);
    for (int round = 0; round < 150; ++round) {
      std::string damaged = bytes;
      const bool head = rng.below(2) != 0;  // where most files have their nodes
      for (int flips = 0; flips < 3; ++flips)
        damaged[rng.below(head ? std::min<size_t>(bytes.size(), 4000) : bytes.size())] =
            static_cast<char>(rng.next());
      import_anything(damaged);
    }
  }
}

}  // namespace
}  // namespace twofour::onnx_io
