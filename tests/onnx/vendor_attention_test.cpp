// com.microsoft: attention operators against attention written as plain sums.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "base/errors.h"
#include "run_model.h"

namespace twofour::onnx_io {
namespace {

using ::testing::FloatNear;
using ::testing::Pointwise;

constexpr const char* kMs = "com.microsoft";

/// Where feature d of head h at place s of item n lies.
using At = std::function<size_t(int64_t n, int64_t h, int64_t s, int64_t d)>;
At flat(int64_t sequence, int64_t heads, int64_t size) {
  return [=](int64_t n, int64_t h, int64_t s, int64_t d) {
    return static_cast<size_t>(((n * sequence + s) * heads + h) * size + d);
  };
}
At split(int64_t sequence, int64_t heads, int64_t size) {
  return [=](int64_t n, int64_t h, int64_t s, int64_t d) {
    return static_cast<size_t>(((n * heads + h) * sequence + s) * size + d);
  };
}

struct Plain {
  int64_t batch, heads, queries, keys, size;
  int64_t groups = 0;  // heads of K and V; 0: as many
  double scale = 0;    // 0: 1 / sqrt(size)
  std::function<double(int64_t n, int64_t h, int64_t i, int64_t j)> bias = [](auto...) { return 0.0; };
};

/// softmax(q k^T * scale + bias) v as [batch, queries, heads * size].
std::vector<float> attention(const Plain& p, const std::vector<float>& q, const At& q_at,
                             const std::vector<float>& k, const std::vector<float>& v, const At& kv_at) {
  std::vector<float> dst;
  const double scale = p.scale != 0 ? p.scale : 1 / std::sqrt(static_cast<double>(p.size));
  for (int64_t n = 0; n < p.batch; ++n)
    for (int64_t i = 0; i < p.queries; ++i)
      for (int64_t h = 0; h < p.heads; ++h) {
        const int64_t g = p.groups ? h / (p.heads / p.groups) : h;
        std::vector<double> weights;
        double sum = 0;
        for (int64_t j = 0; j < p.keys; ++j) {
          double dot = 0;
          for (int64_t d = 0; d < p.size; ++d) dot += double{q[q_at(n, h, i, d)]} * k[kv_at(n, g, j, d)];
          sum += weights.emplace_back(std::exp(dot * scale + p.bias(n, h, i, j)));
        }
        for (int64_t d = 0; d < p.size; ++d) {
          double value = 0;
          for (int64_t j = 0; j < p.keys; ++j)
            value += weights[static_cast<size_t>(j)] / sum * v[kv_at(n, g, j, d)];
          dst.push_back(static_cast<float>(value));
        }
      }
  return dst;
}

constexpr int64_t kBatch = 2, kHeads = 2, kSeq = 3, kKeys = 5, kSize = 4, kHidden = kHeads * kSize;
constexpr double kMasked = -10000;

const Plain kCross = {kBatch, kHeads, kSeq, kKeys, kSize};

TEST(VendorAttention, MultiHeadAttentionWithEveryMask) {
  const Tensor q = random({kBatch, kSeq, kHidden}, 1), k = random({kBatch, kKeys, kHidden}, 2),
               v = random({kBatch, kKeys, kHidden}, 3);
  const auto expect = [&](const Tensor& mask, const Tensor& added, const auto& bias) {
    OneNode model(kMs, "MultiHeadAttention", {q, k, v, {}, mask, added});
    model.file.attr("num_heads", kHeads);
    Plain plain = kCross;
    plain.bias = bias;
    EXPECT_THAT(model.values(),
                Pointwise(FloatNear(1e-5F), attention(plain, floats(q), flat(kSeq, kHeads, kSize), floats(k),
                                                      floats(v), flat(kKeys, kHeads, kSize))));
  };
  expect({}, {}, [](auto...) { return 0.0; });
  const std::vector<int32_t> ends = {4, 2}, keys = {1, 0, 1, 1, 1, 0, 0, 1, 0, 1};
  expect(tensor({2}, ends), {}, [&](int64_t n, int64_t, int64_t, int64_t j) {
    return j < ends[static_cast<size_t>(n)] ? 0 : kMasked;
  });
  expect(tensor({2, 5}, keys), {}, [&](int64_t n, int64_t, int64_t, int64_t j) {
    return keys[static_cast<size_t>(n * 5 + j)] ? 0 : kMasked;
  });
  std::vector<int32_t> pairs(30);
  for (size_t i = 0; i < pairs.size(); ++i) pairs[i] = i * 7 % 3 != 0;
  expect(tensor({2, 3, 5}, pairs), {}, [&](int64_t n, int64_t, int64_t i, int64_t j) {
    return pairs[static_cast<size_t>((n * 3 + i) * 5 + j)] ? 0 : kMasked;
  });
  const Tensor added = random({1, 2, 3, 5}, 4);
  expect({}, added, [&](int64_t, int64_t h, int64_t i, int64_t j) {
    return floats(added)[static_cast<size_t>((h * 3 + i) * 5 + j)];
  });
}

TEST(VendorAttention, MultiHeadAttentionTakesPackedHeads) {
  const Tensor packed = random({kBatch, kSeq, kHeads, 3, kSize}, 1);
  OneNode model(kMs, "MultiHeadAttention", {packed});
  model.file.attr("num_heads", kHeads).attr("scale", 0.25F);
  const auto part = [&](int64_t which) {
    std::vector<float> result;
    for (int64_t row = 0; row < kBatch * kSeq * kHeads; ++row)
      for (int64_t d = 0; d < kSize; ++d)
        result.push_back(floats(packed)[static_cast<size_t>((row * 3 + which) * kSize + d)]);
    return result;
  };
  Plain plain = {kBatch, kHeads, kSeq, kSeq, kSize};
  plain.scale = 0.25;
  const At at = flat(kSeq, kHeads, kSize);
  EXPECT_THAT(model.values(),
              Pointwise(FloatNear(1e-5F), attention(plain, part(0), at, part(1), part(2), at)));
}

TEST(VendorAttention, CacheAndCausalLimitGoTogether) {
  const int64_t past = 2, keys = past + kSeq;
  const Tensor q = random({kBatch, kSeq, kHidden}, 1), k = random({kBatch, kSeq, kHidden}, 2),
               v = random({kBatch, kSeq, kHidden}, 3), past_k = random({kBatch, kHeads, past, kSize}, 4),
               past_v = random({kBatch, kHeads, past, kSize}, 5);
  OneNode model(kMs, "MultiHeadAttention", {q, k, v, {}, {}, {}, past_k, past_v}, 3);
  model.file.attr("num_heads", kHeads).attr("unidirectional", int64_t{1});
  const At all_at = split(keys, kHeads, kSize);
  const auto joined = [&](const Tensor& before, const Tensor& now) {
    std::vector<float> all(static_cast<size_t>(kBatch * kHeads * keys * kSize));
    for (int64_t n = 0; n < kBatch; ++n)
      for (int64_t h = 0; h < kHeads; ++h)
        for (int64_t s = 0; s < keys; ++s)
          for (int64_t d = 0; d < kSize; ++d)
            all[all_at(n, h, s, d)] = s < past ? floats(before)[split(past, kHeads, kSize)(n, h, s, d)]
                                               : floats(now)[flat(kSeq, kHeads, kSize)(n, h, s - past, d)];
    return all;
  };
  Plain plain = {kBatch, kHeads, kSeq, keys, kSize};
  plain.bias = [&](int64_t, int64_t, int64_t i, int64_t j) { return j <= i + past ? 0 : -1e30; };
  const std::vector<float> all_k = joined(past_k, k), all_v = joined(past_v, v);
  const std::vector<Tensor> results = model.run();
  EXPECT_THAT(floats(results[0]),
              Pointwise(FloatNear(1e-5F),
                        attention(plain, floats(q), flat(kSeq, kHeads, kSize), all_k, all_v, all_at)));
  EXPECT_EQ(floats(results[1]), all_k);
  EXPECT_EQ(floats(results[2]), all_v);
}

TEST(VendorAttention, AttentionProjectsItsInput) {
  const int64_t input = 3;
  const Tensor x = random({kBatch, kSeq, input}, 1), w = random({input, 3 * kHidden}, 2),
               b = random({3 * kHidden}, 3);
  OneNode model(kMs, "Attention", {x, w, b, tensor<int32_t>({4}, {3, 2, 1, 0})});  // ends, then starts
  model.file.attr("num_heads", kHeads);
  const auto projected = [&](int64_t which) {
    std::vector<float> result;
    for (int64_t row = 0; row < kBatch * kSeq; ++row)
      for (int64_t c = which * kHidden; c < (which + 1) * kHidden; ++c) {
        double sum = floats(b)[static_cast<size_t>(c)];
        for (int64_t i = 0; i < input; ++i)
          sum += double{floats(x)[static_cast<size_t>(row * input + i)]} *
                 floats(w)[static_cast<size_t>(i * 3 * kHidden + c)];
        result.push_back(static_cast<float>(sum));
      }
    return result;
  };
  Plain plain = {kBatch, kHeads, kSeq, kSeq, kSize};
  plain.bias = [](int64_t n, int64_t, int64_t, int64_t j) {
    const int64_t ends[] = {3, 2}, starts[] = {1, 0};
    return j >= starts[n] && j < ends[n] ? 0 : kMasked;
  };
  const At at = flat(kSeq, kHeads, kSize);
  EXPECT_THAT(model.values(), Pointwise(FloatNear(2e-5F),
                                        attention(plain, projected(0), at, projected(1), projected(2), at)));
}

TEST(VendorAttention, GroupsShareKeysAndWriteIntoTheCache) {
  // One new token each; the cache of 4 places holds 3 tokens of the first item and 1 of the second.
  const int64_t groups = 1, capacity = 4;
  const std::vector<int32_t> last = {3, 1};
  const Tensor q = random({kBatch, 1, kHidden}, 1), k = random({kBatch, 1, kSize}, 2),
               v = random({kBatch, 1, kSize}, 3), past_k = random({kBatch, groups, capacity, kSize}, 4),
               past_v = random({kBatch, groups, capacity, kSize}, 5);
  OneNode model(kMs, "GroupQueryAttention",
                {q, k, v, past_k, past_v, tensor({2}, last), tensor<int32_t>({}, {4})}, 3, {5, 6});
  model.file.attr("num_heads", kHeads).attr("kv_num_heads", groups);
  const At at = split(capacity, groups, kSize);
  const auto written = [&](const Tensor& before, const Tensor& now) {
    std::vector<float> all = floats(before);
    for (int64_t n = 0; n < kBatch; ++n)
      for (int64_t d = 0; d < kSize; ++d)
        all[at(n, 0, last[static_cast<size_t>(n)], d)] = floats(now)[static_cast<size_t>(n * kSize + d)];
    return all;
  };
  Plain plain = {kBatch, kHeads, 1, capacity, kSize, groups};
  plain.bias = [&](int64_t n, int64_t, int64_t, int64_t j) {
    return j <= last[static_cast<size_t>(n)] ? 0 : -1e30;
  };
  const std::vector<Tensor> results = model.run();
  const std::vector<float> all_k = written(past_k, k), all_v = written(past_v, v);
  EXPECT_EQ(floats(results[1]), all_k);
  EXPECT_EQ(floats(results[2]), all_v);
  EXPECT_THAT(
      floats(results[0]),
      Pointwise(FloatNear(1e-5F), attention(plain, floats(q), flat(1, kHeads, kSize), all_k, all_v, at)));
}

TEST(VendorAttention, ACacheThatIsFullGrowsByTheNewTokens) {
  const Tensor q = random({1, 1, kHidden}, 1), k = random({1, 1, kSize}, 2),
               past = random({1, 1, 2, kSize}, 3);
  std::vector<float> grown = floats(past);
  for (const float v : floats(k)) grown.push_back(v);
  // As many tokens as there are, and a number that no cache holds.
  for (const int32_t total : {3, 1 << 30}) {
    OneNode model(kMs, "GroupQueryAttention",
                  {q, k, k, past, past, tensor<int32_t>({1}, {2}), tensor<int32_t>({}, {total})}, 3);
    model.file.attr("num_heads", kHeads).attr("kv_num_heads", int64_t{1});
    const std::vector<Tensor> results = model.run();
    EXPECT_EQ(results[1].shape(), Shape({1, 1, 3, kSize}));
    EXPECT_EQ(floats(results[1]), grown);
    EXPECT_EQ(floats(results[2]), grown);
  }
}

TEST(VendorAttention, RotaryEmbeddingTurnsByPositionOrOffset) {
  const Tensor x = random({1, 2, 4}, 1), cos = random({5, 2}, 2), sin = random({5, 2}, 3);
  const auto turned = [&](const std::vector<int64_t>& places, bool interleaved) {
    std::vector<float> dst(8);
    for (size_t s = 0; s < 2; ++s)
      for (size_t i = 0; i < 2; ++i) {
        const size_t a = s * 4 + (interleaved ? 2 * i : i), b = s * 4 + (interleaved ? 2 * i + 1 : i + 2);
        const float c = floats(cos)[static_cast<size_t>(places[s]) * 2 + i],
                    d = floats(sin)[static_cast<size_t>(places[s]) * 2 + i];
        dst[a] = c * floats(x)[a] - d * floats(x)[b];
        dst[b] = d * floats(x)[a] + c * floats(x)[b];
      }
    return dst;
  };
  for (const int64_t interleaved : {0, 1}) {
    OneNode places(kMs, "RotaryEmbedding", {x, tensor<int64_t>({1, 2}, {4, 1}), cos, sin});
    places.file.attr("interleaved", interleaved);
    EXPECT_THAT(places.values(), Pointwise(FloatNear(1e-6F), turned({4, 1}, interleaved != 0)));
    OneNode offset(kMs, "RotaryEmbedding", {x, tensor<int64_t>({1}, {2}), cos, sin});
    offset.file.attr("interleaved", interleaved);
    EXPECT_THAT(offset.values(), Pointwise(FloatNear(1e-6F), turned({2, 3}, interleaved != 0)));
  }
}

TEST(VendorAttention, TheRankOfACacheFollowsFromTheKeys) {
  const Tensor src = random({1, 2, kHidden}, 1), past = random({1, kHeads, 2, kSize}, 2);
  OneNode model(kMs, "MultiHeadAttention", {src, src, src, {}, {}, {}, past, past});
  model.file.attr("num_heads", kHeads).attr("unidirectional", int64_t{1});
  const std::vector<float> expected = model.values();
  for (const int cache : {3, 4})
    model.file.graph().mutable_input(cache)->mutable_type()->mutable_tensor_type()->clear_shape();
  EXPECT_EQ(model.values(), expected);
}

TEST(VendorAttention, QuantisedCachesAreRefused) {
  OneNode model(kMs, "GroupQueryAttention",
                {random({1, 1, 4}, 1),
                 random({1, 1, 4}, 2),
                 random({1, 1, 4}, 3),
                 {},
                 {},
                 tensor<int32_t>({1}, {0}),
                 tensor<int32_t>({}, {1})});
  model.file.attr("num_heads", int64_t{1})
      .attr("kv_num_heads", int64_t{1})
      .attr("k_quant_type", "PER_TENSOR");
  EXPECT_ERROR(model.run(), kUnsupported, "a quantised cache is not supported");
}

}  // namespace
}  // namespace twofour::onnx_io
