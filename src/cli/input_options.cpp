#include "cli/input_options.h"

#include "cli/parse.h"

namespace twofour::cli {

Argument add_shapes(CLI::App& app, const std::string& flag, Shapes& shapes, const std::string& description) {
  return add_parsed(
             app, flag, [&shapes](const std::string& text) { shapes = parse_shapes(text); }, description)
      .type_name("NAME:SHAPE,...");
}

Argument add_load_inputs(CLI::App& app, InputFiles& files) {
  return add_parsed(
             app, "--loadInputs", [&files](const std::string& text) { files = parse_named_files(text); },
             "Inputs from raw or .npy files: name:file,...; others are random")
      .type_name("NAME:FILE,...");
}

}  // namespace twofour::cli
