#pragma once

#include <CLI/CLI.hpp>

namespace rolebridge::cli {

// Adds `backup` and `restore` with their options to the command line; `status` is what the program
// exits with: kYes, done; kCannotTell, not, and why stands on standard error.
void AddBackup(CLI::App& app, int& status);

}  // namespace rolebridge::cli
