#include "cli/exec/shape_profile.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/parse.h"
#include "twofour/error.h"

namespace twofour::cli {
namespace {

using Shapes = std::map<std::string, Shape>;

void check_inputs(const Shapes& shapes, const char* flag, const Shapes& opt) {
  for (const auto& [name, shape] : opt)
    if (!shapes.contains(name))
      throw Error(ErrorCode::kInvalidArgument,
                  fmt::format("--optShapes has input \"{}\", {} has not", name, flag));
  for (const auto& [name, shape] : shapes)
    if (!opt.contains(name))
      throw Error(ErrorCode::kInvalidArgument,
                  fmt::format("{} has input \"{}\", --optShapes has not", flag, name));
}

bool ordered(const Shape& low, const Shape& high) {
  if (low.rank() != high.rank()) return false;
  for (size_t i = 0; i < low.rank(); ++i)
    if (low[i] > high[i]) return false;
  return true;
}

bool matches(std::string_view pattern, std::string_view name) {
  const size_t star = pattern.find('*');
  const std::string_view head = pattern.substr(0, star);
  const std::string_view tail = pattern.substr(star + 1);
  return name.size() >= head.size() + tail.size() && name.starts_with(head) && name.ends_with(tail);
}

}  // namespace

ShapeProfile parse_shape_profile(const std::string& min, const std::string& opt, const std::string& max) {
  ShapeProfile profile{parse_shapes(min), parse_shapes(opt), parse_shapes(max)};
  if (min.empty() && max.empty()) profile.min = profile.max = profile.opt;
  else if (min.empty() || opt.empty() || max.empty())
    throw Error(ErrorCode::kInvalidArgument,
                "give --optShapes alone, or all of --minShapes, --optShapes and --maxShapes");
  check_inputs(profile.min, "--minShapes", profile.opt);
  check_inputs(profile.max, "--maxShapes", profile.opt);
  for (const auto& [name, shape] : profile.opt)
    if (!ordered(profile.min.at(name), shape) || !ordered(shape, profile.max.at(name)))
      throw Error(
          ErrorCode::kInvalidArgument,
          fmt::format("shapes of input \"{}\" are not min <= opt <= max: {}, {}, {}", name,
                      profile.min.at(name).to_string(), shape.to_string(), profile.max.at(name).to_string()));
  return profile;
}

Shapes expand_wildcards(const Shapes& shapes, const std::vector<std::string>& inputs) {
  Shapes result;
  for (const auto& [pattern, shape] : shapes) {
    if (pattern.find('*') == std::string::npos) {
      result[pattern] = shape;
      continue;
    }
    bool any = false;
    for (const std::string& name : inputs)
      if (matches(pattern, name)) {
        result.try_emplace(name, shape);
        any = true;
      }
    if (!any)
      throw Error(ErrorCode::kInvalidArgument, fmt::format("no input matches \"{}\"; the model has: {}",
                                                           pattern, fmt::join(inputs, ", ")));
  }
  return result;
}

}  // namespace twofour::cli
