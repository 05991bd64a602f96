#include "bridge/config/yaml_reader.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <sstream>
#include <utility>

#include "bridge/config/yaml_text.h"
#include "bridge/mapping/suggestion.h"

namespace rolebridge::config {
namespace {

using mapping::Mistake;
using mapping::Quote;

// Offset of the first byte of each line, for positions in constant time a line.
class Lines {
 public:
  Lines(std::string_view text, const std::string& file) : text_(text), file_(file) {
    starts_.push_back(0);
    for (size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\n') starts_.push_back(i + 1);
    }
  }
  Position At(size_t offset) const {
    const auto after = std::upper_bound(starts_.begin(), starts_.end(), offset);
    const size_t start = *(after - 1);
    Position position = PositionAt(text_.substr(start), offset - start, file_);
    position.line = static_cast<int>(after - starts_.begin());
    return position;
  }
  size_t Start(int line) const { return starts_[static_cast<size_t>(line) - 1]; }

 private:
  const std::string_view text_;
  const std::string& file_;
  std::vector<size_t> starts_;
};

// Builds the tree out of yaml-cpp's events; as nodes, aliases and duplicate keys would be
// invisible.
class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(std::string_view text, const std::string& file) : text_(text), lines_(text, file) {}

  std::optional<YamlNode> TakeRoot() { return std::move(root_); }
  std::vector<Mistake>& mistakes() { return mistakes_; }
  bool stopped() const { return stopped_; }
  // What yaml-cpp threw at `mark`.
  void OnSyntaxError(const YAML::Mark& mark, const std::string& what);

  void OnDocumentStart(const YAML::Mark& mark) override;
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override;
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override;
  void OnSequenceEnd() override { Close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override;
  void OnMapEnd() override { Close(); }

 private:
  struct Frame {
    YamlNode node;
    bool flow = false;
    bool has_key = false;  // a key was read, its value is due
    bool ignored = false;  // the value of a key that was refused
    std::string key;
    Position key_position;
    size_t key_offset = 0;
    size_t value_offset = 0;  // of the last plain value
    std::map<std::string, Position> keys;
  };

  static size_t Offset(const YAML::Mark& mark) { return static_cast<size_t>(mark.pos); }
  void Refuse(size_t offset, const std::string& message);
  std::string Path() const;
  std::string PathAt(int line);
  std::string KeyAbove(int line) const;
  bool ExplainOpenQuote(size_t offset);
  bool KeyIsDue() const {
    return !frames_.empty() && frames_.back().node.kind == YamlNode::Kind::kMap &&
           !frames_.back().has_key;
  }
  bool InFlow() const { return !frames_.empty() && frames_.back().flow; }

  bool CountNode(size_t offset);
  void CheckProperties(size_t offset, const std::string& tag, YAML::anchor_t anchor);
  void TakeKey(size_t offset, const std::string& key);
  void RefuseKey(size_t offset, const std::string& message);
  void Open(size_t offset, YamlNode::Kind kind, bool flow);
  void Close();
  void Add(YamlNode node);
  YamlNode Scalar(size_t offset, const std::string& value);
  void PlaceBlock(size_t offset, YamlNode& node);
  void CheckQuotes(size_t offset, const YamlNode& node);
  bool ReadBracesAsText(size_t offset);
  bool StopAtBracesWithinAValue(size_t offset);
  bool ReadCutValueAsText(size_t offset);
  void CheckComment(size_t offset, YamlNode& node);

  const std::string_view text_;
  const Lines lines_;
  std::vector<Mistake> mistakes_;
  std::vector<Frame> frames_;
  std::optional<YamlNode> root_;
  size_t last_quoted_ = std::string::npos;  // where the last text in quotes begins
  size_t nodes_ = 0;
  size_t skipped_ = 0;  // depth within what a trap made of a text
  bool has_document_ = false;
  bool stopped_ = false;  // nothing after this is of use
};

std::string TreeBuilder::Path() const {
  std::string path;
  for (const Frame& frame : frames_) {
    if (frame.node.kind == YamlNode::Kind::kList) {
      path += "[" + std::to_string(frame.node.items.size()) + "]";
    } else if (frame.has_key) {
      path += (path.empty() ? "" : ".") + frame.key;
    }
  }
  return path;
}

// The key that stands alone above `line` and was not read yet, since yaml-cpp looks ahead: a tab in
// the line below it ends the reading. Empty where there is none in this map.
std::string TreeBuilder::KeyAbove(int line) const {
  std::string_view above;
  for (int i = line - 1; i > 0 && above.empty(); --i) {
    above = WithoutComment(LineAt(text_, lines_.Start(i)));
    if (above.starts_with('#')) above = {};
  }
  if (!above.ends_with(':')) return "";
  const std::vector<YamlNode::Entry>& entries = frames_.back().node.entries;
  const int first = frames_.size() == 1 ? 1 : 0;  // where a map's keys stand before any was read
  const int column = entries.empty() ? first : entries.back().position.column;
  const Position position = lines_.At(static_cast<size_t>(above.data() - text_.data()));
  return position.column == column ? std::string(above.substr(0, above.size() - 1)) : "";
}

// The path of what stands in the line where reading ended.
std::string TreeBuilder::PathAt(int line) {
  if (frames_.empty()) return "";
  Frame& frame = frames_.back();
  // A key whose value stood in its own line is over.
  const bool is_over = frame.key_position.line != line &&
                       !WithoutComment(LineAt(text_, frame.key_offset)).ends_with(':');
  if (is_over) frame.has_key = false;
  std::string path = Path();
  const std::vector<YamlNode::Entry>& entries = frame.node.entries;
  const bool is_read = !entries.empty() && entries.back().position.line == line;
  if (frame.has_key) return path;
  const std::string key = is_read ? entries.back().key : KeyAbove(line);
  return path + (path.empty() || key.empty() ? "" : ".") + key;
}

void TreeBuilder::Refuse(size_t offset, const std::string& message) {
  const std::string path = Path();
  mistakes_.push_back({lines_.At(offset), path.empty() ? message : path + ": " + message});
}

// A text in quotes that took in the lines below, and ended at the next quote: YAML stumbles behind
// that one, in a line that is right.
bool TreeBuilder::ExplainOpenQuote(size_t offset) {
  if (last_quoted_ == std::string::npos) return false;
  const size_t end = EndOfQuoted(text_, last_quoted_);
  const Position opened = lines_.At(last_quoted_);
  const int closed = lines_.At(end - 1).line;
  if (opened.line == closed || lines_.At(offset).line != closed) return false;
  const std::string path = PathAt(opened.line);
  mistakes_.push_back({opened, (path.empty() ? "" : path + ": ") +
                                   "the quote is not closed before line " + std::to_string(closed) +
                                   "; end the value with it"});
  return true;
}

void TreeBuilder::OnSyntaxError(const YAML::Mark& mark, const std::string& what) {
  if (stopped_) return;
  stopped_ = true;
  root_.reset();
  const bool open_quote = what.find("EOF in scalar") != std::string::npos;
  if (open_quote && !frames_.empty() && frames_.back().has_key) {
    return Refuse(frames_.back().key_offset, "the quote is not closed; end the value with it");
  }
  size_t offset = std::min(mark.pos < 0 ? 0 : Offset(mark), text_.size());
  Position position = lines_.At(offset);
  const bool reported = !mistakes_.empty() && mistakes_.back().position.line == position.line;
  if (reported || ExplainOpenQuote(offset)) return;
  std::optional<std::string> explained = ExplainLine(text_, offset);
  const auto start = static_cast<size_t>(LineAt(text_, offset).data() - text_.data());
  if (!explained && start > 0) {
    // Often it is the line before that YAML read on.
    explained = ExplainLine(text_, start - 1);
    if (explained) offset = start - 1;
    if (explained) position = {position.file, position.line - 1, 1};
  }
  const size_t tab = FindTabInIndentation(LineAt(text_, offset));
  if (tab != std::string_view::npos) position.column = static_cast<int>(tab) + 1;
  const std::string path = PathAt(position.line);
  const std::string message =
      explained ? *explained : "is no YAML (" + what + "); check indentation, quotes and brackets";
  mistakes_.push_back({position, path.empty() ? message : path + ": " + message});
}

void TreeBuilder::OnDocumentStart(const YAML::Mark& mark) {
  if (has_document_ && !stopped_) {
    Refuse(Offset(mark), "a second document begins; one file holds one");
    stopped_ = true;
  }
  has_document_ = true;
}

bool TreeBuilder::CountNode(size_t offset) {
  if (stopped_ || skipped_ > 0) return false;
  if (++nodes_ <= kMaxYamlNodes) return true;
  Refuse(offset, "the file has more than " + std::to_string(kMaxYamlNodes) + " nodes");
  stopped_ = true;
  return false;
}

void TreeBuilder::CheckProperties(size_t offset, const std::string& tag, YAML::anchor_t anchor) {
  if (anchor != 0) Refuse(offset, "anchors are not allowed; write the value where it is used");
  // yaml-cpp names the tag of what has none "?", and of what is quoted "!".
  const bool explicit_tag = (!tag.empty() && tag != "?" && tag != "!") || text_[offset] == '!';
  if (explicit_tag) Refuse(offset, "tags are not allowed; take out what begins with '!'");
}

void TreeBuilder::RefuseKey(size_t offset, const std::string& message) {
  Refuse(offset, message);
  frames_.back().has_key = true;
  frames_.back().ignored = true;
  frames_.back().key.clear();
}

void TreeBuilder::TakeKey(size_t offset, const std::string& key) {
  if (key == "<<") return RefuseKey(offset, "'<<' merges nothing here; write the keys out");
  if (key.empty()) return RefuseKey(offset, "a key is empty; give it a name");
  if (key.find('\n') != std::string::npos || FindBadCharacter(key, "")) {
    return RefuseKey(offset, "a key has a control character; take it out");
  }
  Frame& frame = frames_.back();
  const Position position = lines_.At(offset);
  const auto [first, inserted] = frame.keys.emplace(key, position);
  if (!inserted) {
    return RefuseKey(offset, Quote(key) + " stands here twice, first in line " +
                                 std::to_string(first->second.line) + "; keep one of the two");
  }
  frame.has_key = true;
  frame.ignored = false;
  frame.key = key;
  frame.key_position = position;
  frame.key_offset = offset;
}

void TreeBuilder::Add(YamlNode node) {
  if (frames_.empty()) {
    root_ = std::move(node);
    return;
  }
  Frame& frame = frames_.back();
  if (frame.node.kind == YamlNode::Kind::kList) {
    frame.node.items.push_back(std::move(node));
    return;
  }
  if (!frame.ignored) {
    frame.node.entries.push_back({frame.key, frame.key_position, std::move(node)});
  }
  frame.has_key = false;
  frame.ignored = false;
}

void TreeBuilder::Open(size_t offset, YamlNode::Kind kind, bool flow) {
  if (frames_.size() == kMaxYamlDepth) {
    Refuse(offset, "nests deeper than " + std::to_string(kMaxYamlDepth) + " levels");
    stopped_ = true;
    return;
  }
  frames_.emplace_back();
  frames_.back().node.kind = kind;
  frames_.back().node.position = lines_.At(offset);
  frames_.back().flow = flow;
}

void TreeBuilder::Close() {
  if (stopped_) return;
  if (skipped_ > 0) {
    --skipped_;
    return;
  }
  YamlNode node = std::move(frames_.back().node);
  frames_.pop_back();
  Add(std::move(node));
}

// `{ value: arn:aws:iam::{{ account }}:role/x }`: what YAML makes of the rest of the line is of no
// use.
bool TreeBuilder::StopAtBracesWithinAValue(size_t offset) {
  const std::string_view before = text_.substr(0, offset);
  const bool begins = before.ends_with(' ') || before.ends_with('[') || before.ends_with('\n');
  const std::string_view value = MeantValue(text_, offset, true);
  if (begins && value.find("}}") + 2 == value.size()) return false;
  const std::optional<std::string> explained = ExplainLine(text_, offset);
  if (!explained) return false;
  const Position position = lines_.At(offset);
  mistakes_.push_back({position, PathAt(position.line) + ": " + *explained});
  stopped_ = true;
  return true;
}

// `value: {{ user.username }}`: a map with a map as its key, to YAML.
bool TreeBuilder::ReadBracesAsText(size_t offset) {
  if (!text_.substr(offset).starts_with("{{")) return false;
  if (InFlow() && StopAtBracesWithinAValue(offset)) return true;
  const std::string_view value = MeantValue(text_, offset, InFlow());
  const bool in_map = !frames_.empty() && frames_.back().node.kind == YamlNode::Kind::kMap;
  const std::string key = in_map ? frames_.back().key + ": " : "";
  Refuse(offset,
         "'{{' begins a nested map in YAML; put the value in quotes: " + key + InQuotes(value));
  YamlNode node{.kind = YamlNode::Kind::kScalar, .position = lines_.At(offset)};
  node.text = value;
  node.verbatim = true;
  Add(std::move(node));
  skipped_ = 1;
  return true;
}

void TreeBuilder::OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                             YAML::EmitterStyle::value style) {
  const size_t offset = std::min(Offset(mark), text_.size() - 1);
  if (skipped_ > 0) ++skipped_;
  if (!CountNode(offset)) return;
  if (KeyIsDue()) {
    RefuseKey(offset, "a map stands where a key is due; put the key in quotes");
    skipped_ = 1;
    // What was skipped is the key: its value comes next.
    return;
  }
  const bool flow = style == YAML::EmitterStyle::Flow;
  if (flow && ReadBracesAsText(offset)) return;
  CheckProperties(offset, tag, anchor);
  Open(offset, YamlNode::Kind::kMap, flow);
}

void TreeBuilder::OnSequenceStart(const YAML::Mark& mark, const std::string& tag,
                                  YAML::anchor_t anchor, YAML::EmitterStyle::value style) {
  const size_t offset = std::min(Offset(mark), text_.size() - 1);
  if (skipped_ > 0) ++skipped_;
  if (!CountNode(offset)) return;
  if (KeyIsDue()) {
    RefuseKey(offset, "a list stands where a key is due; put the key in quotes");
    skipped_ = 1;
    return;
  }
  CheckProperties(offset, tag, anchor);
  Open(offset, YamlNode::Kind::kList, style == YAML::EmitterStyle::Flow);
}

void TreeBuilder::OnAlias(const YAML::Mark& mark, YAML::anchor_t) {
  const size_t offset = Offset(mark);
  if (!CountNode(offset)) return;
  const std::string message = "aliases are not allowed; write the value out";
  if (KeyIsDue()) return RefuseKey(offset, message);
  Refuse(offset, message);
  Add({.kind = YamlNode::Kind::kBroken, .position = lines_.At(offset)});
}

// `for_each: group in groups, role in group.aws_role` in a flow map: a key without a value, to
// YAML.
bool TreeBuilder::ReadCutValueAsText(size_t offset) {
  if (!InFlow() || frames_.back().ignored) return false;
  Frame& frame = frames_.back();
  if (frame.node.kind != YamlNode::Kind::kMap || frame.node.entries.empty()) return false;
  YamlNode::Entry& cut = frame.node.entries.back();
  const bool plain = cut.value.kind == YamlNode::Kind::kScalar && frame.value_offset > 0 &&
                     cut.value.style == YamlNode::Style::kPlain;
  if (!plain || offset < frame.value_offset) return false;
  const size_t end = std::max(frame.key_offset + frame.key.size(), frame.value_offset);
  const std::string_view whole = text_.substr(frame.value_offset, end - frame.value_offset);
  if (whole.find('\n') != std::string_view::npos) return false;
  const std::string message =
      "the comma ends a value in '{ }'; put all of it in quotes: " + cut.key + ": " +
      InQuotes(whole);
  // The same value cut twice is one mistake.
  const bool again = !mistakes_.empty() && cut.value.text.find(',') != std::string::npos;
  if (again) mistakes_.pop_back();
  frame.has_key = false;
  Refuse(frame.value_offset, message);
  cut.value.text = whole;
  return true;
}

void TreeBuilder::OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) {
  const size_t offset = Offset(mark);
  if (!CountNode(offset)) return;
  if (anchor != 0) Refuse(offset, "anchors are not allowed");
  if (KeyIsDue()) return RefuseKey(offset, "a key is due here; null is none");
  if (ReadCutValueAsText(offset)) return;
  // The mark of a value that is not there is that of what follows.
  Position position = lines_.At(std::min(offset, text_.size()));
  if (!frames_.empty() && frames_.back().has_key) position = frames_.back().key_position;
  Add({.kind = YamlNode::Kind::kNull, .position = std::move(position)});
}

// The text of a block stands below its '>-' or '|'. Where it is one line, that is its place.
void TreeBuilder::PlaceBlock(size_t offset, YamlNode& node) {
  node.style = YamlNode::Style::kBlock;
  const size_t line_end = text_.find('\n', offset);
  if (line_end == std::string_view::npos) return;
  const size_t begin = text_.find_first_not_of(" \n", line_end);
  if (begin == std::string_view::npos) return;
  std::string_view text = node.text;
  if (text.ends_with('\n')) text.remove_suffix(1);
  const std::string_view line = text_.substr(begin, LineAt(text_, begin).size());
  if (text.empty() || text.find('\n') != std::string_view::npos || !line.starts_with(text)) return;
  node.verbatim = true;
  node.position = lines_.At(begin);
}

void TreeBuilder::CheckQuotes(size_t offset, const YamlNode& node) {
  // yaml-cpp takes the end of the file for the end of the text.
  if (EndOfQuoted(text_, offset) == std::string_view::npos) {
    Refuse(offset, "the quote is not closed; end the value with it");
    stopped_ = true;
    return;
  }
  const bool control = std::any_of(node.text.begin(), node.text.end(), [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') || c == 0x7F;
  });
  if (control || FindBadCharacter(node.text, "")) {
    const size_t end = EndOfQuoted(text_, offset);
    Refuse(offset, "a backslash made a control character in double quotes; use single quotes: " +
                       InSingleQuotes(frames_.empty() ? "" : frames_.back().key,
                                      text_.substr(offset + 1, end - offset - 2)));
  }
}

// `message: Ask team #cloud`, and {{ holes cut in two: the rest is a comment, to YAML.
void TreeBuilder::CheckComment(size_t offset, YamlNode& node) {
  if (!node.verbatim) return;
  const std::string_view line = LineAt(text_, offset);
  const size_t end = offset + node.text.size() - static_cast<size_t>(line.data() - text_.data());
  const std::string_view rest = line.substr(std::min(end, line.size()));
  const size_t hash = rest.find_first_not_of(" \t");
  if (hash == std::string_view::npos || hash == 0 || rest[hash] != '#') return;
  const std::string_view comment = rest.substr(hash + 1);
  const bool cut_hole = node.text.rfind("{{") != std::string::npos &&
                        node.text.find("}}", node.text.rfind("{{")) == std::string::npos;
  const bool cut_quote = HasOpenQuote(node.text) && !HasOpenQuote(node.text + std::string(rest));
  const bool words = !comment.empty() && comment.front() != ' ' && comment.front() != '#';
  if (!cut_hole && !cut_quote && !words) return;
  std::string whole = node.text + std::string(rest);
  if (!words) whole = WithoutComment(whole);
  whole.erase(whole.find_last_not_of(" \t") + 1);
  const std::string key =
      frames_.empty() || frames_.back().key.empty() ? "" : frames_.back().key + ": ";
  Refuse(offset,
         "' #' begins a comment, and the value ends before it; put all of it in quotes "
         "(or a space behind '#'): " +
             key + InQuotes(whole));
  node.text = std::move(whole);
}

YamlNode TreeBuilder::Scalar(size_t offset, const std::string& value) {
  YamlNode node{.kind = YamlNode::Kind::kScalar, .position = lines_.At(offset), .text = value};
  const char first = text_[offset];
  if (first == '|' || first == '>') {
    PlaceBlock(offset, node);
    return node;
  }
  const bool quoted = first == '\'' || first == '"';
  const size_t begin = quoted ? offset + 1 : offset;
  node.position = lines_.At(begin);
  node.verbatim = value.find('\n') == std::string::npos && text_.substr(begin).starts_with(value);
  if (quoted) {
    node.style = YamlNode::Style::kQuoted;
    last_quoted_ = offset;
    CheckQuotes(offset, node);
  } else {
    CheckComment(offset, node);
  }
  return node;
}

void TreeBuilder::OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                           const std::string& value) {
  const size_t offset = std::min(Offset(mark), text_.size() - 1);
  if (!CountNode(offset)) return;
  CheckProperties(offset, tag, anchor);
  if (KeyIsDue()) return TakeKey(offset, value);
  YamlNode node = Scalar(offset, value);
  if (!frames_.empty()) {
    frames_.back().value_offset = node.style == YamlNode::Style::kPlain ? offset : 0;
  }
  Add(std::move(node));
}

// `%YAML` and `%TAG` lines would be obeyed or ignored in silence.
std::optional<Mistake> FindDirective(std::string_view text, const std::string& file) {
  for (size_t offset = 0; offset < text.size();) {
    const std::string_view line = LineAt(text, offset);
    if (line.starts_with('%')) {
      return Mistake{PositionAt(text, offset, file), "directives are not allowed; take it out"};
    }
    const size_t first = line.find_first_not_of(' ');
    if (first != std::string_view::npos && line[first] != '#') return std::nullopt;
    offset += line.size() + 1;
  }
  return std::nullopt;
}

// Finding a column takes time with the length of the line, so that has a bound.
std::optional<Mistake> FindLongLine(std::string_view text, const std::string& file) {
  for (size_t offset = 0; offset < text.size();) {
    const size_t length = LineAt(text, offset).size();
    if (length > kMaxYamlLine) {
      return Mistake{
          PositionAt(text, offset, file),
          "the line is longer than " + std::to_string(kMaxYamlLine) + " bytes; break it"};
    }
    offset += length + 1;
  }
  return std::nullopt;
}

void Parse(std::string_view text, TreeBuilder& builder) {
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    // Behind some broken files yaml-cpp finds empty documents without end.
    while (!builder.stopped() && parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::Exception& exception) {
    builder.OnSyntaxError(exception.mark, exception.msg);
  }
}

}  // namespace

YamlResult ReadYaml(std::string_view text, const std::string& file) {
  if (text.size() > kMaxYamlBytes) {
    return {std::nullopt, {{{file}, "is larger than 1 MiB; split it over conf.d"}}};
  }
  std::optional<Mistake> refused = FindBadCharacter(text, file);
  if (!refused) refused = FindLongLine(text, file);
  if (!refused) refused = FindDirective(text, file);
  if (refused) return {std::nullopt, {*std::move(refused)}};
  TreeBuilder builder(text, file);
  Parse(text, builder);
  YamlResult result{builder.TakeRoot(), std::move(builder.mistakes())};
  if (!result.root && result.mistakes.empty()) {
    result.mistakes.push_back({{file, 1, 1}, "is empty; a configuration is due"});
  }
  if (result.root && result.root->kind != YamlNode::Kind::kMap) {
    result.mistakes.push_back({result.root->position, "is no map; keys and values are due"});
    result.root.reset();
  }
  return result;
}

}  // namespace rolebridge::config
