#include "base/tensor.h"

#include <cmath>
#include <limits>
#include <vector>

#include "base/errors.h"

namespace twofour {
namespace {

using testing::Each;
using testing::ElementsAre;

TEST(Tensor, NewOnesAreZeroAndAligned) {
  for (const int64_t n : {0, 1, 15, 16, 17, 1000}) {
    const Tensor tensor(DType::kF32, {n});
    EXPECT_TRUE(tensor.defined());
    EXPECT_EQ(reinterpret_cast<uintptr_t>(tensor.raw()) % 64, 0U);
    EXPECT_EQ(tensor.size_bytes(), static_cast<size_t>(n) * 4);
    EXPECT_THAT(tensor.span<float>(), Each(0.0F));
  }
}

TEST(Tensor, CopiesShareAndClonesDoNot) {
  Tensor tensor = Tensor::i64({1, 2, 3});
  const std::vector<Tensor> copies(2, tensor);
  const Tensor clone = tensor.clone();
  tensor.span<int64_t>()[1] = 20;
  EXPECT_THAT(copies[1].span<int64_t>(), ElementsAre(1, 20, 3));
  EXPECT_THAT(clone.span<int64_t>(), ElementsAre(1, 2, 3));
}

TEST(Tensor, ReshapedIsAViewThatKeepsTheBuffer) {
  Tensor view;
  {
    const Tensor tensor = Tensor::i64({1, 2, 3, 4, 5, 6});
    view = tensor.reshaped({3, 2});
    EXPECT_EQ(view.raw(), tensor.raw());
  }
  EXPECT_EQ(view.shape(), (Shape{3, 2}));
  EXPECT_THAT(view.span<int64_t>(), ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_ERROR(view.reshaped({4}), kInvalidArgument, "cannot view 3x2 as 4");
}

TEST(Tensor, ForeignMemoryLivesAsLongAsTheView) {
  auto bytes = allocate_aligned(8);
  const std::weak_ptr<std::byte> watch = bytes;
  {
    const Tensor view(DType::kU8, {8}, std::move(bytes));
    EXPECT_FALSE(watch.expired());
  }
  EXPECT_TRUE(watch.expired());
}

TEST(Tensor, OfNeedsTheRightNumberOfValues) {
  const std::vector<float> values = {1, 2, 3};
  EXPECT_ERROR(Tensor::of<float>({2, 2}, values), kInvalidArgument, "shape 2x2 needs 4 values, got 3");
  // Said before the memory for the shape is asked for.
  EXPECT_ERROR(Tensor::of<float>({int64_t{1} << 50}, values), kInvalidArgument,
               "needs 1125899906842624 values");
}

TEST(Tensor, ImpossibleShapesAreErrors) {
  EXPECT_ERROR(Tensor(DType::kF32, {2, -1}), kInvalidArgument, "2x-1");
  EXPECT_ERROR(Tensor(DType::kF32, {-2, -2}), kInvalidArgument, "-2x-2");
  EXPECT_ERROR(Tensor(DType::kF32, {-1}, allocate_aligned(4)), kInvalidArgument, "-1");
  // 2^62 elements of 4 bytes are 2^64 bytes: the product must not wrap to an empty buffer.
  EXPECT_ERROR(Tensor(DType::kF32, {int64_t{1} << 62}), kResourceExhausted,
               "a f32 tensor of shape 4611686018427387904");
  EXPECT_ERROR(Tensor(DType::kU8, {int64_t{1} << 62}), kResourceExhausted, "4611686018427387904 bytes");
}

TEST(Tensor, WrongAccessIsOurBug) {
  const Tensor tensor(DType::kF16, {4});
  EXPECT_ERROR(tensor.span<float>(), kInternal, "tensor is f16, read as f32");
  EXPECT_ERROR(Tensor().span<float>(), kInternal, "undefined tensor");
  EXPECT_ERROR(Tensor().clone(), kInternal, "undefined tensor");
  EXPECT_FALSE(Tensor().defined());
}

TEST(Tensor, ConvertsBetweenTypes) {
  const std::vector<float> values = {-1.5F, 0.0F, 0.5F, 3.0F};
  const Tensor tensor = Tensor::of<float>({4}, values);
  EXPECT_THAT(tensor.to(DType::kI32).span<int32_t>(), ElementsAre(-1, 0, 0, 3));
  EXPECT_THAT(tensor.to(DType::kBool).span<bool>(), ElementsAre(true, false, true, true));
  EXPECT_THAT(tensor.to(DType::kF16).to(DType::kF64).span<double>(), ElementsAre(-1.5, 0.0, 0.5, 3.0));
  EXPECT_THAT(tensor.to(DType::kBF16).to(DType::kF32).span<float>(), ElementsAre(-1.5F, 0.0F, 0.5F, 3.0F));
  EXPECT_NE(tensor.to(DType::kF32).raw(), tensor.raw());
}

TEST(Tensor, ConversionToHalfOverflowsToInfinity) {
  const Tensor half = Tensor::scalar(1e6F).to(DType::kF16);
  EXPECT_EQ(to_float(half.span<f16>()[0]), std::numeric_limits<float>::infinity());
  EXPECT_TRUE(std::isnan(to_float(Tensor::scalar(NAN).to(DType::kF16).span<f16>()[0])));
}

TEST(Tensor, ConversionToIntegersSaturates) {
  const std::vector<float> values = {1e30F, -1e30F, std::numeric_limits<float>::quiet_NaN(), -1.9F, 127.9F};
  const Tensor source = Tensor::of<float>({5}, values);
  EXPECT_THAT(source.to(DType::kI8).span<int8_t>(), ::testing::ElementsAre(127, -128, 0, -1, 127));
  EXPECT_THAT(source.to(DType::kU16).span<uint16_t>(), ::testing::ElementsAre(65535, 0, 0, 0, 127));
  EXPECT_THAT(source.to(DType::kF64).to(DType::kI64).span<int64_t>(),
              ::testing::ElementsAre(INT64_MAX, INT64_MIN, 0, -1, 127));
}

TEST(Tensor, EveryPairOfTypesConvertsSmallIntegersExactly) {
  const Tensor source = Tensor::i64({0, 1, 100});
  for (int from = 0; from < static_cast<int>(DType::kBool); ++from) {
    for (int to = 0; to < static_cast<int>(DType::kBool); ++to) {
      const Tensor back = source.to(static_cast<DType>(from)).to(static_cast<DType>(to)).to(DType::kI64);
      EXPECT_THAT(back.span<int64_t>(), ElementsAre(0, 1, 100))
          << dtype_name(static_cast<DType>(from)) << " to " << dtype_name(static_cast<DType>(to));
    }
  }
}

}  // namespace
}  // namespace twofour
