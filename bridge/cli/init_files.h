#pragma once

#include <sys/types.h>

#include <ostream>
#include <string>
#include <vector>

#include "bridge/base/result.h"
#include "bridge/base/secret_string.h"

namespace rolebridge::cli {

// A file as an installation is to have it.
struct FileWish {
  std::string path;
  SecretString contents;  // so that none of them is printed by mistake
  mode_t mode = 0644;
  gid_t group = 0;  // the owner is root
  // What stands there already keeps its contents, whatever they are: keys.
  bool is_only_where_missing = false;
  // ... and its owner and mode as well: what administrators make theirs, like a PAM stack.
  bool is_somebodys = false;
};

struct FolderWish {
  std::string path;
  mode_t mode = 0755;
  gid_t group = 0;
};

// What becomes of the wish.
enum class Fate {
  kWrite,    // it is not there
  kKeep,     // it is there, as wished
  kAdjust,   // it is there; its owner, group or mode is not as wished
  kReplace,  // it is there with other contents, which go
};

struct PlannedFile {
  FileWish wish;
  Fate fate = Fate::kWrite;
};

// Files to be written all or not at all.
struct FilePlan {
  std::vector<FolderWish> folders;  // those that are missing
  std::vector<PlannedFile> files;
};

// Looks at what is there; changes nothing.
//
// Errors: kPermissionDenied, naming every path that is no regular file, or that holds something
// else while `may_replace` is false; kUnavailable, one can't be read. Contents never stand in a
// message.
Result<FilePlan> PlanFiles(std::vector<FolderWish> folders, std::vector<FileWish> files,
                           bool may_replace);

// A line for each file on `out`: what becomes (`is_done`: became) of it.
void Describe(const FilePlan& plan, bool is_done, std::ostream& out);
bool ChangesNothing(const FilePlan& plan);

// Writes each file beside its place first, and only once all are on the disk brings them there. A
// file that has appeared meanwhile is not overwritten.
// Errors: kUnavailable, with the path; then what was new is taken away again, and no file has been
// replaced, except those that the message names.
Result<void> CarryOut(const FilePlan& plan);

}  // namespace rolebridge::cli
