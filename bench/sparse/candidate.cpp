#include "sparse/candidate.h"

#include <memory>

namespace twofour::bench {

Candidate in_process(std::string name, Role role, int64_t copies, std::function<void(int64_t copy)> run,
                     std::function<Tensor()> result) {
  auto next = std::make_shared<int64_t>(0);
  auto turn = [copies, next, run = std::move(run)](int64_t warm, int64_t runs) {
    const auto once = [&] { run((*next)++ % copies); };
    for (int64_t i = 0; i < warm; ++i) once();
    const auto start = std::chrono::steady_clock::now();
    for (int64_t i = 0; i < runs; ++i) once();
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    return seconds.count() / static_cast<double>(runs);
  };
  return {.name = std::move(name), .role = role, .turn_s = std::move(turn), .result = std::move(result)};
}

double sum_of_squares(const Tensor& values) {
  const Tensor wide = values.to(DType::kF32);
  double sum = 0;
  for (const float v : wide.span<float>()) sum += static_cast<double>(v) * v;
  return sum;
}

}  // namespace twofour::bench
