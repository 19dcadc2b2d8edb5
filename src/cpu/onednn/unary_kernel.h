// The kernel of a primitive that maps one tensor to another.
#pragma once

#include "cpu/onednn/primitive.h"
#include "cpu/op_tactic.h"

namespace twofour::cpu::onednn {

/// What the library calls an argument, and how its tensor lies in memory.
struct PrimitivePort {
  int argument;
  memory::desc desc;
};

template <typename PrimitiveDesc>
std::unique_ptr<Kernel> make_unary_kernel(const PrimitiveDesc& desc, const PrimitivePort& src,
                                          const PrimitivePort& dst) {
  ScratchLayout layout;
  Primitive primitive(desc, layout);
  return make_kernel(
      [src, dst, primitive](const KernelArgs& args) {
        primitive.run(
            Arguments().read(src.argument, src.desc, args.src[0]).write(dst.argument, dst.desc, args.dst[0]),
            args.scratch);
      },
      layout.size());
}

}  // namespace twofour::cpu::onednn
