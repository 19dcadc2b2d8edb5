// The layers of inference networks over odd sizes: activations behind products, Winograd, transposed
// convolutions, resizing, softmax, norms, LSTM, Gather.
#include <gtest/gtest.h>

#include "support/cpu_device.h"
#include "tactics/harness.h"

namespace twofour::tactic_test {
namespace {

using backend::Format;
using Ints = std::vector<int64_t>;

constexpr std::array kFormats = {Format::kPlain, Format::kChannelsLast};

const backend::Tactic& tactic(std::string_view name) { return *device().find_tactic(name); }

const std::vector<Shape> kImages = {{2, 3, 5, 7},  {3, 17, 9, 11}, {1, 130, 3, 5},
                                    {4, 33, 1, 1}, {2, 1, 19, 23}, {2, 16, 31, 29}};

TEST(Layers, WinogradOverManySizes) {
  for (const Shape& image :
       {Shape{2, 16, 9, 7}, Shape{1, 64, 31, 28}, Shape{3, 40, 14, 13}, Shape{8, 32, 8, 8}})
    for (const int64_t k : {16, 24, 80})
      for (const int64_t pad : {0, 1})
        for (const Format format : kFormats) {
          const Case test =
              make_case("FusedConv",
                        {{.shape = image},
                         {.shape = {k, image[1], 3, 3}, .constant = true},
                         {.shape = {k}, .constant = true},
                         {.shape = {image[0], k, image[2] - 2 + 2 * pad, image[3] - 2 + 2 * pad}}},
                        {{"pads", Ints(4, pad)}, {"activation", std::string("relu")}});
          check_tactic(tactic("onednn.conv_winograd"), with_format(test, format), {.read_only_pack = true},
                       256);
        }
  const Case training = make_case("Conv", {{.shape = {1, 32, 9, 9}}, {.shape = {32, 32, 3, 3}}});
  EXPECT_FALSE(tactic("onednn.conv_winograd").supports(training.node));
}

TEST(Layers, ResizeInBothFormats) {
  for (const Shape& image : kImages)
    for (const std::string mode : {"nearest", "linear", "cubic"})
      for (const std::string transform : {"half_pixel", "align_corners", "asymmetric"})
        for (const std::vector<float>& scales :
             {std::vector<float>{1, 1, 2, 2}, {1, 1, 1.5F, 0.7F}, {1, 1, 1, 3}, {1, 1, 1, 1}})
          for (const Format format : kFormats) {
            const CaseInput list{.shape = {4}, .constant = true, .values = scales};
            const Case test = make_case("Resize", {{.shape = image}, {.absent = true}, list},
                                        {{"mode", mode}, {"coordinate_transformation_mode", transform}});
            if (test.node.outputs[0].shape.numel() > 0)
              expect_runs(tactic("native.resize"), with_format(test, format), {.misalign = 4}, 64);
          }
}

TEST(Layers, SoftmaxAlongEveryAxis) {
  for (const Shape& image : {Shape{2, 3, 5, 7}, Shape{1, 17, 9, 40}, Shape{3, 1, 2, 300}, Shape{1, 1, 1, 1}})
    for (const int64_t axis : {0, 1, 2, 3})
      for (const Format format : kFormats)
        for (const float spread : {1.0F, 200.0F})
          expect_runs(tactic("native.softmax"),
                      with_format(make_case("Softmax", {{.shape = image, .low = -spread, .high = spread}},
                                            {{"axis", axis}}),
                                  format),
                      {.in_place = true}, 128);
}

TEST(Layers, TransposedConvolutions) {
  for (const int64_t groups : {1, 2})
    for (const int64_t stride : {1, 2, 3})
      for (const Format format : kFormats)
        for (const char* name : {"onednn.conv_transpose", "onednn.conv_transpose_blocked"}) {
          const Case test = with_format(make_case("ConvTranspose",
                                                  {{.shape = {2, 18, 9, 7}},
                                                   {.shape = {18, 11, 3, 3}, .constant = true},
                                                   {.shape = {11 * groups}, .constant = true}},
                                                  {{"group", groups},
                                                   {"strides", Ints{stride, stride}},
                                                   {"pads", Ints{1, 0, 0, 1}},
                                                   {"output_padding", Ints{stride - 1, 0}}}),
                                        format);
          check_tactic(tactic(name), test, {.read_only_pack = true}, 256);
          if (name == std::string_view("onednn.conv_transpose") && format == Format::kChannelsLast)
            expect_runs(tactic(name), test, {}, 256);
        }
}

TEST(Layers, EveryActivationAfterConvolutionAndProducts) {
  for (const char* activation :
       {"leaky_relu", "sigmoid", "tanh", "swish", "hard_sigmoid", "hard_swish", "gelu"}) {
    const Attrs attrs = {
        {"activation", std::string(activation)}, {"activation_slope", 0.3F}, {"activation_offset", 0.6F}};
    for (const Format format : kFormats)
      expect_runs(tactic("onednn.conv"),
                  with_format(make_case("FusedConv",
                                        {{.shape = {2, 18, 9, 7}, .low = -2, .high = 2},
                                         {.shape = {20, 18, 1, 1}, .constant = true},
                                         {.absent = true},
                                         {.shape = {2, 20, 9, 7}}},
                                        attrs),
                              format),
                  {}, 1024);
    expect_runs(tactic("onednn.gemm"),
                make_case("FusedGemm", {{.shape = {7, 33}}, {.shape = {33, 17}, .constant = true}}, attrs),
                {}, 1024);
    expect_runs(
        tactic("onednn.matmul"),
        make_case(
            "FusedMatMul",
            {{.shape = {3, 7, 33}}, {.shape = {33, 17}, .constant = true}, {.shape = {17}, .constant = true}},
            attrs),
        {.read_only_pack = true}, 1024);
  }
}

TEST(Layers, RowsOfEveryLength) {
  for (const int64_t length : {1, 3, 16, 31, 768})
    for (const char* op : {"LayerNormalization", "RMSNormalization"}) {
      std::vector<CaseInput> inputs = {{.shape = {5, 7, length}, .low = 3, .high = 4}, {.shape = {length}}};
      if (op == std::string_view("LayerNormalization")) inputs.push_back({.shape = {1, length}});
      expect_runs(tactic("native.row_norm"), make_case(op, inputs, {{"epsilon", 1e-3F}}), {.in_place = true},
                  512);
    }
  expect_runs(tactic("native.row_norm"),
              make_case("InstanceNormalization", {{.shape = {2, 5, 9, 7}}, {.shape = {5}}, {.shape = {5}}}),
              {}, 512);
  for (const Shape& shape : {Shape{2, 6, 9, 7}, Shape{3, 6}, Shape{1, 6, 5}, Shape{2, 6, 2, 3, 5}})
    for (const int64_t groups : {1, 2, 6})
      if (shape.rank() > 2 || groups < 6)
        expect_runs(tactic("native.row_norm"),
                    make_case("GroupNormalization", {{.shape = shape}, {.shape = {6}}, {.shape = {6}}},
                              {{"num_groups", groups}}),
                    {.in_place = true}, 512);
}

TEST(Layers, RotaryEmbeddingsOfEveryForm) {
  const CaseInput positions{.dtype = DType::kI32, .shape = {2, 3}, .values = {0, 4, -1, 3, -5, 2}};
  for (const int64_t interleaved : {0, 1})
    for (const int64_t turned : {0, 2, 22}) {
      const int64_t half = turned ? turned / 2 : 17;
      const Attrs attrs = {
          {"interleaved", interleaved}, {"rotary_embedding_dim", turned}, {"num_heads", int64_t{5}}};
      for (const Shape& shape : {Shape{2, 5, 3, 34}, Shape{2, 3, 170}}) {
        const CaseInput row{.shape = {2, 3, half}}, cache{.shape = {5, half}};
        for (const RunOptions& options : {RunOptions{.in_place = true}, RunOptions{.misalign = 4}}) {
          expect_runs(tactic("native.rotary_embedding"),
                      make_case("RotaryEmbedding", {{.shape = shape}, row, row}, attrs), options, 4);
          expect_runs(tactic("native.rotary_embedding"),
                      make_case("RotaryEmbedding", {{.shape = shape}, cache, cache, positions}, attrs),
                      options, 4);
        }
      }
    }
}

TEST(Layers, RotaryEmbeddingChecksItsPositions) {
  const CaseInput cache{.shape = {4, 2}};
  const Case far = make_case(
      "RotaryEmbedding",
      {{.shape = {1, 1, 2, 4}}, cache, cache, {.dtype = DType::kI64, .shape = {1, 2}, .values = {0, 4}}});
  EXPECT_THROW(run_tactic(tactic("native.rotary_embedding"), far), Error);
}

TEST(Layers, GatherChecksItsIndices) {
  const auto rows = [](std::vector<float> values) {
    return CaseInput{.dtype = DType::kI64, .shape = {static_cast<int64_t>(values.size())}, .values = values};
  };
  for (const int64_t axis : {0, 1, 2})
    expect_runs(tactic("native.gather"),
                make_case("Gather", {{.shape = {5, 6, 700}}, rows({4, -5, 0, 2})}, {{"axis", axis}}), {}, 0);
  Case bad = make_case("Gather", {{.shape = {5, 6}}, rows({4, -5, 0, 2})});
  bad.inputs[1].span<int64_t>()[2] = 5;
  EXPECT_ANY_THROW(run_tactic(tactic("native.gather"), bad));
}

}  // namespace
}  // namespace twofour::tactic_test
