// RotaryEmbedding: pairs of features turned by an angle that depends on the position,
// https://arxiv.org/abs/2104.09864.
#include <algorithm>

#include "ops/builder.h"
#include "ops/domain.h"
#include "ops/infer.h"

namespace twofour::ops {
namespace {

struct Heads {
  Dim batch, seq, heads, size;
};

Heads heads_of(const Attrs& attrs, const ValueType& src) {
  TWOFOUR_CHECK(src.dims.size() == 3 || src.dims.size() == 4, kInvalidArgument,
                "src is {}; three or four dimensions are expected", src.to_string());
  if (src.dims.size() == 4) return {src.dims[0], src.dims[2], src.dims[1], src.dims[3]};
  const int64_t heads = attrs.i("num_heads", 0);
  const Dim& hidden = src.dims[2];
  TWOFOUR_CHECK(heads >= 1 && (!hidden.known() || hidden.value % heads == 0), kInvalidArgument,
                "src is {}; num_heads is {}, which must divide its last size", src.to_string(), heads);
  return {src.dims[0], src.dims[1], heads, hidden.known() ? Dim(hidden.value / heads) : Dim()};
}

/// Features of a head that are turned: all by default.
Dim turned(const Attrs& attrs, const Dim& size) {
  const int64_t given = attrs.i("rotary_embedding_dim", 0);
  const Dim dim = given == 0 ? size : Dim(given);
  TWOFOUR_CHECK(given >= 0 && (!dim.known() || dim.value % 2 == 0) &&
                    (!size.known() || !dim.known() || dim.value <= size.value),
                kInvalidArgument, "{} features of a head of {} cannot be turned in pairs", dim.to_string(),
                size.to_string());
  return dim;
}

void infer(const Node& node, std::span<ValueType> outputs) {
  const ValueType& src = node.input(0)->type();
  check_real(src, "src");
  const Heads heads = heads_of(node.attrs(), src);
  const Dim dim = turned(node.attrs(), heads.size);
  const Dim half = dim.known() ? Dim(dim.value / 2) : Dim();
  const Value* positions = node.input(3);
  if (positions) {
    check_index(positions->type(), "position_ids");
    check_dims(positions->type(), {heads.batch, heads.seq}, "position_ids");
  }
  for (const size_t i : {1, 2}) {
    const std::string_view what = i == 1 ? "cos_cache" : "sin_cache";
    check_dtype(node.input(i)->type(), src.dtype, what);
    if (positions) check_dims(node.input(i)->type(), {Dim(), half}, what);
    else check_dims(node.input(i)->type(), {heads.batch, heads.seq, half}, what);
  }
  infer_same(node, outputs);
}

void reference(const ReferenceArgs& args) {
  const Shape& shape = args.inputs[0].shape();
  const Heads heads = heads_of(args.attrs, {args.inputs[0].dtype(), to_dims(shape)});
  const int64_t size = heads.size.value;
  const int64_t half = turned(args.attrs, size).value / 2;
  const bool interleaved = args.attrs.i("interleaved", 0) != 0;
  const bool heads_first = shape.rank() == 4;
  const Tensor positions = input_or_none(args, 3);
  const std::vector<int64_t> rows = positions.defined() ? to_ints(positions) : std::vector<int64_t>{};
  const int64_t cached = args.inputs[1].shape()[0];
  std::copy_n(args.inputs[0].raw(), args.outputs[0].size_bytes(), args.outputs[0].raw());
  dispatch_real(args.inputs[0].dtype(), [&]<typename T>(T) {
    T* dst = args.outputs[0].span<T>().data();
    for (int64_t token = 0; token < heads.batch.value * heads.seq.value; ++token)
      for (int64_t h = 0; h < heads.heads.value; ++h) {
        const int64_t row = rows.empty() ? token : normalize_index(rows[static_cast<size_t>(token)], cached);
        const int64_t n = token / heads.seq.value;
        const int64_t at = heads_first
                               ? (n * heads.heads.value + h) * heads.seq.value + token % heads.seq.value
                               : token * heads.heads.value + h;
        for (int64_t i = 0; i < half; ++i) {
          const auto angle = static_cast<size_t>(row * half + i);
          const double cos = args.inputs[1].span<T>()[angle];
          const double sin = args.inputs[2].span<T>()[angle];
          T& a = dst[at * size + (interleaved ? 2 * i : i)];
          T& b = dst[at * size + (interleaved ? 2 * i + 1 : i + half)];
          const double x = a;
          const double y = b;
          a = static_cast<T>(cos * x - sin * y);
          b = static_cast<T>(sin * x + cos * y);
        }
      }
  });
}

// Turned back by the same angle.
std::vector<Value*> grad(const GradArgs& args) {
  const Node& node = args.node;
  std::vector<Value*> result(node.inputs().size(), nullptr);
  result[0] = args.builder.op(
      "RotaryEmbedding",
      {args.grad_outputs[0], node.input(1), args.builder.neg(node.input(2)), node.input(3)}, node.attrs());
  return result;
}

Domain positions(const Node& node, size_t) { return index_into(node.input(1)->dims()[0]); }

}  // namespace

extern const OpDef kRotaryEmbedding;
const OpDef kRotaryEmbedding = {
    .name = "RotaryEmbedding",
    .doc = "dst = (x cos - y sin, x sin + y cos) for pairs (x, y) of features, the angle by position.",
    .inputs = {{"src"},
               {.name = "cos_cache", .state = true},
               {.name = "sin_cache", .state = true},
               {.name = "position_ids", .optional = true, .state = true, .domain = positions}},
    .outputs = {{"dst"}},
    .attrs = {"interleaved", "num_heads", "rotary_embedding_dim"},
    .infer = infer,
    .reference = reference,
    .grad = Grad(grad, "the angles are not parameters"),
    .amp = Amp::kInfer,
    .quant = quant_float("sums of products"),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {{.shape = {2, 3, 2, 4}},
                             {.shape = {5, 2}},
                             {.shape = {5, 2}},
                             {.dtype = DType::kI64, .shape = {2, 2}, .values = {0, 4, 2, 2}}}},
                 {.inputs = {{.shape = {1, 2, 12}}, {.shape = {1, 2, 1}}, {.shape = {1, 2, 1}}},
                  .attrs = {{"num_heads", int64_t{3}},
                            {"interleaved", int64_t{1}},
                            {"rotary_embedding_dim", int64_t{2}}}}},
};

}  // namespace twofour::ops
