// Whether markup is well formed: every element closed in order, every attribute quoted.
#pragma once

#include <algorithm>
#include <set>
#include <string>
#include <vector>

namespace cryomer::testing {

// Empty when the markup is well formed, else what is wrong.
inline std::string markup_problem(const std::string& markup) {
  static const std::set<std::string> empty_elements = {"meta", "img", "br", "link"};
  std::vector<std::string> open;
  for (size_t place = markup.find('<'); place != std::string::npos; place = markup.find('<', place + 1)) {
    if (markup.compare(place, 9, "<!DOCTYPE") == 0) continue;
    if (markup.compare(place, 7, "<style>") == 0) place = markup.find("</style>", place);
    if (markup.compare(place, 8, "<script ") == 0) place = markup.find("</script>", place);
    bool quoted = false;
    size_t end = place + 1;
    for (; end < markup.size() && (quoted || markup[end] != '>'); ++end) {
      if (markup[end] == '"') quoted = !quoted;
      if (markup[end] == '<') return "'<' inside the element at " + markup.substr(place, 60);
    }
    if (end >= markup.size()) return "unfinished element at " + markup.substr(place, 60);
    const bool closing = markup[place + 1] == '/', single = markup[end - 1] == '/';
    const size_t begin = place + (closing ? 2 : 1);
    const std::string name = markup.substr(begin, markup.find_first_of(" />\n", begin) - begin);
    if (closing && name != "style" && name != "script") {
      if (open.empty() || open.back() != name) return "</" + name + "> closes <" + (open.empty() ? "" : open.back()) + ">";
      open.pop_back();
    } else if (!closing && !single && !empty_elements.count(name)) {
      open.push_back(name);
    }
    place = end;
  }
  return open.empty() ? "" : "<" + open.back() + "> is not closed";
}

inline size_t count_of(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t place = text.find(part); place != std::string::npos; place = text.find(part, place + 1)) ++count;
  return count;
}

}  // namespace cryomer::testing
