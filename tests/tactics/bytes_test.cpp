// Tensors of one-byte elements, and others beside them, in the kernels that only move elements.
#include <gtest/gtest.h>

#include "support/cpu_device.h"
#include "tactics/harness.h"

namespace twofour::tactic_test {
namespace {

using backend::Format;

constexpr std::array kFormats = {Format::kPlain, Format::kChannelsLast};

const backend::Tactic& tactic(std::string_view name) { return *device().find_tactic(name); }

CaseInput numbers(std::vector<float> values) {
  return {.dtype = DType::kI64,
          .shape = {static_cast<int64_t>(values.size())},
          .constant = true,
          .values = std::move(values)};
}

CaseInput codes(Shape shape) {
  return {.dtype = DType::kI8, .shape = std::move(shape), .low = -128, .high = 128};
}

TEST(Bytes, ReorderedImages) {
  for (const Shape& image : {Shape{1, 3, 31, 33}, Shape{2, 16, 16, 16}, Shape{1, 70, 20, 21},
                             Shape{1, 5, 1, 600}, Shape{3, 257, 3, 3}})
    for (const DType dtype : {DType::kU8, DType::kF16, DType::kF32})
      for (const Format from : kFormats) {
        Case test = make_case("Reorder", {{.dtype = dtype, .shape = image, .low = 0, .high = 255}});
        test.node.inputs[0].desc.format = from;
        test.node.outputs[0].format = from == Format::kPlain ? Format::kChannelsLast : Format::kPlain;
        expect_runs(tactic("native.expand"), test, {.misalign = dtype_size(dtype)}, 0);
      }
}

TEST(Bytes, MovementInBothFormats) {
  const CaseInput image = codes({2, 18, 6, 8});
  for (const Format format : kFormats) {
    const auto check = [&](const char* name, Case test) {
      expect_runs(tactic(name), with_format(std::move(test), format), {.misalign = 1}, 0);
    };
    check("native.tile", make_case("Tile", {image, numbers({2, 1, 3, 2})}));
    check("native.concat", make_case("Concat", {image, codes({2, 5, 6, 8})}, {{"axis", int64_t{1}}}));
    check("native.pad", make_case("Pad", {image,
                                          numbers({0, 0, 1, 2, 0, 0, 3, 1}),
                                          {.dtype = DType::kI8, .shape = {}, .values = {-7}}}));
    check("native.slice",
          make_case("Slice", {image, numbers({3}), numbers({17}), numbers({1}), numbers({2})}));
    for (const std::string mode : {"DCR", "CRD"})
      check("native.depth_to_space",
            make_case("DepthToSpace", {image}, {{"blocksize", int64_t{3}}, {"mode", mode}}));
    check("native.depth_to_space", make_case("SpaceToDepth", {image}, {{"blocksize", int64_t{2}}}));
  }
}

TEST(Bytes, NearestElementsOfEveryType) {
  for (const DType dtype : {DType::kU8, DType::kI8, DType::kF16, DType::kF32, DType::kI64})
    for (const std::vector<float>& scale :
         {std::vector<float>{1, 1, 2, 2}, {1, 1, 0.5F, 1.7F}, {1, 2, 1, 3}, {1, 1, 1, 1}})
      for (const std::string transform : {"half_pixel", "asymmetric", "align_corners"})
        for (const Format format : kFormats)
          expect_runs(tactic("native.resize"),
                      with_format(make_case("Resize",
                                            {{.dtype = dtype, .shape = {2, 17, 6, 9}, .low = 0, .high = 127},
                                             {.absent = true},
                                             {.shape = {4}, .constant = true, .values = scale}},
                                            {{"coordinate_transformation_mode", transform}}),
                                  format),
                      {}, 0);
}

}  // namespace
}  // namespace twofour::tactic_test
