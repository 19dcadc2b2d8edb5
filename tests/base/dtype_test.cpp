#include "twofour/dtype.h"

#include "base/errors.h"
#include "base/tensor.h"

namespace twofour {
namespace {

TEST(DType, NamesRoundTripAndSizesAreThoseOfTheTypes) {
  for (int i = 0; i <= static_cast<int>(DType::kBool); ++i) {
    const auto dtype = static_cast<DType>(i);
    EXPECT_EQ(dtype_from_name(dtype_name(dtype)), dtype);
    dispatch_dtype(dtype, [&]<typename T>(T) {
      EXPECT_EQ(DTypeOf<T>::value, dtype) << dtype_name(dtype);
      EXPECT_EQ(sizeof(T), dtype_size(dtype)) << dtype_name(dtype);
    });
  }
  EXPECT_EQ(dtype_from_name("float"), std::nullopt);
  EXPECT_EQ(dtype_from_name(""), std::nullopt);
}

TEST(DType, FloatsAndHalves) {
  EXPECT_TRUE(is_float(DType::kF64) && is_float(DType::kBF16) && !is_float(DType::kI8) &&
              !is_float(DType::kBool));
  EXPECT_TRUE(is_half(DType::kF16) && is_half(DType::kBF16) && !is_half(DType::kF32));
}

}  // namespace
}  // namespace twofour
