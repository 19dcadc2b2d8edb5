// LabelEncoder: a look-up table (ai.onnx.ml opset 4, for numbers).
#include <cstring>
#include <unordered_map>

#include "ops/infer.h"

namespace twofour::ops {
namespace {

constexpr size_t kSrc = 0, kKeys = 1, kValues = 2, kDefault = 3;

void infer(const Node& node, std::span<ValueType> outputs) {
  const auto& type = [&](size_t i) -> const ValueType& { return node.input(i)->type(); };
  check_number(type(kSrc), "src");
  check_dtype(type(kKeys), type(kSrc).dtype, "keys");
  check_dims(type(kKeys), {Dim()}, "keys");
  check_dims(type(kValues), type(kKeys).dims, "values");
  check_dtype(type(kDefault), type(kValues).dtype, "default");
  for (const Dim& dim : type(kDefault).dims)
    TWOFOUR_CHECK(dims_fit(dim, 1), kInvalidArgument, "default is {}; one element is expected",
                  type(kDefault).to_string());
  outputs[0] = {type(kValues).dtype, type(kSrc).dims};
}

/// Which row of the table each element of src finds; the number of rows for none. The last of equal keys
/// counts, and NaN is a key like others.
template <typename T>
std::vector<size_t> rows_of(std::span<const T> src, std::span<const T> keys) {
  std::unordered_map<T, size_t> table;
  size_t nan = keys.size();
  for (size_t i = 0; i < keys.size(); ++i) {
    if (keys[i] == keys[i]) table[keys[i]] = i;
    else nan = i;
  }
  std::vector<size_t> rows;
  rows.reserve(src.size());
  for (const T key : src) {
    const auto found = table.find(key);
    rows.push_back(key == key ? (found == table.end() ? keys.size() : found->second) : nan);
  }
  return rows;
}

void reference(const ReferenceArgs& args) {
  const Tensor& values = args.inputs[kValues];
  const size_t size = dtype_size(values.dtype());
  dispatch_number(args.inputs[kSrc].dtype(), [&]<typename T>(T) {
    const auto keys = args.inputs[kKeys].span<T>();
    const std::vector<size_t> rows = rows_of<T>(args.inputs[kSrc].span<T>(), keys);
    for (size_t i = 0; i < rows.size(); ++i)
      std::memcpy(args.outputs[0].raw() + i * size,
                  rows[i] == keys.size() ? args.inputs[kDefault].raw() : values.raw() + rows[i] * size, size);
  });
}

}  // namespace

extern const OpDef kLabelEncoder;
const OpDef kLabelEncoder = {
    .name = "LabelEncoder",
    .doc = "dst = values[i] where src = keys[i], else default.",
    .standard = false,
    .inputs = {{"src"},
               {.name = "keys", .state = true},
               {.name = "values", .state = true},
               {.name = "default", .state = true}},
    .outputs = {{"dst"}},
    .infer = infer,
    .reference = reference,
    .grad = not_differentiable("a table has no slope"),
    .amp = Amp::kFixed,
    .quant = quant_float("labels are not quantities"),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {{.dtype = DType::kI64, .shape = {2, 3}, .low = 0, .high = 4},
                             {.dtype = DType::kI64, .shape = {3}, .values = {2, 0, 2}},
                             {.shape = {3}, .values = {0.5F, 1.5F, 2.5F}},
                             {.shape = {1}, .values = {-1}}}},
                 {.inputs = {{.shape = {4}, .values = {1, 0.5F, 0, 2}},
                             {.shape = {2}, .values = {0, 0.5F}},
                             {.dtype = DType::kI64, .shape = {2}, .values = {7, 9}},
                             {.dtype = DType::kI64, .shape = {}, .values = {-1}}}}},
};

}  // namespace twofour::ops
