// Einsum: sums of products by labelled axes.
#include "ops/linear/einsum.h"

#include <algorithm>
#include <map>

#include "ops/builder.h"
#include "ops/infer.h"
#include "ops/strided.h"

namespace twofour::ops {
namespace {

using Term = EinsumTerm;
using Equation = EinsumEquation;
constexpr int kEllipsis = 64;  // less than any letter

/// `ellipsis`: how many axes "..." stands for.
Term read_term(std::string_view text, size_t ellipsis) {
  Term term;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '.') {
      TWOFOUR_CHECK(text.substr(i, 3) == "..." && text.find('.', i + 3) == std::string_view::npos,
                    kInvalidArgument, "\"{}\" is not a term of an equation", text);
      for (size_t axis = ellipsis; axis-- > 0;) term.push_back(static_cast<int>(axis));
      i += 2;
      continue;
    }
    const char c = text[i];
    TWOFOUR_CHECK((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'), kInvalidArgument,
                  "'{}' in term \"{}\" is not a letter", c, text);
    term.push_back(c);
  }
  return term;
}

bool has_ellipsis(std::string_view term) { return term.find('.') != std::string_view::npos; }

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> terms(1);
  for (const char c : text) {
    if (c == ',') terms.emplace_back();
    else terms.back() += c;
  }
  return terms;
}

/// Without "->": every label that stands once, in order, after the ellipsis.
Term implicit_output(const std::vector<Term>& inputs) {
  std::map<int, int> counts;
  for (const Term& term : inputs)
    for (const int label : term) ++counts[label];
  Term output;
  for (auto it = counts.rbegin(); it != counts.rend(); ++it)
    if (it->first < kEllipsis) output.push_back(it->first);
  for (const auto& [label, count] : counts)
    if (label >= kEllipsis && count == 1) output.push_back(label);
  return output;
}

}  // namespace

Equation einsum_equation(const Attrs& attrs, const std::vector<size_t>& ranks) {
  std::string text = attrs.s("equation", "");
  std::erase(text, ' ');
  const size_t arrow = text.find("->");
  const std::vector<std::string> terms = split(std::string_view(text).substr(0, arrow));
  TWOFOUR_CHECK(terms.size() == ranks.size(), kInvalidArgument, "equation \"{}\" has {} terms for {} inputs",
                text, terms.size(), ranks.size());
  Equation equation;
  size_t most = 0;
  for (size_t i = 0; i < terms.size(); ++i) {
    const size_t letters = terms[i].size() - (has_ellipsis(terms[i]) ? 3 : 0);
    TWOFOUR_CHECK(
        has_ellipsis(terms[i]) ? letters <= ranks[i] && ranks[i] - letters < kEllipsis : letters == ranks[i],
        kInvalidArgument, "term \"{}\" does not fit an input with {} axes", terms[i], ranks[i]);
    equation.inputs.push_back(read_term(terms[i], ranks[i] - letters));
    most = std::max(most, ranks[i] - letters);
  }
  equation.output = arrow == std::string::npos ? implicit_output(equation.inputs)
                                               : read_term(std::string_view(text).substr(arrow + 2), most);
  for (size_t i = 0; i < equation.output.size(); ++i) {
    const int label = equation.output[i];
    TWOFOUR_CHECK(
        std::ranges::count(equation.output, label) == 1 &&
            std::ranges::any_of(equation.inputs,
                                [&](const Term& t) { return std::ranges::find(t, label) != t.end(); }),
        kInvalidArgument, "the output of equation \"{}\" names a label twice, or one of no input", text);
  }
  return equation;
}

namespace {

/// The size of every label; a size 1 broadcasts.
template <typename Size>
std::map<int, Size> label_sizes(const Equation& equation, const std::vector<std::vector<Size>>& shapes) {
  std::map<int, Size> sizes;
  for (size_t i = 0; i < shapes.size(); ++i)
    for (size_t axis = 0; axis < shapes[i].size(); ++axis) {
      const Size& size = shapes[i][axis];
      const auto [it, is_new] = sizes.emplace(equation.inputs[i][axis], size);
      if (is_new) continue;
      TWOFOUR_CHECK(dims_fit(it->second, size) || Dim(size) == Dim(1) || Dim(it->second) == Dim(1),
                    kInvalidArgument, "an axis has sizes {} and {} under one label",
                    Dim(it->second).to_string(), Dim(size).to_string());
      if (Dim(it->second) == Dim(1)) it->second = size;
      else if constexpr (std::is_same_v<Size, Dim>)
        it->second = size == Dim(1) ? it->second : merge(it->second, size);
    }
  return sizes;
}

void infer(const Node& node, std::span<ValueType> outputs) {
  TWOFOUR_CHECK(node.attrs().has("equation"), kInvalidArgument, "attribute equation is missing");
  std::vector<size_t> ranks;
  std::vector<Dims> shapes;
  for (const Value* input : node.inputs()) {
    check_number(input->type(), "an input");
    check_dtype(input->type(), node.input(0)->dtype(), "an input");
    ranks.push_back(input->rank());
    shapes.push_back(input->dims());
  }
  const Equation equation = einsum_equation(node.attrs(), ranks);
  const std::map<int, Dim> sizes = label_sizes(equation, shapes);
  outputs[0] = {node.input(0)->dtype(), {}};
  for (const int label : equation.output) outputs[0].dims.push_back(sizes.at(label));
}

/// Steps of a tensor of this shape and term along each of `labels`.
std::vector<int64_t> label_strides(const Shape& shape, const Term& term, const Term& labels) {
  std::vector<int64_t> result(labels.size(), 0);
  const std::vector<int64_t> strides = shape.strides();
  for (size_t axis = 0; axis < term.size(); ++axis)
    if (shape[axis] != 1)
      result[static_cast<size_t>(std::ranges::find(labels, term[axis]) - labels.begin())] += strides[axis];
  return result;
}

void reference(const ReferenceArgs& args) {
  std::vector<size_t> ranks;
  std::vector<std::vector<int64_t>> shapes;
  for (const Tensor& input : args.inputs) {
    ranks.push_back(input.shape().rank());
    shapes.push_back(input.shape().dims());
  }
  const Equation equation = einsum_equation(args.attrs, ranks);
  Term labels = equation.output;  // then those that are summed
  Shape extent = args.outputs[0].shape();
  for (const auto& [label, size] : label_sizes(equation, shapes))
    if (std::ranges::find(labels, label) == labels.end()) {
      labels.push_back(label);
      extent.push_back(size);
    }
  const int64_t summed = extent.numel(equation.output.size(), extent.rank());
  std::vector<std::vector<int64_t>> strides;
  for (size_t i = 0; i < args.inputs.size(); ++i)
    strides.push_back(label_strides(args.inputs[i].shape(), equation.inputs[i], labels));
  const std::vector<int64_t> steps = extent.strides();
  dispatch_number(args.outputs[0].dtype(), [&]<typename T>(T) {
    using Sum = std::conditional_t<std::is_integral_v<T>, uint64_t, double>;
    int64_t at = 0;
    for (T& dst : args.outputs[0].span<T>()) {
      Sum sum = 0;
      for (int64_t s = 0; s < summed; ++s, ++at) {
        Sum term = 1;
        for (size_t i = 0; i < strides.size(); ++i) {
          int64_t offset = 0;
          for (size_t axis = 0; axis < steps.size(); ++axis)
            offset += at / steps[axis] % extent[axis] * strides[i][axis];
          term *= static_cast<Sum>(args.inputs[i].span<T>()[static_cast<size_t>(offset)]);
        }
        sum += term;
      }
      dst = static_cast<T>(sum);
    }
  });
}

/// Writes the equation with a letter for every label.
class Writer {
 public:
  std::string operator()(const Term& term) {
    std::string text;
    for (const int label : term) {
      const auto [it, is_new] = letters_.emplace(label, static_cast<int>(letters_.size()));
      TWOFOUR_CHECK(it->second < 52, kUnsupported, "an equation has more than 52 labels");
      text += static_cast<char>(it->second < 26 ? 'a' + it->second : 'A' + it->second - 26);
    }
    return text;
  }

 private:
  std::map<int, int> letters_;
};

/// The gradient of one input: the product of the others and grad_dst, summed to its labels. Labels that
/// nothing else has come from a tensor of ones.
Value* grad_of(const GradArgs& args, const Equation& equation, size_t input) {
  Builder& b = args.builder;
  const Node& node = args.node;
  const Term& wanted = equation.inputs[input];
  Writer write;
  std::vector<Value*> inputs = {args.grad_outputs[0]};
  std::string text = write(equation.output);
  Term present = equation.output;
  for (size_t i = 0; i < equation.inputs.size(); ++i) {
    if (i == input) continue;
    inputs.push_back(node.input(i));
    text += "," + write(equation.inputs[i]);
    present.insert(present.end(), equation.inputs[i].begin(), equation.inputs[i].end());
  }
  Term lonely;
  Shape ones;
  Shape full;  // of the result, before broadcast axes are summed
  std::map<int, int64_t> sizes;
  std::vector<std::vector<int64_t>> shapes;
  for (const Value* v : node.inputs()) shapes.push_back(v->shape().dims());
  sizes = label_sizes(equation, shapes);
  for (const int label : wanted) {
    TWOFOUR_CHECK(std::ranges::count(wanted, label) == 1, kUnsupported, "{} has no gradient for a diagonal",
                  node.label());
    full.push_back(sizes.at(label));
    if (std::ranges::find(present, label) != present.end()) continue;
    lonely.push_back(label);
    ones.push_back(sizes.at(label));
  }
  if (!lonely.empty()) {
    Tensor filled(DType::kF32, ones);
    std::ranges::fill(filled.span<float>(), 1.0F);
    inputs.push_back(b.constant("ones", filled.to(node.input(0)->dtype())));
    text += "," + write(lonely);
  }
  text += "->" + write(wanted);
  Value* grad = b.op("Einsum", std::move(inputs), {{"equation", text}});
  // A size 1 that broadcast to a label of the others must be summed again.
  return b.unbroadcast(grad->shape() == full ? grad : b.expand(grad, full), node.input(input)->shape());
}

std::vector<Value*> grad(const GradArgs& args) {
  std::vector<size_t> ranks;
  for (const Value* input : args.node.inputs()) ranks.push_back(input->rank());
  const Equation equation = einsum_equation(args.node.attrs(), ranks);
  std::vector<Value*> result(ranks.size(), nullptr);
  for (size_t i = 0; i < ranks.size(); ++i)
    if (args.needed[i]) result[i] = grad_of(args, equation, i);
  return result;
}

Attrs equation(const char* text) { return {{"equation", std::string(text)}}; }

}  // namespace

extern const OpDef kEinsum;
const OpDef kEinsum = {
    .name = "Einsum",
    .doc = "dst[output labels] = the sum over all other labels of the product of the inputs.",
    .inputs = {{.name = "src", .variadic = true, .weight = true}},
    .outputs = {{"dst"}},
    .attrs = {"equation"},
    .infer = infer,
    .reference = reference,
    .grad = grad,
    .amp = Amp::kAllow,
    .quant = quant_float("which input is a weight depends on the equation"),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {{.shape = {2, 3}}, {.shape = {3, 4}}}, .attrs = equation("ij,jk->ik")},
                 {.inputs = {{.shape = {2, 3, 4}}, {.shape = {5, 4}}}, .attrs = equation("...d, kd")},
                 {.inputs = {{.shape = {3, 4}}}, .attrs = equation("ij->j")},
                 {.inputs = {{.shape = {2, 3, 2}}, {.shape = {2, 3, 1}}, {.shape = {3}}},
                  .attrs = equation("bij,bik,i->kj")},
                 {.inputs = {{.dtype = DType::kI32, .shape = {3, 3}, .low = -9, .high = 9}},
                  .attrs = equation("ii")}},
};

}  // namespace twofour::ops
