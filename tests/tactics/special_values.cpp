#include "tactics/special_values.h"

#include <bit>
#include <cmath>
#include <limits>

#include "support/cpu_device.h"

namespace twofour::tactic_test {
namespace {

using backend::Format;

std::vector<double> floats(bool wide) {
  const double inf = INFINITY;
  std::vector<double> values = {NAN,
                                inf,
                                -inf,
                                0.0,
                                -0.0,
                                1,
                                -1,
                                0.5,
                                -0.5,
                                0.15,
                                2,
                                -3,
                                3.3,
                                -7.7,
                                31,
                                -40,
                                87,
                                -87,
                                88.5,
                                -88.5,
                                89,
                                -90,
                                -104,
                                1e-30,
                                1e30,
                                -1e-30,
                                0x1p-149,
                                -0x1p-149,
                                0x1p-126,
                                -0x1.8p-127,
                                3.4028234663852886e38,
                                -3.4028234663852886e38};
  if (wide)
    values.insert(values.end(), {1e300, -1e300, 1e-310, std::numeric_limits<double>::max(), 0.1, 1e16});
  return values;
}

template <typename T>
std::vector<T> integers() {
  using L = std::numeric_limits<T>;
  std::vector<T> values = {
      0, 1, 2, 3, 7, 100, L::max(), static_cast<T>(L::max() - 1), static_cast<T>(L::max() / 2)};
  if (std::is_signed_v<T>) {
    for (const int v : {-1, -2, -7}) values.push_back(static_cast<T>(v));
    values.insert(values.end(), {L::min(), static_cast<T>(L::min() + 1)});
  }
  return values;
}

Tensor taken(const Tensor& numbers, int64_t count, int64_t divide) {
  Tensor result(numbers.dtype(), {count});
  const size_t bytes = dtype_size(numbers.dtype());
  for (int64_t i = 0; i < count; ++i)
    std::copy_n(numbers.raw() + static_cast<size_t>(i / divide % numbers.numel()) * bytes, bytes,
                result.raw() + static_cast<size_t>(i) * bytes);
  return result;
}

oracle::Question question_of(const Case& test) {
  oracle::Question q{test.node.op, test.node.attrs, {}, {}, false};
  for (const Tensor& input : test.inputs) q.in.push_back(oracle::array_of(input));
  for (const auto& output : test.node.outputs) q.out.push_back({output.dtype, output.shape, {}, true});
  return q;
}

bool has_images(const Case& test) {
  return std::ranges::any_of(test.node.inputs,
                             [](const auto& in) { return in.present && in.desc.shape.rank() == 4; });
}

/// oneDNN's bf16 sums pair channels: beside an odd one an infinity may become NaN.
void forgive_infinities(oracle::Expected& expected) {
  expected.unclear.resize(expected.at.size());
  for (size_t i = 0; i < expected.at.size(); ++i)
    if (std::isinf(expected.at[i])) expected.unclear[i] = true;
}

bool has_f32(const Case& test) {
  return std::ranges::any_of(test.inputs,
                             [](const Tensor& t) { return t.defined() && t.dtype() == DType::kF32; });
}

}  // namespace

Tensor special_numbers(DType dtype) {
  if (is_float(dtype)) {
    const std::vector<double> values = floats(dtype == DType::kF64);
    return Tensor::of<double>({static_cast<int64_t>(values.size())}, values).to(dtype);
  }
  Tensor result;
  dispatch_dtype(dtype, [&]<typename T>(T) {
    if constexpr (std::is_same_v<T, bool>) {
      result = Tensor::of<float>({2}, std::vector<float>{0, 1}).to(DType::kBool);
    } else if constexpr (std::is_integral_v<T>) {
      const std::vector<T> values = integers<T>();
      result = Tensor::of<T>({static_cast<int64_t>(values.size())}, values);
    }
  });
  return result;
}

Tensor each_with_all(const Tensor& numbers) {
  return taken(numbers, numbers.numel() * numbers.numel(), numbers.numel());
}
Tensor all_with_each(const Tensor& numbers) { return taken(numbers, numbers.numel() * numbers.numel(), 1); }

Tensor spoilt(const Tensor& usual, size_t spoil) {
  const Tensor wide = usual.to(DType::kF64);
  const auto v = wide.span<double>();
  if (v.empty()) return usual;
  const std::string kind = kSpoils[spoil];
  if (kind == "nan first") v.front() = NAN;
  if (kind == "nan inside") v[v.size() / 2] = NAN;
  if (kind == "nan last") v.back() = NAN;
  if (kind == "+inf" || kind == "both inf") v[v.size() / 3] = INFINITY;
  if (kind == "-inf") v[v.size() / 3] = -INFINITY;
  if (kind == "both inf") v[v.size() / 3 * 2] = -INFINITY;
  for (double& x : v) {
    if (kind == "-0") x = -0.0;
    if (kind == "denormal") x *= 0x1p-130;
    if (kind == "large") x *= 0x1p100;
    if (kind == "all -inf") x = -INFINITY;
  }
  return wide.to(usual.dtype());
}

void Findings::add(const std::string& who, const std::string& what) {
  Fault& fault = faults_[who];
  if (fault.count++ == 0) fault.first = what;
}

std::string Findings::to_string() const {
  std::string text;
  for (const auto& [who, fault] : faults_)
    text += fmt::format("{}: {} times, first {}\n", who, fault.count, fault.first);
  return text;
}

/// Calls compare(tactic, outputs) for every tactic that takes the case, "ops" being the reference.
template <typename Compare>
void Findings::run_all(const Case& test, const std::string& what, bool reference, const Compare& compare) {
  const auto guarded = [&](const std::string& who, bool sparse, const auto& run) {
    try {
      ++checks_;
      compare(who, run(), sparse);
    } catch (const Error& error) {
      add(fmt::format("{} {}", who, test.node.op), what + ": " + error.what());
    }
  };
  if (reference) guarded("ops", false, [&] { return run_reference(test); });
  for (const backend::Tactic* tactic : device().tactics())
    if (!tactic->name().ends_with("reference") && tactic->supports(test.node))
      guarded(tactic->name(), tactic->is_sparse(), [&] { return run_tactic(*tactic, test); });
}

void Findings::check_one(const Case& test, const std::string& what, double eps, bool reference) {
  oracle::Question question = question_of(test);
  const oracle::Answer dense = oracle::find(test.node.op)(question);
  question.pruned = true;
  run_all(test, what, reference,
          [&](const std::string& who, const std::vector<Tensor>& outputs, bool sparse) {
            oracle::Answer expected = sparse ? oracle::find(test.node.op)(question) : dense;
            if (who.starts_with("onednn.conv") && test.node.outputs[0].dtype == DType::kBF16)
              for (oracle::Expected& output : expected) forgive_infinities(output);
            for (size_t o = 0; o < outputs.size() && o < expected.size(); ++o)
              if (const std::string wrong = oracle::mismatch(outputs[o], expected[o], eps); !wrong.empty())
                return add(fmt::format("{} {} {}", who, test.node.op, dtype_name(outputs[o].dtype())),
                           fmt::format("{}: output {} {}; {}", what, o, wrong, test.node.signature()));
          });
}

void Findings::check_moved(const Case& test, const std::vector<Tensor>& places,
                           const std::vector<float>& values) {
  run_all(test, "moved", true, [&](const std::string& who, const std::vector<Tensor>& outputs, bool) {
    for (size_t o = 0; o < outputs.size(); ++o) {
      if (outputs[o].dtype() != DType::kF32) continue;
      for (size_t i = 0; i < outputs[o].span<float>().size(); ++i) {
        const float number = places[o].span<float>()[i];
        const auto place = static_cast<size_t>(number);
        const float got = outputs[o].span<float>()[i];
        if (place > 0 && static_cast<float>(place) == number &&
            std::bit_cast<uint32_t>(got) != std::bit_cast<uint32_t>(values.at(place)))
          return add(who + " " + test.node.op,
                     fmt::format("element {} of output {} is {}, expected {}", i, o, got, values[place]));
      }
    }
  });
}

void Findings::check_cast(const Case& test) {
  const DType to = test.node.outputs[0].dtype;
  oracle::Expected expected(static_cast<size_t>(test.inputs[0].numel()));
  expected.at = oracle::array_of(test.inputs[0]).at;
  for (oracle::Real& v : expected.at) v = oracle::cast(v, test.inputs[0].dtype(), to);
  run_all(test, "cast", true, [&](const std::string& who, const std::vector<Tensor>& outputs, bool) {
    if (const std::string wrong = oracle::mismatch(outputs[0], expected, 1); !wrong.empty())
      add(fmt::format("{} Cast {} to {}", who, dtype_name(test.inputs[0].dtype()), dtype_name(to)), wrong);
  });
}

void Findings::check_formats(const Case& plain, const std::string& what, double eps) {
  check_one(plain, what, eps, true);
  if (has_images(plain)) check_one(with_format(plain, Format::kChannelsLast), what, eps, false);
}

void Findings::check(const Case& plain, const std::string& what, double eps, bool halves) {
  check_formats(plain, what, eps);
  if (!halves || !has_f32(plain)) return;
  for (const DType half : {DType::kF16, DType::kBF16})
    if (const Case test = with_half(plain, half); !test.node.op.empty()) check_formats(test, what, eps);
}

}  // namespace twofour::tactic_test
