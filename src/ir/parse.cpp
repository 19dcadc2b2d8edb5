#include "ir/parse.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/rng.h"
#include "ir/nan_bits.h"
#include "ir/parse_scanner.h"

namespace twofour {
namespace {

constexpr int64_t kMaxElements = int64_t{1} << 28;
constexpr int kMaxDepth = 32;  // of subgraphs

class GraphParser {
 public:
  explicit GraphParser(Scanner& scan, int depth = 0) : scan_(scan), depth_(depth) {}

  Graph run() {
    scan_.expect("graph", "'graph'");
    if (depth_ > kMaxDepth) scan_.fail_at(fmt::format("subgraphs are nested deeper than {}", kMaxDepth));
    if (scan_.peek() == '"') graph_.set_name(scan_.string("the graph's name"));
    scan_.expect("{", "'{'");
    while (!scan_.accept("}")) statement();
    graph_.set_outputs(std::move(outputs_));
    return std::move(graph_);
  }

 private:
  void statement() {
    if (scan_.peek() == '%') return node();
    const size_t start = scan_.position();
    const std::string word = scan_.word("a statement or '}'");
    if (word == "input") return input();
    if (word == "const" || word == "trainable") return constant(word == "trainable");
    if (word == "output") return output();
    if (word == "metadata") return metadata();
    scan_.rewind(start);
    scan_.fail_expected("metadata, input, const, trainable, output or a node (%name = Op(...))");
  }

  void metadata() {
    const std::string key = scan_.string("the metadata key in quotes");
    scan_.expect("=", "'='");
    graph_.metadata()[key] = scan_.string("the metadata value in quotes");
  }

  void input() {
    const std::string name = new_value_name();
    scan_.expect(":", "':' and a type");
    graph_.add_input(name, type());
  }

  void constant(bool trainable) {
    const std::string name = new_value_name();
    scan_.expect(":", "':' and a type");
    Tensor data = tensor();
    if (trainable && !is_float(data.dtype())) scan_.fail_at("only floating point constants can be trainable");
    graph_.add_constant(name, std::move(data))->set_trainable(trainable);
  }

  void output() {
    do outputs_.push_back(value());
    while (scan_.accept(","));
  }

  void node() {
    std::vector<std::string> names;
    do names.push_back(new_value_name());
    while (scan_.accept(","));
    scan_.expect("=", "'=' and an operator");
    const std::string op = scan_.name("an operator");
    std::vector<Value*> inputs = arguments();
    Attrs attrs = attributes();
    const std::string name = scan_.peek() == '"' ? scan_.string("the node's name") : names[0];
    if (graph_.find_node(name)) scan_.fail_at(fmt::format("there are two nodes named \"{}\"", name));
    const Node* node = graph_.add_node(op, std::move(inputs), names.size(), std::move(attrs), name);
    name_outputs(*node, names);
    if (!scan_.accept("->")) return;
    for (size_t i = 0; i < names.size(); ++i) {
      if (i > 0) scan_.expect(",", "',' and the type of the next output");
      node->output(i)->set_type(type());
    }
  }

  void name_outputs(const Node& node, const std::vector<std::string>& names) {
    for (size_t i = 0; i < names.size(); ++i) {
      if (std::ranges::count(names, names[i]) > 1)
        scan_.fail_at(fmt::format("%{} is defined twice", names[i]));
      // A later output of the node may hold the name for the moment.
      if (Value* taken = graph_.find_value(names[i]); taken && taken != node.output(i))
        graph_.rename(taken, "");
      graph_.rename(node.output(i), names[i]);
    }
  }

  std::vector<Value*> arguments() {
    std::vector<Value*> values;
    scan_.expect("(", "'(' and the inputs");
    if (scan_.accept(")")) return values;
    do {
      if (scan_.peek() == '%') values.push_back(value());
      else if (scan_.accept("_")) values.push_back(nullptr);
      else scan_.fail_expected("%name or '_'");
    } while (scan_.accept(","));
    scan_.expect(")", "',' or ')'");
    return values;
  }

  Attrs attributes() {
    Attrs attrs;
    if (!scan_.accept("{") || scan_.accept("}")) return attrs;
    do {
      const std::string name = scan_.name("an attribute name");
      if (attrs.has(name)) scan_.fail_at(fmt::format("attribute {} stands twice", name));
      scan_.expect("=", "'=' and the attribute's value");
      attrs.set(name, attribute());
    } while (scan_.accept(","));
    scan_.expect("}", "',' or '}'");
    return attrs;
  }

  Attr attribute() {
    if (scan_.peek() == '"') return scan_.string("a string");
    if (scan_.accept("floats[]")) return std::vector<float>();
    if (scan_.accept("strings[]")) return std::vector<std::string>();
    if (scan_.accept("[")) return list();
    if (scan_.peek() == 'g') return std::make_shared<const Graph>(GraphParser(scan_, depth_ + 1).run());
    const size_t start = scan_.position();
    const std::string_view text = scan_.number("a number, a string, a list or a tensor");
    if (scan_.peek() == '[') {
      scan_.rewind(start);
      return tensor();
    }
    if (is_integer(text)) return element<int64_t>(text);
    return element<float>(text);
  }

  Attr list() {
    std::vector<std::string> strings;
    std::vector<std::string_view> numbers;
    if (scan_.accept("]")) return std::vector<int64_t>();
    const bool text = scan_.peek() == '"';
    do {
      if (text) strings.push_back(scan_.string("a string"));
      else numbers.push_back(scan_.number("a number"));
    } while (scan_.accept(","));
    scan_.expect("]", "',' or ']'");
    if (text) return strings;
    if (std::ranges::all_of(numbers, is_integer)) return elements<int64_t>(numbers);
    return elements<float>(numbers);
  }

  static bool is_integer(std::string_view text) {
    return text.find_first_not_of("0123456789", text.starts_with('-') ? 1 : 0) == std::string_view::npos;
  }

  ValueType type() {
    const std::string name = scan_.word("a type such as f32[N,3]");
    const auto dtype = dtype_from_name(name);
    if (!dtype) scan_.fail_at(fmt::format("expected a type such as f32[N,3], got '{}'", name));
    ValueType result{*dtype, {}};
    scan_.expect("[", "'[' and the dims");
    if (scan_.accept("]")) return result;
    if (scan_.accept("*")) {
      scan_.expect("]", "']' after '*', which stands for any rank");
      return ValueType::unknown(*dtype);
    }
    do result.dims.push_back(dim());
    while (scan_.accept(","));
    scan_.expect("]", "',' or ']'");
    return result;
  }

  Dim dim() {
    if (scan_.accept("?")) return {};
    if (std::isdigit(static_cast<unsigned char>(scan_.peek())))
      return element<int64_t>(scan_.number("a dim"));
    return Dim::named(scan_.name("a dim: a number, a name or '?'"));
  }

  Tensor tensor() {
    const ValueType value_type = type();
    if (!value_type.is_static()) scan_.fail_at("the dims of constant data must be numbers");
    const Shape shape = value_type.shape();
    check_size(shape);
    scan_.expect("=", "'=' and the data");
    Tensor result(value_type.dtype, shape);
    dispatch_dtype(value_type.dtype, [&]<typename T>(T) { read_data(result.span<T>()); });
    return result;
  }

  void check_size(const Shape& shape) const {
    int64_t count = 1;
    for (const int64_t dim : shape)
      if (__builtin_mul_overflow(count, std::max<int64_t>(dim, 1), &count) || count > kMaxElements)
        scan_.fail_at(
            fmt::format("constant of shape {} is larger than {} elements", shape.to_string(), kMaxElements));
  }

  template <typename T>
  void read_data(std::span<T> data) {
    if (scan_.accept("fill(")) {
      std::ranges::fill(data, element<T>(scan_.number("the value to fill with")));
      return scan_.expect(")", "')'");
    }
    if (scan_.accept("random(")) {
      randomise(data, Rng(element<uint64_t>(scan_.number("a seed"))));
      return scan_.expect(")", "')'");
    }
    if (scan_.accept("hash("))
      scan_.fail_at(
          "the data is only given as a hash and cannot be read back; print it with a larger max_elements");
    scan_.expect("[", "'[', fill(value) or random(seed)");
    for (size_t i = 0; i < data.size(); ++i) {
      if (i > 0) scan_.expect(",", fmt::format("',' and {} more values", data.size() - i));
      data[i] = element<T>(scan_.number("a number"));
    }
    scan_.expect("]", fmt::format("']' after {} values", data.size()));
  }

  // Floats in [-1, 1), integers in [-4, 4) or [0, 4), so that products stay small.
  template <typename T>
  static void randomise(std::span<T> data, Rng rng) {
    for (T& item : data) {
      if constexpr (std::is_same_v<T, f16>) item = to_f16(rng.uniform(-1, 1));
      else if constexpr (std::is_same_v<T, bf16>) item = to_bf16(rng.uniform(-1, 1));
      else if constexpr (std::is_floating_point_v<T>) item = rng.uniform(-1, 1);
      else if constexpr (std::is_same_v<T, bool>) item = rng.below(2) != 0;
      else if constexpr (std::is_signed_v<T>) item = static_cast<T>(static_cast<int>(rng.below(8)) - 4);
      else item = static_cast<T>(rng.below(4));
    }
  }

  template <typename T>
  T nan(std::string_view text) const {
    auto bits = quiet_nan_bits<T>();
    if (text != "nan") {
      const std::string_view digits = text.starts_with("nan.") ? text.substr(4) : "";
      const char* end = digits.data() + digits.size();
      const bool read =
          digits.size() == 2 * sizeof(T) && std::from_chars(digits.data(), end, bits, 16).ptr == end;
      const T value = std::bit_cast<T>(bits);
      if (!read || !std::isnan(wide(value)))
        scan_.fail_at(fmt::format("'{}' is not a {} number", text, dtype_name(DTypeOf<T>::value)));
    }
    return std::bit_cast<T>(bits);
  }
  template <typename T>
  static auto wide(T value) {
    if constexpr (std::is_floating_point_v<T>) return value;
    else return to_float(value);
  }

  template <typename T>
  T element(std::string_view text) const {
    if constexpr (std::is_same_v<T, f16> || std::is_same_v<T, bf16> || std::is_floating_point_v<T>)
      if (text.starts_with("nan")) return nan<T>(text);
    if constexpr (std::is_same_v<T, f16>) return to_f16(element<float>(text));
    else if constexpr (std::is_same_v<T, bf16>) return to_bf16(element<float>(text));
    else if constexpr (std::is_same_v<T, bool>) {
      if (text != "0" && text != "1") scan_.fail_at(fmt::format("expected 0 or 1, got '{}'", text));
      return text == "1";
    } else {
      T result{};
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), result);
      if (error != std::errc() || end != text.data() + text.size())
        scan_.fail_at(fmt::format("'{}' is not a {} number", text, dtype_name(DTypeOf<T>::value)));
      return result;
    }
  }

  template <typename T>
  std::vector<T> elements(const std::vector<std::string_view>& texts) const {
    std::vector<T> result;
    for (const std::string_view text : texts) result.push_back(element<T>(text));
    return result;
  }

  std::string new_value_name() {
    scan_.expect("%", "%name");
    std::string name = scan_.name("a value's name");
    if (name.empty()) scan_.fail_at("a value's name is empty");
    if (graph_.find_value(name)) scan_.fail_at(fmt::format("%{} is defined twice", name));
    return name;
  }

  Value* value() {
    scan_.expect("%", "%name");
    const std::string name = scan_.name("a value's name");
    Value* found = graph_.find_value(name);
    if (!found) scan_.fail_at(fmt::format("%{} is not defined before this line", name));
    return found;
  }

  Scanner& scan_;
  int depth_;
  Graph graph_;
  std::vector<Value*> outputs_;
};

}  // namespace

Graph parse_graph(std::string_view text, std::string_view source) {
  Scanner scan(text, source);
  Graph graph = GraphParser(scan).run();
  if (!scan.at_end()) scan.fail_expected("the end after '}'");
  return graph;
}

}  // namespace twofour
