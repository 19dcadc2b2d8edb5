#include "cli/ignored_options.h"

#include <fmt/format.h>

#include "twofour/error.h"

namespace twofour::cli {

void refuse_ignored(const CLI::App& command, const std::vector<OptionUse>& options) {
  for (const OptionUse& use : options)
    if (!use.used && is_given(command, use.option))
      throw Error(ErrorCode::kInvalidArgument,
                  fmt::format("{} has no effect here: it needs {}", use.option, use.needs));
}

}  // namespace twofour::cli
