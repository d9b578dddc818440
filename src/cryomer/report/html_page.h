// One HTML file that needs nothing else: sections, figures, tables, a style for screen (light and dark) and paper.
#pragma once

#include <string>
#include <vector>

namespace cryomer {

// A number that matters, with what it means and, where there are any, its landmarks.
struct Headline {
  std::string label, value, note;
  std::string picture;  // SVG or nothing
};

struct HtmlTable {
  std::string title;
  std::vector<std::string> header;             // the first column is flush left, the others right
  std::vector<std::vector<std::string>> rows;
};

struct HtmlFigure {
  std::string content;  // SVG or other markup
  std::string title, caption;
};

class HtmlPage {
 public:
  explicit HtmlPage(std::string title) : title_(std::move(title)) {}

  // All texts are plain: they are escaped here. Those called markup are not.
  void subtitle(const std::string& text) { subtitle_ = text; }
  void section(const std::string& title, const std::string& introduction = "");
  void paragraph(const std::string& text);
  void headlines(const std::vector<Headline>& headlines);
  void table(const HtmlTable& table);                  // without rows: nothing
  void tables(const std::vector<HtmlTable>& tables);  // side by side where there is room
  // Side by side, so many in a row where the window is wide enough.
  void figures(const std::vector<HtmlFigure>& figures, int columns, const std::string& css_class = "");
  void folded(const std::string& title, const HtmlTable& table);  // shown when its title is clicked
  void markup(const std::string& markup) { body_ += markup; }
  void tail(const std::string& markup) { tail_ += markup; }  // after everything, at the end of the body
  void code(const std::vector<std::string>& lines);
  void notes(const std::vector<std::string>& lines);  // a list of remarks

  std::string html() const;

 private:
  void end_section();

  std::string title_, subtitle_, body_, tail_;
  std::vector<std::string> sections_;
  bool in_section_ = false;
};

}  // namespace cryomer
