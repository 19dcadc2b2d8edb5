// Primitives of oneDNN as candidates: operands brought into the order that a primitive wants, before time
// counts.
#pragma once

#include "cpu/onednn/primitive.h"
#include "sparse/candidate.h"

namespace twofour::bench {

using cpu::onednn::cpu_engine;
using dnnl::memory;
using Tag = memory::format_tag;
using Type = memory::data_type;

/// One argument of a primitive: the values as they lie in `tensor`, and as the primitive reads them.
struct OnednnOperand {
  int argument;
  memory::dims dims;
  Tag order;
  Tensor tensor;
  memory::desc wanted;
  bool is_weight = false;
};

/// `primitive` on `operands`, writing `dst`.
Candidate onednn_candidate(std::string name, const dnnl::primitive& primitive,
                           const std::vector<OnednnOperand>& operands, const memory::desc& dst,
                           int64_t copies);

/// Runs `make`, which appends candidates; what the library does not have is left out.
template <typename Make>
void if_implemented(const Make& make) {
  try {
    make();
  } catch (const dnnl::error& error) {
    if (error.status != dnnl_unimplemented) throw;
  }
}

/// What the problem is computed in; no f32 product reads weights that are stored as halves as such, so that
/// bf16 joins in there. bf16 only where the CPU has instructions for it: elsewhere the library emulates.
std::vector<Type> onednn_types(const Problem& problem);
std::string typed_name(std::string name, Type type);

std::vector<Candidate> onednn_gemms(const Problem& problem, const ProblemData& data);
/// Products in f32 of weights that are stored as i8, computed in bytes.
std::vector<Candidate> onednn_int8_gemms(const Problem& problem, const ProblemData& data);
std::vector<Candidate> onednn_convs(const Problem& problem, const ProblemData& data);

}  // namespace twofour::bench
