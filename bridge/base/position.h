#pragma once

#include <string>

namespace rolebridge {

// A place in a file that an administrator wrote; counts from one, zero is "not known".
struct Position {
  std::string file;
  int line = 0;
  int column = 0;
};

// "rolebridge.yaml:41:24", without what is not known.
inline std::string ToString(const Position& position) {
  std::string text = position.file;
  if (position.line > 0) text += ":" + std::to_string(position.line);
  if (position.line > 0 && position.column > 0) text += ":" + std::to_string(position.column);
  return text;
}

}  // namespace rolebridge
