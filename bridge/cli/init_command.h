#pragma once

#include <CLI/CLI.hpp>

namespace rolebridge::cli {

// Adds `init` with its options to the command line; `status` is what the program exits with.
void AddInit(CLI::App& app, int& status);

}  // namespace rolebridge::cli
