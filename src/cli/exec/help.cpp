#include "cli/exec/help.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <span>

#include <CLI/CLI.hpp>

#include "cli/arguments.h"
#include "cli/exec/refused.h"
#include "cli/table.h"
#include "twofour/error.h"

namespace twofour::cli {
namespace {

constexpr size_t kWidth = 100;

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

std::vector<const CLI::Option*> flags_of(const CLI::App& command, const std::string& group) {
  return command.get_options([&](const CLI::Option* option) { return option->get_group() == group; });
}

std::vector<std::string> topics(const CLI::App& command) {
  std::vector<std::string> names;
  for (const std::string& group : command.get_groups())
    if (!group.empty() && group != "Options" && !flags_of(command, group).empty())
      names.push_back(lower(group));
  return names;
}

/// Words on lines of kWidth columns, indented by four.
std::string wrapped(const std::vector<std::string>& words) {
  std::string text, line = "   ";
  for (const std::string& word : words) {
    if (line.size() + 1 + word.size() > kWidth) {
      text += line + "\n";
      line = "   ";
    }
    line += " " + word;
  }
  return text + line + "\n";
}

std::vector<std::string> names_of(std::span<const KnownFlag> flags) {
  std::vector<std::string> names;
  for (const KnownFlag& flag : flags) names.emplace_back(flag.name);
  return names;
}

std::string overview(const CLI::App& command) {
  std::string text = fmt::format("{}\nUsage: {} --onnx=FILE | --loadEngine=FILE [flags]\n",
                                 command.get_description(), command.get_name());
  for (const std::string& group : command.get_groups()) {
    if (group.empty() || group == "Options") continue;
    std::vector<std::string> names;
    for (const CLI::Option* option : flags_of(command, group)) names.push_back(option->get_name(false, true));
    text += fmt::format("\n--help {}\n{}", lower(group), wrapped(names));
  }
  text += "\n--help accepted: flags of trtexec that have no effect here\n" +
          wrapped(names_of(flags_without_effect()));
  text += "\n--help refused: flags of trtexec that are errors here\n" + wrapped(names_of(refused_flags()));
  return text.substr(0, text.size() - 1);
}

std::string reasons(std::span<const KnownFlag> flags) {
  Table table({"Flag", "Reason"});
  for (const KnownFlag& flag : flags) table.add_row({flag.name, flag.reason});
  return table.text();
}

}  // namespace

void add_topic_help(CLI::App& command, std::string& topic) {
  command.set_help_flag();
  start_group(command, "Options");
  add_text(command, "-h,--help", topic, "Print the overview, or the flags of a topic").optional_value();
}

std::string topic_help(const CLI::App& command, const std::string& topic) {
  if (topic.empty()) return overview(command);
  if (topic == "accepted") return reasons(flags_without_effect());
  if (topic == "refused") return reasons(refused_flags());
  for (const std::string& group : command.get_groups())
    if (!group.empty() && lower(group) == lower(topic)) {
      CLI::Formatter formatter;
      constexpr size_t kColumn = 38;
      formatter.column_width(kColumn);
      const std::string text = formatter.make_group(group, false, flags_of(command, group));
      const size_t first = text.find_first_not_of('\n');
      return text.substr(first, text.find_last_not_of('\n') + 1 - first);
    }
  throw Error(ErrorCode::kInvalidArgument,
              fmt::format("--help has no topic \"{}\"; it has: {}, accepted, refused", topic,
                          fmt::join(topics(command), ", ")));
}

}  // namespace twofour::cli
