#include "bridge/mapping/calls.h"

#include <array>

#include "bridge/mapping/pattern_nodes.h"
#include "bridge/mapping/suggestion.h"
#include "bridge/mapping/test_nodes.h"

namespace rolebridge::mapping {
namespace {

std::string CountOf(size_t arguments) {
  return std::to_string(arguments) + " argument" + (arguments == 1 ? "" : "s");
}

// The type that `filter` gives for an input of `input`, or nothing where it does not take it.
std::optional<Type> FilteredType(const Filter& filter, Type input) {
  if (std::holds_alternative<TextToText>(filter.apply)) return input;
  if (std::holds_alternative<TextToList>(filter.apply)) return Type::kList;
  if (input != Type::kList) return std::nullopt;
  return std::holds_alternative<ListToText>(filter.apply) ? Type::kText : Type::kList;
}

// Whether `default` gives one for the other.
bool Fits(Type input, Type fallback) {
  switch (input) {
    case Type::kText:
    case Type::kBool:
      return fallback == input;
    case Type::kList:
      return fallback == Type::kList || fallback == Type::kText;
    default:
      return false;
  }
}

ExpressionPtr MakeDefault(const Checker& checker, const Token& name, ExpressionPtr input,
                          ExpressionPtr fallback) {
  if (input->type() == Type::kBroken || fallback->type() == Type::kBroken) {
    return std::make_shared<BrokenNode>();
  }
  if (input->type() == Type::kLevel) {
    input = checker.DueText(std::move(input), name.offset, "'default'");
  }
  if (!Fits(input->type(), fallback->type())) {
    return checker.Broken(name.offset, "'default' of " + std::string(TypeWords(input->type())) +
                                           " cannot be " +
                                           std::string(TypeWords(fallback->type())));
  }
  return std::make_shared<DefaultNode>(std::move(input), std::move(fallback));
}

// The arguments of regex_replace and regex_search are literals: a pattern is compiled, and a
// replacement judged, when the configuration is read (security.md M7).
ExpressionPtr MakePatternFilter(const Checker& checker, const Token& name, bool replaces,
                                ExpressionPtr input, const std::vector<Argument>& arguments) {
  for (const Argument& argument : arguments) {
    if (checker.Literal(argument.expression, argument.offset) != nullptr) continue;
    return checker.Broken(argument.offset,
                          "filter " + Quote(name.text) + " takes its arguments in quotes");
  }
  const std::string& text = *checker.Literal(arguments[0].expression, arguments[0].offset);
  const auto pattern = Pattern::Compile(text);
  if (!pattern) {
    return checker.Broken(arguments[0].offset,
                          Quote(text) + " is no pattern of RE2: " + pattern.error().message);
  }
  if (input->type() != Type::kList) {
    input = checker.DueText(std::move(input), name.offset, "filter " + Quote(name.text));
  }
  if (input->type() == Type::kBroken) return input;
  if (!replaces) return std::make_shared<RegexSearchNode>(std::move(input), *pattern);
  const std::string& rewrite = *checker.Literal(arguments[1].expression, arguments[1].offset);
  const std::string complaint = (*pattern)->ComplaintAbout(rewrite);
  if (!complaint.empty()) {
    return checker.Broken(arguments[1].offset, Quote(rewrite) + " " + complaint);
  }
  return std::make_shared<RegexReplaceNode>(std::move(input), *pattern, rewrite);
}

ExpressionPtr MakeCommonFilter(const Checker& checker, const Token& name, const Filter& filter,
                               ExpressionPtr input, std::vector<Argument> arguments) {
  const std::string who = "filter " + Quote(name.text);
  std::vector<ExpressionPtr> texts;
  for (Argument& argument : arguments) {
    texts.push_back(
        checker.DueText(std::move(argument.expression), name.offset, "an argument of " + who));
  }
  const auto* first = texts.empty() ? nullptr : dynamic_cast<const TextNode*>(texts[0].get());
  if (filter.needs_words && first != nullptr && first->text().empty()) {
    return checker.Broken(name.offset, "the first argument of " + who + " is empty");
  }
  const bool wants_text = !std::holds_alternative<ListToText>(filter.apply) &&
                          !std::holds_alternative<ListToList>(filter.apply);
  const bool each = std::holds_alternative<TextToText>(filter.apply);
  if (wants_text && !(each && input->type() == Type::kList)) {
    input = checker.DueText(std::move(input), name.offset, who);
  }
  if (input->type() == Type::kBroken) return input;
  const std::optional<Type> type = FilteredType(filter, input->type());
  if (!type) {
    return checker.Broken(
        name.offset, who + " takes a list, and this is " + std::string(TypeWords(input->type())));
  }
  return std::make_shared<FilterNode>(*type, filter, std::move(input), std::move(texts));
}

// The arguments of a test, which are literals; nothing after a mistake.
std::optional<std::vector<const std::string*>> Literals(const Checker& checker, const Token& name,
                                                        const std::vector<Argument>& arguments) {
  std::vector<const std::string*> texts;
  for (const Argument& argument : arguments) {
    texts.push_back(checker.Literal(argument.expression, argument.offset));
    if (texts.back() != nullptr) continue;
    checker.Broken(argument.offset, "test " + Quote(name.text) + " takes its arguments in quotes");
    return std::nullopt;
  }
  return texts;
}

ExpressionPtr MakeNetworkTest(const Checker& checker, const Token& name, ExpressionPtr operand,
                              bool wanted, const std::vector<Argument>& arguments) {
  operand = checker.DueText(std::move(operand), name.offset, "'in_network'");
  if (arguments.empty()) {
    return checker.Broken(name.offset, "'in_network' takes networks: in_network('10.0.0.0/8')");
  }
  const auto texts = Literals(checker, name, arguments);
  if (!texts) return std::make_shared<BrokenNode>();
  std::vector<Network> networks;
  for (size_t i = 0; i < texts->size(); ++i) {
    Result<Network> network = Network::Parse(*(*texts)[i]);
    if (!network) return checker.Broken(arguments[i].offset, network.error().message);
    networks.push_back(*std::move(network));
  }
  return std::make_shared<NetworkNode>(std::move(operand), std::move(networks), wanted);
}

std::string LikeZone(const std::string& name) {
  const std::vector<std::string> names = TimeZone::Names();
  const std::string suggestion = DidYouMean(name, {names.begin(), names.end()});
  return suggestion.empty() ? "; write it as in 'Europe/Berlin'" : suggestion;
}

ExpressionPtr MakeTimeTest(const Checker& checker, const Token& name, ExpressionPtr operand,
                           bool wanted, const std::vector<Argument>& arguments) {
  if (operand->type() == Type::kBroken) return operand;
  if (operand->type() != Type::kInstant) {
    return checker.Broken(name.offset, "'between' judges 'now', and this is " +
                                           std::string(TypeWords(operand->type())));
  }
  if (arguments.size() < 2) {
    return checker.Broken(name.offset,
                          "'between' takes hours and a time zone: "
                          "between('Mon-Fri 08:00-18:00', 'Europe/Berlin')");
  }
  const auto texts = Literals(checker, name, arguments);
  if (!texts) return std::make_shared<BrokenNode>();
  std::vector<TimeWindow> windows;
  for (size_t i = 0; i + 1 < texts->size(); ++i) {
    Result<TimeWindow> window = TimeWindow::Parse(*(*texts)[i]);
    if (!window) return checker.Broken(arguments[i].offset, window.error().message);
    windows.push_back(*std::move(window));
  }
  Result<TimeZone> zone = TimeZone::Find(*texts->back());
  if (!zone) {
    const bool unknown = zone.error().code == ErrorCode::kNotFound;
    return checker.Broken(arguments.back().offset,
                          zone.error().message + (unknown ? LikeZone(*texts->back()) : ""));
  }
  return std::make_shared<BetweenNode>(std::move(operand), std::move(windows), *std::move(zone),
                                       wanted);
}

ExpressionPtr MakeDefinedTest(const Checker& checker, const Token& name, ExpressionPtr operand,
                              bool wanted, const std::vector<Argument>& arguments) {
  if (!arguments.empty()) return checker.Broken(name.offset, "'defined' takes no arguments");
  return std::make_shared<DefinedNode>(std::move(operand), wanted);
}

using MakeOneTest = ExpressionPtr (*)(const Checker&, const Token&, ExpressionPtr, bool,
                                      const std::vector<Argument>&);

struct Test {
  std::string_view name;
  MakeOneTest make;
};

constexpr std::array kTests = {
    Test{"between", MakeTimeTest},
    Test{"defined", MakeDefinedTest},
    Test{"in_network", MakeNetworkTest},
};

}  // namespace

ExpressionPtr MakeFilter(const Checker& checker, const Token& name, ExpressionPtr input,
                         std::vector<Argument> arguments) {
  const std::string quoted = Quote(name.text);
  const Filter* filter = FindFilter(name.text);
  if (filter == nullptr) {
    return checker.Broken(name.offset,
                          "unknown filter " + quoted + DidYouMean(name.text, FilterNames()));
  }
  if (arguments.size() != filter->arguments) {
    return checker.Broken(name.offset, "filter " + quoted + " takes " + CountOf(filter->arguments) +
                                           ", and has " + std::to_string(arguments.size()));
  }
  if (std::holds_alternative<DefaultFilter>(filter->apply)) {
    return MakeDefault(checker, name, std::move(input), std::move(arguments[0].expression));
  }
  if (const auto* pattern = std::get_if<PatternFilter>(&filter->apply)) {
    return MakePatternFilter(checker, name, pattern->replaces, std::move(input), arguments);
  }
  return MakeCommonFilter(checker, name, *filter, std::move(input), std::move(arguments));
}

ExpressionPtr MakeTest(const Checker& checker, const Token& name, ExpressionPtr operand,
                       bool wanted, const std::vector<Argument>& arguments) {
  std::vector<std::string_view> known;
  for (const Test& test : kTests) {
    if (test.name == name.text) {
      return test.make(checker, name, std::move(operand), wanted, arguments);
    }
    known.push_back(test.name);
  }
  return checker.Broken(name.offset, "unknown test " + Quote(name.text) + "; there is " +
                                         OneOf(known) + DidYouMean(name.text, known));
}

}  // namespace rolebridge::mapping
