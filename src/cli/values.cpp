#include "cli/values.h"

#include <filesystem>

#include "twofour/error.h"

namespace twofour::cli {
namespace {

template <typename T>
T number_within(const std::string& text, const Limits<T>& limits) {
  const std::string expected = fmt::format("\"{}\" is not a {}number from {} to {}", text,
                                           std::is_integral_v<T> ? "whole " : "", limits.least, limits.most);
  T value{};
  try {
    value = parse_number<T>(text);
  } catch (const Error&) {
    throw Error(ErrorCode::kInvalidArgument, expected);
  }
  if (value < limits.least || value > limits.most) throw Error(ErrorCode::kInvalidArgument, expected);
  return value;
}

}  // namespace

CLI::Option* add_parsed(CLI::App& app, const std::string& flag, std::function<void(const std::string&)> set,
                        const std::string& description) {
  const std::string name = flag.substr(0, flag.find(','));
  return app.add_option_function<std::string>(
      flag,
      [name, set = std::move(set)](const std::string& text) {
        if (text.empty()) throw CLI::ValidationError(name, "it needs a value");
        try {
          set(text);
        } catch (const Error& error) {
          throw CLI::ValidationError(name, error.what());
        }
      },
      description);
}

template <typename T>
CLI::Option* add_number(CLI::App& app, const std::string& flag, T& value,
                        std::type_identity_t<Limits<T>> limits, const std::string& description) {
  const auto set = [&value, limits](const std::string& text) { value = number_within<T>(text, limits); };
  return add_parsed(app, flag, set, description)->default_str(fmt::format("{}", value))->type_name("N");
}

template CLI::Option* add_number(CLI::App&, const std::string&, int&, Limits<int>, const std::string&);
template CLI::Option* add_number(CLI::App&, const std::string&, int64_t&, Limits<int64_t>,
                                 const std::string&);
template CLI::Option* add_number(CLI::App&, const std::string&, uint32_t&, Limits<uint32_t>,
                                 const std::string&);
template CLI::Option* add_number(CLI::App&, const std::string&, uint64_t&, Limits<uint64_t>,
                                 const std::string&);
template CLI::Option* add_number(CLI::App&, const std::string&, double&, Limits<double>, const std::string&);

template <typename Path>
CLI::Option* add_path(CLI::App& app, const std::string& flag, Path& path, const std::string& description) {
  return add_parsed(
             app, flag, [&path](const std::string& text) { path = text; }, description)
      ->type_name("FILE");
}

template CLI::Option* add_path(CLI::App&, const std::string&, std::string&, const std::string&);
template CLI::Option* add_path(CLI::App&, const std::string&, std::filesystem::path&, const std::string&);

}  // namespace twofour::cli
