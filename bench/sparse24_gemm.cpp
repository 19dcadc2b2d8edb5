// The 2:4 CPU kernels against oneDNN's dense ones, in one process: every round runs each candidate once, and
// the speed-up is the median over rounds of (best dense time / sparse time) of the same round.
//   sparse24_gemm --shapes bench/shapes/resnet50_conv.txt --batch 1 8 --threads 1 2 --json result.json
//   sparse24_gemm --shapes bench/shapes/transformer_gemm.txt
// A line of ten fields is a convolution, one of four a matrix product (batch-major, Y = X W^T).
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <functional>
#include <sstream>

#include <CLI/CLI.hpp>
#include <oneapi/dnnl/dnnl.hpp>

#include "base/file.h"
#include "base/json.h"
#include "base/parallel.h"
#include "base/rng.h"
#include "base/tensor.h"
#include "cpu/sparse24/conv2d.h"

namespace {

using dnnl::memory;
using twofour::Rng;
using twofour::backend::Sparse24Matrix;
using twofour::cpu::ConvShape;
using twofour::cpu::Epilogue;
using twofour::cpu::ImageLayout;
using twofour::cpu::Sparse24Conv2d;
using twofour::cpu::Sparse24Options;
using Tag = memory::format_tag;

struct Case {
  std::string name;
  ConvShape shape;
  bool gemm = false;
  int count = 1;
  double flops() const { return 2.0 * static_cast<double>(shape.pixels() * shape.k * shape.gemm_k()); }
};

struct Candidate {
  std::string name;
  bool dense = false;
  std::function<void()> run;
  std::vector<double> times_ms;
};

std::vector<Case> read_cases(const std::string& path, int64_t batch) {
  std::ifstream file(path);
  TWOFOUR_CHECK(file, kNotFound, "[bench] cannot read {}", path);
  std::vector<Case> cases;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream words(line);
    Case item;
    words >> item.name;
    std::vector<int64_t> v;
    for (int64_t number = 0; words >> number;) v.push_back(number);
    TWOFOUR_CHECK(v.size() == 9 || v.size() == 3, kInvalidArgument,
                  "[bench] {}: '{}' has {} numbers, expected 9 or 3", path, line, v.size());
    item.gemm = v.size() == 3;
    if (item.gemm) {
      item.shape = {.layout = ImageLayout::kNhwc, .c = v[1], .h = 1, .w = v[2], .k = v[0]};
    } else {
      item.shape = {.batch = batch,
                    .c = v[0],
                    .h = v[1],
                    .w = v[2],
                    .k = v[3],
                    .r = v[4],
                    .s = v[5],
                    .stride_h = v[6],
                    .stride_w = v[6],
                    .pad_top = v[7],
                    .pad_left = v[7],
                    .pad_bottom = v[7],
                    .pad_right = v[7]};
      item.count = static_cast<int>(v[8]);
    }
    cases.push_back(item);
  }
  return cases;
}

std::vector<float> random_weights(int64_t m, int64_t k) {
  Rng rng(1);
  std::vector<float> dense(static_cast<size_t>(m * k));
  for (size_t block = 0; block < dense.size(); block += 4) {
    const size_t first = rng.below(4);
    dense[block + first] = rng.uniform(0.5F, 1.0F);
    dense[block + (first + 1 + rng.below(3)) % 4] = rng.uniform(-1.0F, -0.5F);
  }
  return dense;
}

/// Buffers of one case, shared by its candidates.
struct Buffers {
  std::vector<float> weights, bias;
  twofour::Tensor src, dst;
  explicit Buffers(const ConvShape& s)
      : weights(random_weights(s.k, s.gemm_k())),
        bias(static_cast<size_t>(s.k), 0.1F),
        src(twofour::DType::kF32, {s.batch * s.c * s.h * s.w}),
        dst(twofour::DType::kF32, {s.pixels() * s.k}) {
    Rng rng(2);
    for (float& v : src.span<float>()) v = rng.uniform(-1.0F, 1.0F);
  }
};

Candidate sparse_candidate(const Case& item, const Buffers& buffers, ImageLayout layout,
                           const Sparse24Options& options, int threads) {
  ConvShape shape = item.shape;
  shape.layout = layout;
  Epilogue epilogue{.bias = buffers.bias, .activation = twofour::cpu::Activation::kRelu};
  const auto packed =
      std::get<Sparse24Matrix>(twofour::backend::compress24(buffers.weights, shape.k, shape.gemm_k()));
  std::shared_ptr<Sparse24Conv2d> conv = Sparse24Conv2d::create(packed, shape, epilogue, options).kernel;
  TWOFOUR_CHECK(conv, kUnsupported, "[bench] {} was declined", item.name);
  const auto scratch = twofour::allocate_aligned(conv->scratch_bytes(threads));
  return {.name = layout == ImageLayout::kNchw ? "sparse_nchw" : "sparse_nhwc",
          .run = [conv, scratch, buffers, threads] {
            conv->run(buffers.src.span<float>().data(), nullptr, buffers.dst.span<float>().data(),
                      scratch.get(), threads);
          }};
}

dnnl::primitive_attr with_relu() {
  dnnl::post_ops ops;
  ops.append_eltwise(1.0F, dnnl::algorithm::eltwise_relu, 0.0F, 0.0F);
  dnnl::primitive_attr attr;
  attr.set_post_ops(ops);
  return attr;
}

memory filled(const memory::desc& desc, const dnnl::engine& engine) {
  memory result(desc, engine);
  auto* values = static_cast<float*>(result.get_data_handle());
  Rng rng(3);
  for (size_t i = 0; i < desc.get_size() / sizeof(float); ++i) values[i] = rng.uniform(-1.0F, 1.0F);
  return result;
}

Candidate dense_conv(const Case& item, Tag activations, const char* name) {
  const ConvShape& s = item.shape;
  const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  const auto desc = [](memory::dims dims, Tag tag) {
    return memory::desc(dims, memory::data_type::f32, tag);
  };
  const dnnl::convolution_forward::desc conv(
      dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_auto,
      desc({s.batch, s.c, s.h, s.w}, activations), desc({s.k, s.c, s.r, s.s}, Tag::any), desc({s.k}, Tag::x),
      desc({s.batch, s.k, s.out_h(), s.out_w()}, activations), {s.stride_h, s.stride_w},
      {s.pad_top, s.pad_left}, {s.pad_bottom, s.pad_right});
  const dnnl::convolution_forward::primitive_desc pd(conv, with_relu(), engine);
  const dnnl::convolution_forward primitive(pd);
  const std::unordered_map<int, memory> args = {{DNNL_ARG_SRC, filled(pd.src_desc(), engine)},
                                                {DNNL_ARG_WEIGHTS, filled(pd.weights_desc(), engine)},
                                                {DNNL_ARG_BIAS, filled(pd.bias_desc(), engine)},
                                                {DNNL_ARG_DST, filled(pd.dst_desc(), engine)}};
  dnnl::stream stream(engine);
  return {.name = name, .dense = true, .run = [primitive, args, stream]() mutable {
            primitive.execute(stream, args);
            stream.wait();
          }};
}

Candidate dense_matmul(const Case& item) {
  const ConvShape& s = item.shape;
  const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  const auto desc = [](memory::dims dims, Tag tag) {
    return memory::desc(dims, memory::data_type::f32, tag);
  };
  const dnnl::matmul::desc product(desc({s.w, s.c}, Tag::ab), desc({s.c, s.k}, Tag::any),
                                   desc({1, s.k}, Tag::ab), desc({s.w, s.k}, Tag::ab));
  const dnnl::matmul::primitive_desc pd(product, with_relu(), engine);
  const dnnl::matmul primitive(pd);
  const std::unordered_map<int, memory> args = {{DNNL_ARG_SRC, filled(pd.src_desc(), engine)},
                                                {DNNL_ARG_WEIGHTS, filled(pd.weights_desc(), engine)},
                                                {DNNL_ARG_BIAS, filled(pd.bias_desc(), engine)},
                                                {DNNL_ARG_DST, filled(pd.dst_desc(), engine)}};
  dnnl::stream stream(engine);
  return {.name = "dense_matmul", .dense = true, .run = [primitive, args, stream]() mutable {
            primitive.execute(stream, args);
            stream.wait();
          }};
}

std::vector<Candidate> candidates(const Case& item, const Buffers& buffers, const Sparse24Options& options,
                                  int threads) {
  std::vector<Candidate> list;
  if (item.gemm) {
    list.push_back(dense_matmul(item));
    list.push_back(dense_conv(item, Tag::nhwc, "dense_nhwc"));
  } else {
    list.push_back(dense_conv(item, Tag::nhwc, "dense_nhwc"));
    list.push_back(dense_conv(item, Tag::any, "dense_any"));
  }
  list.push_back(sparse_candidate(item, buffers, ImageLayout::kNchw, options, threads));
  list.push_back(sparse_candidate(item, buffers, ImageLayout::kNhwc, options, threads));
  return list;
}

double timed_ms(const std::function<void()>& run, int repeats) {
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < repeats; ++i) run();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count() /
         repeats;
}

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2),
                   values.end());
  return values[values.size() / 2];
}

void run_rounds(std::vector<Candidate>& list, int rounds, double min_ms) {
  for (const Candidate& c : list) c.run();
  const double once = timed_ms(list[0].run, 2);
  const int repeats = std::clamp(static_cast<int>(min_ms / once), 1, 1000);
  for (int round = 0; round < rounds; ++round)
    for (Candidate& c : list) c.times_ms.push_back(timed_ms(c.run, repeats));
}

/// Median over rounds of the best dense time over this candidate's time.
double speedup(const std::vector<Candidate>& list, const Candidate& sparse) {
  std::vector<double> ratios;
  for (size_t round = 0; round < sparse.times_ms.size(); ++round) {
    double dense = 1e30;
    for (const Candidate& c : list)
      if (c.dense) dense = std::min(dense, c.times_ms[round]);
    ratios.push_back(dense / sparse.times_ms[round]);
  }
  return median(ratios);
}

twofour::Json report(const Case& item, const std::vector<Candidate>& list, int64_t batch, int threads) {
  twofour::Json row = {{"name", item.name}, {"batch", batch}, {"threads", threads}, {"count", item.count}};
  std::printf("%-16s %5ld %3d", item.name.c_str(), static_cast<long>(batch), threads);
  double best_sparse = 0;
  double dense_ms = 1e30;
  for (const Candidate& c : list) {
    const double ms = median(c.times_ms);
    row[c.name + "_ms"] = ms;
    if (c.dense) dense_ms = std::min(dense_ms, ms);
    std::printf(" %9.3f", ms);
    if (c.dense) continue;
    row[c.name + "_speedup"] = speedup(list, c);
    best_sparse = std::max(best_sparse, speedup(list, c));
  }
  for (const Candidate& c : list)
    if (!c.dense) std::printf(" %6.2f", row[c.name + "_speedup"].get<double>());
  std::printf(" %8.1f %8.1f\n", item.flops() / dense_ms * 1e-6, item.flops() * best_sparse / dense_ms * 1e-6);
  std::fflush(stdout);
  return row;
}

int run(int argc, char** argv) {
  CLI::App app("2:4 sparse against dense, interleaved");
  std::vector<std::string> shapes;
  std::vector<int64_t> batches = {8};
  std::vector<int> threads = {1};
  std::string json, only;
  int rounds = 21;
  double min_ms = 3;
  Sparse24Options options;
  app.add_option("--shapes", shapes, "shape files")->required();
  app.add_option("--batch", batches, "batch sizes (convolutions)");
  app.add_option("--threads", threads, "thread counts");
  app.add_option("--rounds", rounds, "rounds per case");
  app.add_option("--min-ms", min_ms, "least time of one measurement");
  app.add_option("--only", only, "run only cases whose name contains this");
  app.add_option("--tile-panels", options.tile_panels, "panels per pass over the code");
  app.add_option("--k-block", options.k_block, "columns per block");
  app.add_option("--super-block", options.super_block, "columns per packed tile");
  app.add_option("--json", json, "also write the results to this file");
  CLI11_PARSE(app, argc, argv);
  twofour::Json rows = twofour::Json::array();
  std::printf(
      "%-16s %5s %3s  dense times (2), sparse nchw, nhwc [ms]; speed-up nchw, nhwc; GFLOP/s dense, sparse\n",
      "case", "batch", "thr");
  for (const std::string& path : shapes)
    for (const int thread_count : threads)
      for (const int64_t batch : batches)
        for (const Case& item : read_cases(path, batch)) {
          if (item.name.find(only) == std::string::npos) continue;
          twofour::set_max_threads(thread_count);
          const Buffers buffers(item.shape);
          auto list = candidates(item, buffers, options, thread_count);
          run_rounds(list, rounds, min_ms);
          rows.push_back(report(item, list, batch, thread_count));
        }
  if (!json.empty()) twofour::write_file_atomic(json, rows.dump(2) + "\n");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
