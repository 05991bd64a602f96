#include "bridge/config/schema.h"

#include <nlohmann/json.hpp>

#include "bridge/config/sections.h"

namespace rolebridge::config {
namespace {

using Json = nlohmann::ordered_json;

Json ToJson(const Shape& shape);

Json SectionToJson(const Shape& shape) {
  Json json = {{"type", "object"}, {"additionalProperties", false}};
  Json required = Json::array();
  for (const Shape::Property& property : shape.properties) {
    Json value = ToJson(property.shape);
    // A section's words list its keys, which stand here anyway.
    std::string description(property.purpose);
    if (!property.shape.words.empty()) description += ": " + property.shape.words;
    value["description"] = description;
    json["properties"][std::string(property.name)] = std::move(value);
    if (property.is_required) required.push_back(property.name);
  }
  if (!required.empty()) json["required"] = std::move(required);
  return json;
}

Json TextToJson(const Shape& shape) {
  Json json = {{"type", "string"}};
  if (!shape.pattern.empty()) json["pattern"] = shape.pattern;
  if (!shape.choices.empty()) json["enum"] = shape.choices;
  return json;
}

Json ToJson(const Shape& shape) {
  switch (shape.kind) {
    case Shape::Kind::kText:
      return TextToJson(shape);
    case Shape::Kind::kFlag:
      return {{"type", "boolean"}};
    case Shape::Kind::kNumber:
      return {{"type", "integer"}, {"minimum", shape.minimum}, {"maximum", *shape.maximum}};
    case Shape::Kind::kList:
      return {{"type", "array"},
              {"items", ToJson(shape.element.front())},
              {"minItems", shape.minimum},
              {"maxItems", *shape.maximum}};
    case Shape::Kind::kNamedMap:
      return {{"type", "object"}, {"additionalProperties", ToJson(shape.element.front())}};
    case Shape::Kind::kSection:
      return SectionToJson(shape);
  }
  return {};
}

}  // namespace

std::string WriteJsonSchema() {
  Json json = {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
               {"title", "The configuration of rolebridge"}};
  Json root = ToJson(ConfigSection().Describe());
  root.erase("required");
  json.update(root);
  return json.dump(2) + "\n";
}

}  // namespace rolebridge::config
