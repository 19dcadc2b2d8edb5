// Prints docs/onnx-support.md: which operators of ONNX twofour imports, and what runs them.
#include <fmt/format.h>

#include <cstdio>
#include <set>
#include <string>

#include "builder/describe.h"
#include "cpu/backend.h"
#include "onnx/opset_adapters.h"
#include "onnx/unsupported_ops.h"
#include "onnx/vendor/expansion.h"
#include "ops/example.h"
#include "passes/rewrites.h"

namespace {

using namespace twofour;  // NOLINT(google-build-using-namespace): a program of one file

/// Whether passes replace it before anything runs.
bool is_expanded(const ops::OpDef& op) {
  return std::ranges::any_of(op.examples, [&](const ops::Example& example) {
    Graph graph = ops::example_graph(op, example, 1);
    return passes::lower_einsum(graph) + passes::expand_attention(graph) + passes::expand_means(graph) > 0;
  });
}

/// The families of tactics beside the reference that run some example of the operator: "native, onednn".
std::string runners(const ops::OpDef& op, const backend::Backend& device) {
  std::set<std::string> families;
  for (const ops::Example& example : op.examples) {
    const Graph graph = ops::example_graph(op, example, 1);
    const Node& node = *graph.node_list()[0];
    if (op.control ||
        !std::ranges::all_of(node.outputs(), [](const Value* v) { return v->type().is_static(); }))
      continue;
    const backend::NodeDesc desc = builder::describe(node, backend::Format::kPlain);
    for (const backend::Tactic* tactic : device.tactics())
      if (tactic->name() != "reference" && tactic->supports(desc))
        families.insert(tactic->name().substr(0, tactic->name().find('.')));
  }
  if (op.control) return "subgraphs as plans of their own";
  if (is_expanded(op)) return "passes";
  return families.empty() ? "reference" : fmt::format("{}", fmt::join(families, ", "));
}

constexpr std::string_view kAtImport = R"(
## Decided at import

- Functions that the model defines are replaced by their bodies: nested ones, with attributes and defaults, overloads, an
  opset of their own, up to 64 deep. They go before operators of the same name.
- Sequences and optionals (ConcatFromSequence, Optional, OptionalGetElement, OptionalHasElement, SequenceAt,
  SequenceConstruct, SequenceEmpty, SequenceErase, SequenceInsert, SequenceLength, SequenceMap, SplitToSequence) are lists of
  tensors whose length must be known. A Loop that carries them is unrolled; an output that is a sequence `s` becomes the
  outputs `s/0`, `s/1` and so on, such an input as many inputs as shapes are given of (`--shapes=s/0:2x3,s/1:4x3`). Sizes
  that are given when the model is read (`--shapes`) count.
- An If whose condition follows from sizes and constants is its branch. Where data decide, its branches may give tensors of
  different rank, though not of different type: what reads them learns its types when it runs. An operator whose old form
  depends on the rank (Softmax before opset 13), or that is expanded into others, must know it at import.
- Of constants and initializers with one name the last is used, with a warning; an output that is listed twice is one.
- Strings are not computed: outputs that are strings (labels of a classifier, and what Cast, Gather and the like make of
  them) are left out with a warning, the others stay. An operator that makes numbers of strings is refused.
- Names that are not UTF-8 are read as Latin-1.
- An initializer that is an input, too, is a constant, unless it is to be an input (`LoadOptions::kept_inputs`, or data in
  `--loadInputs`).
- An input without a number of dimensions needs its shape.
)";

/// A line for each domain: what is expanded into the operators above.
std::string expanded() {
  std::string page;
  std::string_view domain = "none yet";
  for (const onnx_io::Expansion& row : onnx_io::expansions()) {
    const bool first = row.domain != domain;
    if (first)
      page += fmt::format(
          "\n\n{}: ", row.domain.empty() ? "ONNX's own, most of them dropped or experimental" : row.domain);
    page += fmt::format("{}{}", first ? "" : ", ", row.op);
    domain = row.domain;
  }
  return page + ".\n";
}

}  // namespace

int main() {
  const cpu::CpuBackend device;
  size_t count = 0;
  std::string rows;
  for (const ops::OpDef* op : ops::all_ops()) {
    if (!op->standard) continue;
    ++count;
    rows += fmt::format("| {} | {} | {} |\n", op->name, runners(*op, device),
                        onnx_io::is_adapted(op->name) ? "differences between opsets adapted at import" : "");
  }
  fmt::print("# ONNX support\n\nGenerated from the table of operators; do not edit.\n\n");
  fmt::print(
      "Opsets {} to {}. Types: f32, f16, bf16, f64, all integers of 8 to 64 bits, bool; an operator takes "
      "what ONNX "
      "allows it\namong these. Integers of 2 and 4 bits are held as i8 and u8, floats of 4 and 8 bits as f16 "
      "(e8m0 "
      "as bf16), which is\nexact; QuantizeLinear, DequantizeLinear and Cast know them, and export writes the "
      "wider "
      "type. Dimensions may be numbers, symbols or unknown. A model with something else is "
      "refused "
      "with an error that names\nthe operator and its first node.\n\n",
      onnx_io::kFirstOpset, onnx_io::kLastOpset);
  fmt::print(
      "Run by: `onednn` and `native` are fast CPU kernels (for f32; half precision through them), `sparse24` "
      "those for "
      "2:4\nweights, `reference` a plain loop, correct and slow; `passes` make other operators of it.\n\n{} "
      "operators:\n\n",
      count);
  fmt::print("| Operator | Run by | Import |\n|---|---|---|\n{}", rows);
  fmt::print(
      "\n## Other domains\n\nExpanded at import into the operators above, and a few of twofour's own, as "
      "ONNX "
      "Runtime and ONNX document them; an\nattribute, input or output that is left out is refused by "
      "name.{}",
      expanded());
  fmt::print("\n## Not supported\n\n| Operator | Why |\n|---|---|\n");
  for (const onnx_io::UnsupportedOp& op : onnx_io::unsupported_ops())
    fmt::print("| {} | {} |\n", op.name, op.reason);
  fmt::print("\nNor are other operators of other domains, and training operators.\n{}", kAtImport);
  return 0;
}
