#include "cli/exec/shape_profile.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <set>

#include "twofour/error.h"

namespace twofour::cli {
namespace {

struct Source {
  const char* flag;
  const Shapes* shapes;
};

/// Of the input `name` the shape in the first of `sources` that has one; says so unless it is the first.
Shape first_of(const std::string& name, std::initializer_list<Source> sources,
               std::vector<std::string>& notes) {
  const auto has = [&](const Source& source) { return source.shapes->contains(name); };
  const Source& source = *std::ranges::find_if(sources, has);
  if (&source != sources.begin())
    notes.push_back(fmt::format("input \"{}\": {} is that of {}", name, sources.begin()->flag, source.flag));
  return source.shapes->at(name);
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

ShapeProfile complete_profile(const Shapes& min, const Shapes& opt, const Shapes& max) {
  const Source least{"--minShapes", &min}, best{"--optShapes", &opt}, most{"--maxShapes", &max};
  ShapeProfile profile;
  std::set<std::string> names;
  for (const Source& source : {least, best, most})
    for (const auto& [name, shape] : *source.shapes) names.insert(name);
  for (const std::string& name : names) {
    std::vector<std::string> notes;
    profile.min[name] = first_of(name, {least, best, most}, notes);
    profile.opt[name] = first_of(name, {best, most, least}, notes);
    profile.max[name] = first_of(name, {most, best, least}, notes);
    if (min.contains(name) || max.contains(name)) std::ranges::move(notes, std::back_inserter(profile.notes));
    if (!ordered(profile.min[name], profile.opt[name]) || !ordered(profile.opt[name], profile.max[name]))
      throw Error(ErrorCode::kInvalidArgument,
                  fmt::format("shapes of input \"{}\" are not min <= opt <= max: {}, {}, {}", name,
                              profile.min[name].to_string(), profile.opt[name].to_string(),
                              profile.max[name].to_string()));
  }
  return profile;
}

std::vector<std::string> names_of_open(const std::vector<TensorInfo>& inputs) {
  std::vector<std::string> names;
  for (const TensorInfo& input : inputs)
    if (input.is_open()) names.push_back(input.name);
  return names;
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
      throw Error(ErrorCode::kInvalidArgument,
                  fmt::format("no input matches \"{}\"; there are: {}", pattern, fmt::join(inputs, ", ")));
  }
  return result;
}

}  // namespace twofour::cli
