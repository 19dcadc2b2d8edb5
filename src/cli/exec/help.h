// --help of a command with more flags than a screen holds: an overview, and one page per topic. The topics
// are the option groups.
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace twofour::cli {

/// Replaces --help by one that takes a topic, which `topic` receives.
void add_topic_help(CLI::App& command, std::string& topic);
/// The overview for an empty topic. "accepted" and "refused" list the flags without effect, and those that
/// are refused, with the reasons. Throws Error{kInvalidArgument} on an unknown topic.
std::string topic_help(const CLI::App& command, const std::string& topic);

}  // namespace twofour::cli
