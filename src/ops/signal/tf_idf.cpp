#include <algorithm>
#include <map>

#include "ops/infer.h"

namespace twofour::ops {
namespace {

using NGram = std::vector<int64_t>;

/// The n-grams of the pool, with the place that each has in the output and its weight.
class Pool {
 public:
  explicit Pool(const Attrs& attrs) : weights_(attrs.floats("weights")) {
    const std::vector<int64_t> counts = attrs.ints("ngram_counts");
    const std::vector<int64_t> items = attrs.ints("pool_int64s");
    indexes_ = attrs.ints("ngram_indexes");
    TWOFOUR_CHECK(!counts.empty() && !indexes_.empty(), kInvalidArgument,
                  "ngram_counts and ngram_indexes must not be empty");
    for (const int64_t index : indexes_)
      TWOFOUR_CHECK(index >= 0 && index < kMostPlaces, kInvalidArgument, "ngram_indexes holds {}", index);
    for (size_t n = 1; n <= counts.size(); ++n) {
      const int64_t begin = counts[n - 1];
      const int64_t end = n < counts.size() ? counts[n] : static_cast<int64_t>(items.size());
      const auto size = static_cast<int64_t>(n);
      TWOFOUR_CHECK(0 <= begin && begin <= end && end <= static_cast<int64_t>(items.size()) &&
                        (end - begin) % size == 0,
                    kInvalidArgument, "the pool has {} items, ngram_counts puts its {}-grams into [{}, {})",
                    items.size(), n, begin, end);
      for (int64_t i = begin; i < end; i += size)
        grams_.emplace(NGram(&items[0] + i, &items[0] + i + size), grams_.size());
    }
    TWOFOUR_CHECK(
        grams_.size() <= indexes_.size() && (weights_.empty() || weights_.size() == indexes_.size()),
        kInvalidArgument, "{} n-grams, {} indexes and {} weights do not match", grams_.size(),
        indexes_.size(), weights_.size());
  }

  int64_t num_places() const { return std::ranges::max(indexes_) + 1; }
  /// The number of an n-gram of the pool; -1 for others.
  int64_t find(const NGram& gram) const {
    const auto it = grams_.find(gram);
    return it == grams_.end() ? -1 : static_cast<int64_t>(it->second);
  }
  int64_t place(int64_t gram) const { return indexes_[static_cast<size_t>(gram)]; }
  float weight(int64_t gram) const { return weights_.empty() ? 1 : weights_[static_cast<size_t>(gram)]; }
  size_t size() const { return grams_.size(); }

 private:
  static constexpr int64_t kMostPlaces = int64_t{1} << 31;

  std::map<NGram, size_t> grams_;
  std::vector<int64_t> indexes_;
  std::vector<float> weights_;
};

struct Range {
  int64_t min_length, max_length, max_skip;
};

Range range_of(const Attrs& attrs) {
  const Range range{attrs.i("min_gram_length", 0), attrs.i("max_gram_length", 0),
                    attrs.i("max_skip_count", -1)};
  TWOFOUR_CHECK(range.min_length > 0 && range.min_length <= range.max_length && range.max_skip >= 0,
                kInvalidArgument, "n-grams of {} to {} items with up to {} skips are not possible",
                range.min_length, range.max_length, range.max_skip);
  return range;
}

void infer(const Node& node, std::span<ValueType> outputs) {
  const ValueType& type = node.input(0)->type();
  TWOFOUR_CHECK(!node.attrs().has("pool_strings"), kUnsupported, "strings are not supported");
  check_index(type, "X");
  TWOFOUR_CHECK(type.dims.size() == 1 || type.dims.size() == 2, kInvalidArgument,
                "X is {}; it has one or two dimensions", type.to_string());
  const std::string mode = node.attrs().s("mode", "");
  TWOFOUR_CHECK(mode == "TF" || mode == "IDF" || mode == "TFIDF", kInvalidArgument,
                "mode \"{}\" is not known; TF, IDF and TFIDF are", mode);
  range_of(node.attrs());
  outputs[0] = {DType::kF32, type.dims};
  outputs[0].dims.back() = Pool(node.attrs()).num_places();
}

/// How often each n-gram of the pool stands in `row`, with `skip` items left out between neighbours.
void count(std::span<const int64_t> row, const Pool& pool, const Range& range, int64_t skip,
           std::vector<int64_t>& counts) {
  const int64_t step = skip + 1;
  const auto size = static_cast<int64_t>(row.size());
  for (int64_t length = range.min_length; length <= range.max_length; ++length) {
    if (length == 1 && skip > 0) continue;  // a single item has no neighbours
    if (length > size) break;
    for (int64_t start = 0; start + (length - 1) * step < size; ++start) {
      NGram gram;
      for (int64_t k = 0; k < length; ++k) gram.push_back(row[static_cast<size_t>(start + k * step)]);
      if (const int64_t found = pool.find(gram); found >= 0) ++counts[static_cast<size_t>(found)];
    }
  }
}

void reference(const ReferenceArgs& args) {
  const Pool pool(args.attrs);
  const Range range = range_of(args.attrs);
  const std::string mode = args.attrs.s("mode", "");
  const std::vector<int64_t> items = to_ints(args.inputs[0]);
  const Shape& shape = args.inputs[0].shape();
  const auto width = static_cast<size_t>(shape[shape.rank() - 1]);
  const int64_t rows = shape.rank() == 1 ? 1 : shape[0];
  const std::span<float> dst = args.outputs[0].span<float>();
  std::ranges::fill(dst, 0.0F);
  for (int64_t row = 0; row < rows; ++row) {
    std::vector<int64_t> counts(pool.size());
    const auto skips = std::min(range.max_skip, static_cast<int64_t>(width));
    for (int64_t skip = 0; skip <= skips; ++skip)
      count(std::span(items).subspan(static_cast<size_t>(row) * width, width), pool, range, skip, counts);
    for (size_t i = 0; i < counts.size(); ++i) {
      if (counts[i] == 0) continue;
      const auto gram = static_cast<int64_t>(i);
      const float frequency = mode == "IDF" ? 1 : static_cast<float>(counts[i]);
      dst[static_cast<size_t>(row * pool.num_places() + pool.place(gram))] =
          mode == "TF" ? frequency : frequency * pool.weight(gram);
    }
  }
}

Example example(const char* mode, int64_t skips) {
  return {.inputs = {{.dtype = DType::kI64, .shape = {2, 6}, .values = {1, 1, 3, 3, 3, 7, 8, 6, 7, 5, 6, 8}}},
          .attrs = {{"mode", std::string(mode)},
                    {"min_gram_length", int64_t{1}},
                    {"max_gram_length", int64_t{2}},
                    {"max_skip_count", skips},
                    {"ngram_counts", std::vector<int64_t>{0, 4}},
                    {"ngram_indexes", std::vector<int64_t>{0, 1, 2, 3, 4, 5, 6}},
                    {"pool_int64s", std::vector<int64_t>{2, 3, 5, 4, 5, 6, 7, 8, 6, 7}},
                    {"weights", std::vector<float>{1, 2, 3, 4, 5, 6, 7}}}};
}

}  // namespace

extern const OpDef kTfIdfVectorizer;
const OpDef kTfIdfVectorizer = {
    .name = "TfIdfVectorizer",
    .doc = "How often each n-gram of a pool stands in a row, or its weight, or their product.",
    .inputs = {{.name = "X", .state = true}},
    .outputs = {{"Y"}},
    .attrs = {"max_gram_length", "max_skip_count", "min_gram_length", "mode", "ngram_counts", "ngram_indexes",
              "pool_int64s", "pool_strings", "weights"},
    .infer = infer,
    .reference = reference,
    .grad = not_differentiable("counts"),
    .amp = Amp::kFixed,
    .quant = quant_float("counts"),
    .sparsity = no_sparsity(),
    .examples = {example("TF", 0), example("TFIDF", 3), example("IDF", 1)},
};

}  // namespace twofour::ops
