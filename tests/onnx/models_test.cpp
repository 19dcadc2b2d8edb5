// Real model files: those whose operators are all known import, survive a round trip, and compute the
// reference values.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "ir/hash.h"
#include "ir/verify.h"
#include "model_file.h"
#include "onnx/export.h"
#include "onnx/tensor_file.h"
#include "ops/evaluate.h"
#include "support/shared_data.h"
#include "twofour/npy.h"

namespace twofour::onnx_io {
namespace {

namespace fs = std::filesystem;
using twofour::testing::shared_path;

std::vector<fs::path> model_files() {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(shared_path("models")))
    if (entry.path().extension() == ".onnx") files.push_back(entry.path());
  std::ranges::sort(files);
  return files;
}

TEST(Models, RoundTrip) {
  TWOFOUR_SKIP_WITHOUT(shared_path("models"));
  for (const fs::path& file : model_files()) {
    const Graph graph = import_model(file);
    verify(graph);
    const Graph copy = ModelFile::import_bytes(export_model_bytes(graph));
    EXPECT_EQ(hash_graph(copy), hash_graph(graph)) << file;
    EXPECT_EQ(copy.metadata(), graph.metadata()) << file;
  }
}

void expect_near(const Tensor& actual, const Tensor& expected, float tolerance) {
  ASSERT_EQ(actual.shape(), expected.shape());
  const auto a = actual.span<float>();
  const auto e = expected.span<float>();
  for (size_t i = 0; i < a.size(); ++i)
    ASSERT_NEAR(a[i], e[i], tolerance * std::max(1.0F, std::abs(e[i]))) << "element " << i;
}

void check_vectors(const std::string& model, float tolerance) {
  const fs::path vectors = shared_path("models/vectors/" + model);
  TWOFOUR_SKIP_WITHOUT(vectors);
  const Graph graph = import_model(shared_path("models/" + model + ".onnx"));
  for (const auto& entry : fs::directory_iterator(vectors)) {
    const std::vector<Tensor> outputs = ops::evaluate(
        graph, std::vector<Tensor>{load_tensors(entry.path() / "input_0.pb", Outline::Kind::kTensor)[0]});
    expect_near(outputs.at(0), load_tensors(entry.path() / "output_0.pb", Outline::Kind::kTensor)[0],
                tolerance);
  }
}

TEST(Models, MnistComputesItsVectors) { check_vectors("mnist-8", 1e-4F); }

void check_npy(const std::string& model, const std::string& input, const std::string& output) {
  TWOFOUR_SKIP_WITHOUT(shared_path("models/vectors/" + output));
  const Graph graph = import_model(shared_path("models/" + model));
  const Tensor src = read_npy(shared_path("models/vectors/" + input));
  expect_near(ops::evaluate(graph, std::vector<Tensor>{src}).at(0),
              read_npy(shared_path("models/vectors/" + output)), 1e-3F);
}

TEST(Models, ResNet20ComputesTheLogitsOfOpenCv) {
  check_npy("resnet20-cifar10.onnx", "cifar16_input.npy", "resnet20_logits_opencv.npy");
}
TEST(Models, SqueezeNetComputesTheLogitsOfOpenCv) {
  check_npy("squeezenet-v1.0-deepcompression.onnx", "squeezenet_input.npy", "squeezenet_logits_opencv.npy");
}

TEST(Models, Llama2ComputesTheLogitsOfNumpy) {
  check_npy("llama2c-dreams-dyn.onnx", "llama2c_tokens.npy", "llama2c_logits_numpy.npy");
}

}  // namespace
}  // namespace twofour::onnx_io
