// RandomUniform, RandomNormal, their forms that take a shape from an input, and Bernoulli. The seed decides
// the values (base/rng.h); without one every run draws others.
#include "base/rng.h"
#include "ops/builder.h"
#include "ops/domain.h"
#include "ops/infer.h"
#include "ops/random/seed.h"

namespace twofour::ops {
namespace {

Rng rng_of(const Attrs& attrs) { return Rng(seed_of(attrs)); }

template <typename Draw>
void fill(const ReferenceArgs& args, const Draw& draw) {
  Rng rng = rng_of(args.attrs);
  Tensor values(DType::kF32, args.outputs[0].shape());
  for (float& v : values.span<float>()) v = draw(rng);
  store(values, args.outputs[0]);
}

void reference_uniform(const ReferenceArgs& args) {
  const float low = args.attrs.f("low", 0);
  const float high = args.attrs.f("high", 1);
  fill(args, [=](Rng& rng) { return rng.uniform(low, high); });
}

void reference_normal(const ReferenceArgs& args) {
  const float mean = args.attrs.f("mean", 0);
  const float scale = args.attrs.f("scale", 1);
  fill(args, [=](Rng& rng) { return mean + scale * rng.normal(); });
}

DType real_dtype(const Attrs& attrs, DType otherwise) {
  const DType dtype = dtype_attr(attrs, "dtype").value_or(otherwise);
  TWOFOUR_CHECK(is_float(dtype), kInvalidArgument, "dtype is {}; floating point is expected",
                dtype_name(dtype));
  return dtype;
}

void infer_shape(const Node& node, std::span<ValueType> outputs) {
  TWOFOUR_CHECK(node.attrs().has("shape"), kInvalidArgument, "attribute \"shape\" is missing");
  outputs[0] = {real_dtype(node.attrs(), DType::kF32), to_dims(shape_attr(node.attrs(), "shape"))};
}

void infer_like(const Node& node, std::span<ValueType> outputs) {
  outputs[0] = {real_dtype(node.attrs(), node.input(0)->dtype()), node.input(0)->dims()};
}

void infer_bernoulli(const Node& node, std::span<ValueType> outputs) {
  const ValueType& src = node.input(0)->type();
  check_real(src, "src");
  outputs[0] = {dtype_attr(node.attrs(), "dtype").value_or(src.dtype), src.dims};
}

void reference_bernoulli(const ReferenceArgs& args) {
  const Tensor chances = args.inputs[0].to(DType::kF32);
  Rng rng = rng_of(args.attrs);
  for (float& v : chances.span<float>()) v = rng.uniform() < v ? 1.0F : 0.0F;
  store(chances, args.outputs[0]);
}

OpDef random(std::string_view name, std::string_view doc, bool like, ReferenceFn reference) {
  OpDef op = {
      .name = name,
      .doc = doc,
      .inputs = {},
      .outputs = {{"dst"}},
      .attrs = {"dtype", like ? "seed" : "shape"},
      .infer = like ? infer_like : infer_shape,
      .reference = reference,
      .grad = not_differentiable("the result is drawn at random"),
      .amp = Amp::kFixed,
      .quant = quant_float("the result is drawn at random"),
      .sparsity = no_sparsity(),
      .examples = {},
  };
  if (like) {
    op.inputs = {{"src"}};
    op.examples = {{.inputs = {{.shape = {3, 5}}}, .attrs = {{"seed", int64_t{0}}}},
                   {.inputs = {{.dtype = DType::kI64, .shape = {7}}},
                    .attrs = {{"dtype", std::string("f64")}, {"seed", int64_t{7}}}}};
  } else {
    op.attrs.push_back("seed");
    op.examples = {
        {.attrs = {{"shape", std::vector<int64_t>{3, 5}}, {"seed", int64_t{0}}}},
        {.attrs = {{"shape", std::vector<int64_t>{}}, {"dtype", std::string("f16")}, {"seed", int64_t{7}}}}};
  }
  return op;
}

OpDef uniform(std::string_view name, std::string_view doc, bool like) {
  OpDef op = random(name, doc, like, reference_uniform);
  op.attrs.insert(op.attrs.end(), {"high", "low"});
  op.examples[1].attrs.set("low", -2.0F);
  op.examples[1].attrs.set("high", 3.0F);
  return op;
}

OpDef normal(std::string_view name, std::string_view doc, bool like) {
  OpDef op = random(name, doc, like, reference_normal);
  op.attrs.insert(op.attrs.end(), {"mean", "scale"});
  op.examples[1].attrs.set("mean", -2.0F);
  op.examples[1].attrs.set("scale", 3.0F);
  return op;
}

OpDef bernoulli() {
  OpDef op = random("Bernoulli", "dst = 1 with the chance src, else 0; of type `dtype`, or src's.", true,
                    reference_bernoulli);
  op.infer = infer_bernoulli;
  op.inputs[0].domain = fractions;
  op.examples = {{.inputs = {{.shape = {3, 5}, .low = 0}}, .attrs = {{"seed", int64_t{0}}}},
                 {.inputs = {{.dtype = DType::kF64, .shape = {7}, .low = 0}},
                  .attrs = {{"dtype", std::string("bool")}, {"seed", int64_t{7}}}}};
  return op;
}

}  // namespace

extern const OpDef kRandomUniform;
const OpDef kRandomUniform =
    uniform("RandomUniform", "dst = values between low and high in a tensor of shape `shape`.", false);
extern const OpDef kRandomUniformLike;
const OpDef kRandomUniformLike =
    uniform("RandomUniformLike", "dst = values between low and high in a tensor of src's shape.", true);
extern const OpDef kRandomNormal;
const OpDef kRandomNormal = normal(
    "RandomNormal", "dst = normal values in a tensor of shape `shape`; scale is their deviation.", false);
extern const OpDef kRandomNormalLike;
const OpDef kRandomNormalLike = normal(
    "RandomNormalLike", "dst = normal values in a tensor of src's shape; scale is their deviation.", true);
extern const OpDef kBernoulli;
const OpDef kBernoulli = bernoulli();

}  // namespace twofour::ops
