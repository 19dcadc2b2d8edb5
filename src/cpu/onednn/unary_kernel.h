// The kernel of a primitive that maps one tensor to another of the same layout.
#pragma once

#include "cpu/onednn/primitive.h"
#include "cpu/op_tactic.h"

namespace twofour::cpu::onednn {

template <typename PrimitiveDesc>
std::unique_ptr<Kernel> make_unary_kernel(const PrimitiveDesc& desc) {
  ScratchLayout layout;
  Primitive primitive(desc, layout);
  return make_kernel(
      [data = desc.dst_desc(), primitive](const KernelArgs& args) {
        primitive.run(
            Arguments().read(DNNL_ARG_SRC, data, args.src[0]).write(DNNL_ARG_DST, data, args.dst[0]),
            args.scratch);
      },
      layout.size());
}

}  // namespace twofour::cpu::onednn
