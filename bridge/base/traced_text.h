#pragma once

#include <string>
#include <vector>

namespace rolebridge {

// A text that remembers which of its parts came from outside the configuration. Mapping makes it,
// aws/attributes judges it: a value from the directory may fill the place where the template puts
// it and nothing more (security.md M3), and only what knows the seams can tell.
struct TracedText {
  struct Piece {
    std::string text;
    bool from_directory = false;  // a user's or group's name or attribute, or derived from one
    std::string source;           // "group 'aws admins': awsRole='Admin'"; empty for literals
  };
  std::vector<Piece> pieces;

  std::string Text() const {
    std::string text;
    for (const Piece& piece : pieces) text += piece.text;
    return text;
  }
};

}  // namespace rolebridge
