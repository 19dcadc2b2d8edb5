// The subcommands of `twofour`. Each lives in the file of its name and adds itself to the command line.
// Errors are thrown: main() prints them in one line and exits with 1.
#pragma once

namespace CLI {
class App;
}

namespace twofour::cli {

void add_compare(CLI::App& app);
void add_demo(CLI::App& app);
void add_eval(CLI::App& app);
void add_exec(CLI::App& app);
void add_inspect(CLI::App& app);
void add_prune(CLI::App& app);
void add_quantize(CLI::App& app);
void add_train(CLI::App& app);
void add_zoo(CLI::App& app);

}  // namespace twofour::cli
