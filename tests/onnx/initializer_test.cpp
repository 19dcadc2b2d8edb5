// Initializers that are not plain: data in files beside the model, and sparse ones.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/file.h"
#include "model_file.h"
#include "support/temporary_path.h"

namespace twofour::onnx_io {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// A model y = x + w in a folder of its own, with w in weights/w.bin after 8 other bytes.
class External : public ::testing::Test {
 protected:
  External() : folder_(temporary_path("twofour_external")) {
    fs::create_directories(folder_ / "weights");
    std::ofstream file(folder_ / "weights" / "w.bin", std::ios::binary);
    const float values[] = {0, 0, 1.5F, 2.5F, 3.5F};
    file.write(reinterpret_cast<const char*>(values), sizeof values);
    model_.input("x", {3}).node("Add", {"x", "w"}, {"y"}).output("y");
    onnx::TensorProto& w = model_.initializer("w", {3}, onnx::TensorProto::FLOAT);
    w.set_data_location(onnx::TensorProto::EXTERNAL);
    set("location", "weights/w.bin");
    set("offset", "8");
    set("length", "12");
  }
  ~External() override { fs::remove_all(folder_); }

  void set(const std::string& key, const std::string& value) {
    auto& entries = *model_.graph().mutable_initializer(0)->mutable_external_data();
    for (auto& entry : entries)
      if (entry.key() == key) return entry.set_value(value);
    auto& entry = *entries.Add();
    entry.set_key(key);
    entry.set_value(value);
  }

  std::vector<float> import() {
    write_file_atomic(folder_ / "net.onnx", model_.model.SerializeAsString());
    const Graph graph = import_model(folder_ / "net.onnx");
    const std::span<float> data = graph.find_value("w")->data().span<float>();
    return {data.begin(), data.end()};
  }

  void expect_error(ErrorCode code, const std::string& text) {
    try {
      import();
      FAIL() << "no error; expected: " << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), code) << error.what();
      EXPECT_THAT(error.what(), HasSubstr(text));
      EXPECT_THAT(error.what(), HasSubstr("\"w\""));
    }
  }

  fs::path folder_;
  ModelFile model_;
};

TEST_F(External, IsMapped) { EXPECT_THAT(import(), ElementsAre(1.5F, 2.5F, 3.5F)); }

TEST_F(External, OffsetsNeedNotBeAligned) {
  std::ofstream file(folder_ / "weights" / "w.bin", std::ios::binary);
  const float values[] = {1, 2, 3};
  file.write("?", 1).write(reinterpret_cast<const char*>(values), sizeof values);
  file.close();
  set("offset", "1");
  EXPECT_THAT(import(), ElementsAre(1, 2, 3));
}

TEST_F(External, WrongPlacesAreNamed) {
  set("offset", "12");
  expect_error(ErrorCode::kDataCorrupt, "bytes 12 to 24 of weights/w.bin, which has 20");
  set("offset", "18446744073709551615");
  expect_error(ErrorCode::kDataCorrupt, "which has 20");
  set("offset", "-1");
  expect_error(ErrorCode::kDataCorrupt, "offset \"-1\"");
  set("offset", "8");
  set("length", "16");
  expect_error(ErrorCode::kDataCorrupt, "has 16 bytes, its shape needs 12");
  set("length", "12");
  set("location", "weights/none.bin");
  expect_error(ErrorCode::kNotFound, "none.bin");
}

TEST_F(External, NothingOutsideTheFolderIsRead) {
  const fs::path secret = folder_.parent_path() / "twofour_secret.bin";
  std::ofstream(secret) << std::string(64, 's');
  set("location", "../twofour_secret.bin");
  expect_error(ErrorCode::kInvalidArgument, "leaves the model's folder");
  set("location", secret.string());
  expect_error(ErrorCode::kInvalidArgument, "leaves the model's folder");
  fs::create_symlink(secret, folder_ / "link.bin");
  set("location", "link.bin");
  expect_error(ErrorCode::kInvalidArgument, "leaves the model's folder");
  fs::remove(secret);
}

TEST_F(External, BytesAloneHaveNoFolder) { EXPECT_THROW(model_.import(), Error); }

ModelFile sparse_model(const std::vector<int64_t>& index_dims, const std::vector<int64_t>& indices) {
  ModelFile file;
  file.input("x", {2, 3}).node("Add", {"x", "w"}, {"y"}).output("y");
  onnx::SparseTensorProto& sparse = *file.graph().add_sparse_initializer();
  sparse.add_dims(2);
  sparse.add_dims(3);
  sparse.mutable_values()->set_name("w");
  sparse.mutable_values()->set_data_type(onnx::TensorProto::FLOAT);
  sparse.mutable_values()->add_dims(2);
  sparse.mutable_values()->add_float_data(5);
  sparse.mutable_values()->add_float_data(7);
  sparse.mutable_indices()->set_data_type(onnx::TensorProto::INT64);
  sparse.mutable_indices()->mutable_dims()->Add(index_dims.begin(), index_dims.end());
  sparse.mutable_indices()->mutable_int64_data()->Add(indices.begin(), indices.end());
  return file;
}

TEST(Sparse, BecomesDense) {
  for (const ModelFile& file : {sparse_model({2}, {1, 5}), sparse_model({2, 2}, {0, 1, 1, 2})}) {
    const Graph graph = file.import();
    const std::span<float> data = graph.find_value("w")->data().span<float>();
    EXPECT_THAT(std::vector<float>(data.begin(), data.end()), ElementsAre(0, 5, 0, 0, 0, 7));
  }
}

TEST(Sparse, PartsThatContradictAreNamed) {
  const auto expect_error = [](const ModelFile& file, ErrorCode code, const std::string& text) {
    try {
      file.import();
      FAIL() << "no error; expected: " << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), code) << error.what();
      EXPECT_THAT(error.what(), HasSubstr(text));
      EXPECT_THAT(error.what(), HasSubstr("sparse initializer \"w\""));
    }
  };
  expect_error(sparse_model({2}, {1, 6}), ErrorCode::kDataCorrupt, "index 6 is outside 2x3");
  expect_error(sparse_model({2}, {-1, 5}), ErrorCode::kDataCorrupt, "index -1 is outside");
  expect_error(sparse_model({2, 2}, {0, 1, 1, 3}), ErrorCode::kDataCorrupt, "index 3 is outside axis 1");
  expect_error(sparse_model({3}, {0, 1, 2}), ErrorCode::kDataCorrupt, "do not match");
  ModelFile huge = sparse_model({2}, {0, 1});
  huge.graph().mutable_sparse_initializer(0)->set_dims(0, int64_t{1} << 40);
  expect_error(huge, ErrorCode::kResourceExhausted, "bytes when dense");
}

}  // namespace
}  // namespace twofour::onnx_io
