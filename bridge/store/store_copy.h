#pragma once

#include <cstdint>
#include <string>

#include "bridge/base/result.h"
#include "bridge/base/unique_fd.h"

namespace rolebridge::store {

// The store as a file that can be carried away, and what has to happen to one that comes back.

// Copies the store in `directory`, with its audit key as it was at that very moment, into the empty
// folder `into`, which nobody else may write to. An issuer that runs goes on. Errors: kNotFound,
// there is none; kUnavailable.
Result<void> CopyStore(const std::string& directory, const std::string& into);

// Makes the copy in `directory` fit to be used: it is whole, and nobody is logged in by it, since
// sessions may have ended after it was made. How many there were. Errors: kInvalidArgument, it is
// broken or no store; kUnavailable.
Result<int64_t> PrepareCopy(const std::string& directory);

// Held while no issuer can use the store in `directory`. Errors: kUnavailable, one does.
Result<UniqueFd> LockStore(const std::string& directory);

}  // namespace rolebridge::store
