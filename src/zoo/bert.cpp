#include "zoo/bert.h"

#include <cmath>
#include <numbers>

#include "zoo/layers.h"

namespace twofour::zoo {
namespace {

constexpr float kDeviation = 0.02F;
constexpr float kMasked = -10000.0F;

class Bert {
 public:
  Bert(Graph& graph, const BertOptions& options)
      : graph_(graph), options_(options), net_(graph, options.seed), b_(net_.builder()) {}

  Value* run() {
    Value* ids = tokens("input_ids");
    Value* types = tokens("token_type_ids");
    Value* mask = tokens("attention_mask");
    Value* x = b_.add(embedding(ids, "word_embeddings", options_.vocabulary),
                      embedding(types, "token_type_embeddings", 2));
    x = b_.add(x, net_.weight("position_embeddings.weight", {options_.sequence, options_.width}, kDeviation));
    x = norm(x, "embeddings.LayerNorm");
    Value* bias = mask_bias(mask);
    for (int64_t i = 0; i < options_.layers; ++i) x = layer(x, bias, fmt::format("layer.{}", i));
    return x;
  }

 private:
  Value* tokens(const char* name) {
    return graph_.add_input(name, {DType::kI64, {Dim::named("N"), options_.sequence}});
  }

  Value* embedding(Value* ids, const std::string& name, int64_t rows) {
    return b_.op("Gather", {net_.weight(name + ".weight", {rows, options_.width}, kDeviation), ids}, {},
                 name);
  }

  Value* norm(Value* x, const std::string& name) {
    return b_.op(
        "LayerNormalization",
        {x, net_.filled(name + ".weight", options_.width, 1), net_.filled(name + ".bias", options_.width, 0)},
        {{"axis", int64_t{-1}}, {"epsilon", 1e-12F}}, name);
  }

  /// 0 where the mask is 1, kMasked where it is 0: [N,1,1,sequence].
  Value* mask_bias(Value* mask) {
    Value* wide = b_.cast(b_.op("Unsqueeze", {mask, b_.i64({1, 2})}), DType::kF32);
    return b_.mul(b_.sub(b_.scalar(1), wide), b_.scalar(kMasked));
  }

  Value* dense(Value* x, const std::string& name, int64_t in, int64_t out) {
    Value* product = b_.op("MatMul", {x, net_.weight(name + ".weight", {in, out}, kDeviation)}, {}, name);
    return b_.add(product, net_.filled(name + ".bias", out, 0));
  }

  /// [N,sequence,width] to [N,heads,sequence,width / heads] in the order of `perm`.
  Value* split_heads(Value* x, std::vector<int64_t> perm) {
    const int64_t heads = options_.heads;
    return b_.transpose(b_.op("Reshape", {x, b_.i64({0, 0, heads, options_.width / heads})}),
                        std::move(perm));
  }

  Value* attention(Value* x, Value* mask, const std::string& name) {
    const int64_t width = options_.width;
    Value* q = split_heads(dense(x, name + ".self.query", width, width), {0, 2, 1, 3});
    Value* k = split_heads(dense(x, name + ".self.key", width, width), {0, 2, 3, 1});
    Value* v = split_heads(dense(x, name + ".self.value", width, width), {0, 2, 1, 3});
    const auto scale = static_cast<float>(std::sqrt(width / options_.heads));
    Value* scores = b_.add(b_.div(b_.op("MatMul", {q, k}), b_.scalar(scale)), mask);
    Value* context = b_.op("MatMul", {b_.op("Softmax", {scores}, {{"axis", int64_t{-1}}}), v});
    context = b_.op("Reshape", {b_.transpose(context, {0, 2, 1, 3}), b_.i64({0, 0, width})});
    return norm(b_.add(dense(context, name + ".output.dense", width, width), x), name + ".output.LayerNorm");
  }

  Value* gelu(Value* x) {
    Value* erf = b_.op("Erf", {b_.div(x, b_.scalar(std::numbers::sqrt2_v<float>))});
    return b_.mul(b_.mul(x, b_.add(erf, b_.scalar(1))), b_.scalar(0.5F));
  }

  Value* layer(Value* x, Value* mask, const std::string& name) {
    const int64_t width = options_.width;
    x = attention(x, mask, name + ".attention");
    Value* inner = gelu(dense(x, name + ".intermediate.dense", width, 4 * width));
    return norm(b_.add(dense(inner, name + ".output.dense", 4 * width, width), x),
                name + ".output.LayerNorm");
  }

  Graph& graph_;
  const BertOptions& options_;
  Layers net_;
  ops::Builder& b_;
};

}  // namespace

Graph make_bert(const BertOptions& options) {
  TWOFOUR_CHECK(options.heads > 0 && options.width % options.heads == 0, kInvalidArgument,
                "{} heads do not divide a width of {}", options.heads, options.width);
  Graph graph("bert");
  Value* output = Bert(graph, options).run();
  graph.rename(output, "last_hidden_state");
  graph.set_outputs({output});
  return graph;
}

}  // namespace twofour::zoo
