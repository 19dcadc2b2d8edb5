#include "onnx/math_adapters.h"

#include <bit>

#include "onnx/data_type.h"
#include "onnx/draft_edit.h"

namespace twofour::onnx_io {

void name_dtypes(Draft& draft) {
  for (const char* attr : {"to", "dtype", "output_datatype", "output_dtype"}) {
    if (!draft.attrs.has(attr)) continue;
    const int64_t number = draft.attrs.i(attr, 0);
    TWOFOUR_CHECK(number == static_cast<int32_t>(number), kDataCorrupt, "{} is not an ONNX element type",
                  number);
    if (number == 0) draft.attrs.erase(attr);
    else draft.attrs.set(attr, std::string(dtype_name(dtype_from_onnx(static_cast<int32_t>(number)))));
  }
}

void cast_like_to_cast(Draft& draft) {
  TWOFOUR_CHECK(draft.inputs.size() == 2 && draft.inputs[1], kInvalidArgument,
                "CastLike has 2 inputs, got {}", draft.inputs.size());
  draft.op = "Cast";
  draft.attrs.set("to", std::string(dtype_name(draft.inputs[1]->dtype())));
  draft.inputs.pop_back();
}

void stft_of_real_rows(Draft& draft) {
  const Value* signal = draft.input(0);
  if (signal && signal->type().known && signal->rank() == 2)
    draft.inputs[0] = draft.builder.op(
        "Unsqueeze", {draft.inputs[0], constant(draft, "axes", Tensor::i64({2}))}, {}, draft.name + ".real");
}

void seed_from_float(Draft& draft) {
  if (draft.attrs.has("seed"))
    draft.attrs.set("seed", int64_t{std::bit_cast<uint32_t>(draft.attrs.f("seed", 0))});
}

}  // namespace twofour::onnx_io
