#include "cpu/backend.h"

#include "backend/reference_tactic.h"
#include "base/cpu.h"
#include "base/cpu_model.h"
#include "cpu/half_storage.h"
#include "cpu/onednn/primitive.h"
#include "cpu/tactics.h"

namespace twofour::cpu {

using backend::declined;
using backend::Reason;

CpuBackend::CpuBackend() {
  std::vector<const backend::Tactic*> without_half;
#define TWOFOUR_TACTIC(ClassName) without_half.push_back(add(make_##ClassName()));
#define TWOFOUR_ANY_TYPE_TACTIC(ClassName) add(make_##ClassName());
#include "cpu/tactics.inc"
#undef TWOFOUR_TACTIC
  for (const backend::Tactic* tactic : without_half) add(std::make_unique<HalfStorageTactic>(*tactic));
  add(std::make_unique<backend::ReferenceTactic>());
}

const backend::Tactic* CpuBackend::add(std::unique_ptr<backend::Tactic> tactic) {
  owned_.push_back(std::move(tactic));
  return tactics_.emplace_back(owned_.back().get());
}

std::string CpuBackend::device() const {
  return fmt::format("{} {}, {}", cpu_name(), cpu_model(), isa_name(max_isa()));
}

backend::Support CpuBackend::native_half(DType dtype) const {
  switch (dtype) {
    case DType::kF16:
      if (!cpu_has(CpuFeature::kAvx512Fp16))
        return declined(Reason::kNoHalfArithmetic, "AVX512-FP16 is missing");
      return declined(Reason::kLibrary, "this oneDNN computes f16 on no CPU");
    case DType::kBF16:
      if (onednn::has_bf16()) return backend::supported();
      return declined(Reason::kNoHalfArithmetic, "AVX512-BF16 is missing");
    default:
      return declined(Reason::kDtype, fmt::format("{} is not a half-precision type", dtype_name(dtype)));
  }
}

}  // namespace twofour::cpu
