#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bridge/base/position.h"
#include "bridge/base/traced_text.h"
#include "bridge/mapping/facts.h"

namespace rolebridge::mapping {

// A scalar of the YAML, and where its text starts.
struct SourceText {
  std::string text;
  Position position;
  bool verbatim = true;  // stands so in one line of the file: an offset into it is a column
};

// One entry of `mappings:` as it was read: text, not yet understood.
struct MappingSource {
  std::string name;
  Position position;
  SourceText saml_name;
  std::optional<SourceText> for_each;  // "group in groups, role in group.aws_role"
  std::optional<SourceText> when;      // one expression
  std::vector<SourceText> values;      // `value` is a list of one
  bool required = false;               // nothing left after all drops is a refusal
  bool trust_arn = false;              // a whole value may be an ARN pair out of the directory (M3)
};

// What a template may name; everything else is an error when the configuration is read.
struct Names {
  std::vector<std::string> user_attributes;   // template names
  std::vector<std::string> group_attributes;  // template names
  std::vector<std::string> assurance_levels;  // lowest first
  std::map<std::string, std::string> vars;
  std::shared_ptr<const std::vector<Account>> accounts;  // null: none
};

// A mistake of the administrator's, with its place.
struct Mistake {
  Position position;
  std::string message;  // what is wrong, the value in single quotes, what to do
};

// How many of the elements that are dropped are reported one by one.
inline constexpr size_t kMostReports = 1'000;

// What one value came to, and from where.
struct Value {
  TracedText text;
  Position position;  // of the template it was rendered from
  // Where no piece of `text` has a source: what `for_each` was bound to, "group 'admins'". Else
  // empty.
  std::string given_by;
};

// One piece of a template, as far as it is known before anybody logs in.
struct TemplatePart {
  std::string literal;  // what is written outside of {{ }}; empty for an expression
  bool is_expression = false;
  bool from_directory =
      false;  // what the expression yields can come from outside of the configuration
};

struct Dropped {
  std::string mapping;  // name
  Position position;
  std::string value;   // as far as it was rendered; may be empty
  std::string reason;  // "group 'staff' has no attribute aws_role", ...
};

struct Outcome {
  std::vector<Value> values;
  std::vector<Dropped> dropped;  // kMostReports at most
  size_t more_dropped = 0;       // beyond those
  bool exhausted = false;        // the budget of steps or output ran out: issue nothing
};

// A mapping, parsed and type-checked: evaluation is pure and total. Copies are cheap (shared,
// immutable).
class Mapping {
 public:
  // Appends every mistake; an object comes back only where there was none.
  // Messages begin with the key they are about ("for_each: ...").
  static std::optional<Mapping> Parse(const MappingSource& source, const Names& names,
                                      std::vector<Mistake>& mistakes);

  const std::string& name() const;
  const Position& position() const;
  const std::string& saml_name() const;
  bool required() const;
  bool trust_arn() const;
  // The pieces of each value's template, for judging a configuration before anybody logs in.
  std::vector<std::vector<TemplatePart>> templates() const;

  // The same facts give the same outcome, whatever the order of groups and of values in them. Two
  // elements may render to the same text; each is there, with its own provenance.
  Outcome Evaluate(const Facts& facts) const;

 private:
  struct Parsed;
  struct Walk;
  explicit Mapping(std::shared_ptr<const Parsed> parsed) : parsed_(std::move(parsed)) {}
  std::shared_ptr<const Parsed> parsed_;
};

}  // namespace rolebridge::mapping
