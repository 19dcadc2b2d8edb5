#include "sparse/candidate.h"

#ifdef TWOFOUR_OPENBLAS
#include <cblas.h>
#include <fmt/format.h>

#include "base/parallel.h"
#endif

namespace twofour::bench {

#ifdef TWOFOUR_OPENBLAS

std::string openblas_title() {
  const std::string config = openblas_get_config();  // "OpenBLAS 0.3.21 NO_AFFINITY ..."
  return fmt::format("{} ({})", config.substr(0, config.find(' ', sizeof("OpenBLAS "))),
                     openblas_get_corename());
}

std::vector<Candidate> openblas_candidates(const Problem& p, const ProblemData& data) {
  if (p.is_conv() || p.precision != Precision::kF32) return {};
  openblas_set_num_threads(max_threads());
  std::vector<Tensor> weights;
  for (int64_t copy = 0; copy < data.copies; ++copy) weights.push_back(data.weight.clone());
  const Tensor src = data.src;
  const Tensor dst(DType::kF32, {p.n, p.m});
  const auto m = static_cast<blasint>(p.m), n = static_cast<blasint>(p.n), k = static_cast<blasint>(p.k);
  auto run = [=](int64_t copy) {
    const float* w = weights[static_cast<size_t>(copy)].span<float>().data();
    const float* x = src.span<float>().data();
    float* y = dst.span<float>().data();
    if (n == 1) cblas_sgemv(CblasRowMajor, CblasNoTrans, m, k, 1, w, k, x, 1, 0, y, 1);
    else cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, n, m, k, 1, x, k, w, k, 0, y, m);
  };
  return {in_process("OpenBLAS", Role::kDense, data.copies, run, [dst] { return dst; })};
}

#else

std::string openblas_title() { return ""; }
std::vector<Candidate> openblas_candidates(const Problem&, const ProblemData&) { return {}; }

#endif

}  // namespace twofour::bench
