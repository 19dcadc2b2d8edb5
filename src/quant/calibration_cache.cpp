#include "quant/calibration_cache.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <optional>
#include <unordered_set>

#include "base/file.h"
#include "base/log.h"
#include "passes/codes.h"
#include "passes/match.h"
#include "quant/kinds.h"

namespace twofour::quant {
namespace {

constexpr std::string_view kHeader = "TRT-8601-EntropyCalibration2";
constexpr std::string_view kTensorRt = "TRT-";
constexpr size_t kMostBytes = size_t{64} << 20;

/// The whole text as a number, if it is one.
template <typename T, typename... Format>
std::optional<T> number_of(std::string_view text, Format... format) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, format...);
  return error == std::errc{} && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

struct Form {
  std::string_view separator;
  std::string_view expected;
  std::optional<float> (*magnitude)(std::string_view);
  bool is_larger_end = false;  // of the range: below 0 it says nothing of the magnitude
};

std::optional<float> from_scale_bits(std::string_view text) {
  const auto bits = text.size() == 8 ? number_of<uint32_t>(text, 16) : std::nullopt;
  return bits ? std::optional(std::bit_cast<float>(*bits) * 127) : std::nullopt;
}

constexpr Form kTensorRtForm = {": ", "\"name: \" and the eight hexadecimal digits of a scale",
                                from_scale_bits};
constexpr Form kOnnxRuntimeForm = {" ", "a name, a blank and a magnitude",
                                   [](std::string_view text) { return number_of<float>(text); }, true};

class Parser {
 public:
  Parser(std::string_view text, std::string_view source) : rest_(text), source_(source) {}

  Magnitudes parse() {
    TWOFOUR_CHECK(!rest_.empty(), kDataCorrupt, "{} is empty; a calibration cache is expected", source_);
    const bool is_tensor_rt = rest_.starts_with(kTensorRt);
    if (is_tensor_rt) check_header(next_line());
    const Form& form = is_tensor_rt ? kTensorRtForm : kOnnxRuntimeForm;
    while (!rest_.empty())
      if (const std::string_view line = next_line(); !line.empty()) add(line, form);
    TWOFOUR_CHECK(!magnitudes_.empty(), kDataCorrupt, "{} names no tensor", source_);
    return std::move(magnitudes_);
  }

 private:
  std::string_view next_line() {
    const size_t end = std::min(rest_.find('\n'), rest_.size());
    std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    ++number_;
    return line;
  }

  void check_header(std::string_view line) {
    const std::string_view version = line.substr(kTensorRt.size(), line.find('-', kTensorRt.size()) - 4);
    TWOFOUR_CHECK(number_of<int>(version) && line.size() > kTensorRt.size() + version.size() + 1,
                  kDataCorrupt, "{}:1: expected a header like {}, got \"{}\"", source_, kHeader, shown(line));
  }

  void add(std::string_view line, const Form& form) {
    const size_t at = line.rfind(form.separator);
    const auto magnitude = at == std::string_view::npos || at == 0
                               ? std::nullopt
                               : form.magnitude(line.substr(at + form.separator.size()));
    TWOFOUR_CHECK(magnitude, kDataCorrupt, "{}:{}: expected {}, got \"{}\"", source_, number_, form.expected,
                  shown(line));
    if (form.is_larger_end && *magnitude < 0 && std::isfinite(*magnitude)) return;
    TWOFOUR_CHECK(std::isfinite(*magnitude) && *magnitude >= 0, kDataCorrupt,
                  "{}:{}: the magnitude of \"{}\" is {}; a finite number of at least 0 is expected", source_,
                  number_, shown(line.substr(0, at)), *magnitude);
    const bool is_new = magnitudes_.emplace(line.substr(0, at), *magnitude).second;
    TWOFOUR_CHECK(is_new, kDataCorrupt, "{}:{}: \"{}\" comes twice", source_, number_,
                  shown(line.substr(0, at)));
  }

  static std::string_view shown(std::string_view text) { return text.substr(0, 100); }

  std::string_view rest_;
  std::string_view source_;
  size_t number_ = 0;  // of the line that was read last
  Magnitudes magnitudes_;
};

/// A constant number of at least 0.
bool is_non_negative(const Value* value) {
  const auto number = value ? passes::scalar_of(value) : std::nullopt;
  return number && *number >= 0;
}

bool is_non_negative(const Node& node, const std::unordered_set<const Value*>& known) {
  constexpr std::array<std::string_view, 6> kOps = {"Abs",     "HardSigmoid", "Relu",
                                                    "Sigmoid", "Softmax",     "Sqrt"};
  if (std::ranges::find(kOps, node.op()) != kOps.end()) return true;
  if (node.op() == "Clip") return is_non_negative(node.input(1));
  if (node.op() == "Pad" && node.input(2) && !is_non_negative(node.input(2))) return false;
  const std::vector<size_t> inputs = real_inputs(node);
  return (passes::moves_codes(node) || computes_on_codes(node)) && !inputs.empty() &&
         std::ranges::all_of(inputs, [&](size_t i) { return known.contains(node.input(i)); });
}

/// Those that cannot be negative, by what computes them.
std::unordered_set<const Value*> non_negative_values(const Graph& graph) {
  std::unordered_set<const Value*> found;
  for (const auto& node : graph.nodes())
    if (is_non_negative(*node, found)) found.insert(node->outputs().begin(), node->outputs().end());
  return found;
}

}  // namespace

Magnitudes parse_calibration(std::string_view text, std::string_view source) {
  return Parser(text, source).parse();
}

Magnitudes read_calibration(const std::filesystem::path& path) {
  const auto file = MappedFile::open(path);
  const auto bytes = file->bytes();
  TWOFOUR_CHECK(bytes.size() <= kMostBytes, kResourceExhausted,
                "{} has {} bytes; a calibration file has at most {}", path.string(), bytes.size(),
                kMostBytes);
  return parse_calibration({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, path.string());
}

std::string calibration_text(const TensorRanges& ranges) {
  std::string text = std::string(kHeader) + "\n";
  for (const auto& [name, range] : ranges) {
    const float magnitude = std::max(std::fabs(range.low), std::fabs(range.high));
    text += fmt::format("{}: {:08x}\n", name, std::bit_cast<uint32_t>(magnitude / 127));
  }
  return text;
}

TensorRanges ranges_of(const Magnitudes& magnitudes, const Graph& graph, std::string_view source) {
  const auto non_negative = non_negative_values(graph);
  TensorRanges ranges;
  for (const auto& [name, magnitude] : magnitudes)
    if (const Value* value = graph.find_value(name))
      ranges[name] = {non_negative.contains(value) ? 0 : -magnitude, magnitude, 0};
  TWOFOUR_CHECK(!ranges.empty(), kInvalidArgument,
                "{} names no tensor of the model; the first is \"{}\": was it written for another model?",
                source, magnitudes.begin()->first);
  if (ranges.size() < magnitudes.size())
    log_warning("{}: {} of {} tensors are not in the model, such as those that were folded away", source,
                magnitudes.size() - ranges.size(), magnitudes.size());
  return ranges;
}

}  // namespace twofour::quant
