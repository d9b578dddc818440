#include "cryomer/report/html_page.h"

#include "cryomer/base/format.h"
#include "cryomer/report/svg_text.h"

namespace cryomer {

namespace {

// Colours for a light and a dark screen. Paper is light; a click on the page's switch goes before what the system says.
const std::string kLight =
    "--paper: #ffffff; --card: #f5f7fa; --ink: #1b2430; --muted: #5a6675; --hair: #dde2e9; --grid: #e7ebf0;"
    "--learned: #2a64b0; --truth: #d9650c; --second: #008a68; --quiet: #8a94a1; --alert: #c22f2f;";
const std::string kDark =
    "--paper: #12161c; --card: #1a2029; --ink: #e6eaf0; --muted: #9aa6b5; --hair: #2f3844; --grid: #252d37;"
    "--learned: #6aa5e8; --truth: #f09a4a; --second: #3fc39c; --quiet: #7d8896; --alert: #ff8078;";
const std::string kColors = ":root { color-scheme: light; " + kLight + " }\n@media (prefers-color-scheme: dark) { :root:not([data-theme=light]) { color-scheme: dark; " +
                            kDark + " } }\n:root[data-theme=dark] { color-scheme: dark; " + kDark +
                            " }\n@media print { :root, :root[data-theme], :root:not([data-theme=light]) { color-scheme: light; " + kLight + " } }\n";

const char* const kStyle = R"css(
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 15px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", "DejaVu Sans", sans-serif; }
main { max-width: 1240px; margin: 0 auto; padding: 26px 28px 60px; }
header { border-bottom: 1px solid var(--hair); padding-bottom: 12px; margin-bottom: 16px; }
h1 { font-size: 27px; font-weight: 650; letter-spacing: -.01em; margin: 0 0 2px; }
header p { margin: 0; color: var(--muted); }
nav { margin-top: 8px; font-size: 13.5px; display: flex; flex-wrap: wrap; gap: 2px 18px; }
nav a { color: var(--learned); text-decoration: none; }
nav a:hover { text-decoration: underline; }
section { margin-top: 34px; }
@media screen { section { content-visibility: auto; contain-intrinsic-size: auto 700px; } }
h2 { font-size: 19px; font-weight: 650; margin: 0 0 4px; }
h3 { font-size: 14px; font-weight: 600; margin: 0 0 6px; }
p { margin: 0 0 12px; max-width: 78ch; }
.lead { color: var(--muted); }
.headlines { display: grid; grid-template-columns: repeat(auto-fit, minmax(180px, 1fr)); gap: 10px; margin: 0 0 6px; }
@media (max-width: 1190px) { .headlines { grid-template-columns: repeat(auto-fit, minmax(30%, 1fr)); } }
@media (max-width: 640px) { .headlines { grid-template-columns: 1fr 1fr; } }
.headline { background: var(--card); border-radius: 10px; padding: 10px 14px 9px; }
.headline b { display: block; font-size: 22px; font-weight: 620; line-height: 1.25; font-variant-numeric: tabular-nums; }
.headline span { font-size: 12.5px; color: var(--muted); display: block; line-height: 1.35; }
.headline svg { width: 140px; max-width: 100%; display: block; margin: 3px 0 2px; }
.figures { display: grid; gap: 22px 26px; margin: 14px 0 4px; }
.columns1 { grid-template-columns: 1fr; }
.columns2 { grid-template-columns: repeat(auto-fit, minmax(max(340px, 40%), 1fr)); }
.columns3 { grid-template-columns: repeat(auto-fit, minmax(290px, 1fr)); }
figure { margin: 0; min-width: 0; break-inside: avoid; }
.columns2 > figure { max-width: 640px; } .columns3 > figure { max-width: 440px; }
figure svg { width: 100%; height: auto; display: block; }
.columns1 figure { overflow-x: auto; } .columns1 svg { min-width: 640px; }
figcaption { color: var(--muted); font-size: 13px; line-height: 1.45; margin-top: 5px; max-width: 84ch; }
.tables { display: grid; grid-template-columns: repeat(auto-fit, minmax(440px, 1fr)); gap: 20px 44px; align-items: start; margin: 14px 0; }
.tables > div { overflow-x: auto; min-width: 0; }
.tables table { width: 100%; margin-bottom: 0; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; margin: 4px 0 20px; font-size: 14px; }
th { font-weight: 600; color: var(--muted); font-size: 13px; }
th, td { padding: 5px 0 5px 14px; text-align: right; border-bottom: 1px solid var(--hair); vertical-align: top; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
table.facts td { text-align: left; overflow-wrap: anywhere; }
table.facts td:first-child { color: var(--muted); white-space: nowrap; padding-right: 12px; }
details { margin: 6px 0 18px; }
summary { cursor: pointer; color: var(--learned); font-size: 14px; padding: 4px 0; }
details table { font-size: 13px; }
pre { background: var(--card); border-radius: 8px; padding: 11px 84px 11px 14px; margin: 4px 0 16px; white-space: pre-wrap; overflow-wrap: anywhere;
  font: 12.5px/1.5 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
ul.notes { margin: 6px 0; padding-left: 20px; color: var(--muted); }
ul.findings { list-style: none; margin: 0; padding: 0; font-size: 14px; line-height: 1.45; }
ul.findings li { display: grid; grid-template-columns: 22px 1fr; gap: 0 6px; padding: 5px 0; border-bottom: 1px solid var(--hair); overflow-wrap: anywhere; }
ul.findings svg { width: 17px; height: 17px; margin-top: 2px; stroke-width: 1.7; stroke-linecap: round; stroke-linejoin: round; }
.good svg { stroke: var(--second); } .note svg { stroke: var(--muted); } .wrong svg { stroke: var(--alert); }
.gallery { display: grid; grid-template-columns: 92px repeat(8, minmax(0, 1fr)); gap: 5px; align-items: center; font-size: 12.5px; color: var(--muted);
  max-width: 1020px; }
.gallery img { width: 100%; height: auto; display: block; border-radius: 3px; image-rendering: auto; }
.gallery .head { text-align: center; line-height: 1.3; }
svg text { fill: var(--ink); font-size: 11.5px; font-family: inherit; }
svg .tick, svg .label { fill: var(--muted); font-size: 11px; }
svg .note { fill: var(--muted); font-size: 10.5px; stroke: var(--paper); stroke-width: 3px; paint-order: stroke; }
svg path { fill: none; }
svg .grid { stroke: var(--grid); stroke-width: 1; }
svg .axis { stroke: var(--muted); stroke-width: 1; }
svg .rule { stroke: var(--muted); stroke-width: 1; stroke-dasharray: 4 3; }
svg .line { stroke-width: 1.8; stroke-linejoin: round; stroke-linecap: round; }
svg .area { fill-opacity: .16; stroke: none; }
svg .points { stroke-width: 3.4; stroke-linecap: round; stroke-opacity: .5; }
svg .trace { stroke-width: .7; stroke-opacity: .42; stroke-linejoin: round; }
svg .fore { stroke-linejoin: round; stroke-linecap: round; }
svg .dot { fill: var(--learned); }
svg .name { font-size: 12px; }
svg .bar.learned { fill: var(--learned); } svg .bar.truth { fill: var(--truth); }
svg .bar.second { fill: var(--second); } svg .bar.quiet { fill: var(--quiet); }
svg .learned { stroke: var(--learned); } svg .truth { stroke: var(--truth); }
svg .second { stroke: var(--second); } svg .quiet { stroke: var(--quiet); }
svg .area.learned { fill: var(--learned); } svg .area.truth { fill: var(--truth); }
svg .area.second { fill: var(--second); } svg .area.quiet { fill: var(--quiet); }
svg path.area { stroke: none; }
footer { margin-top: 48px; padding-top: 14px; border-top: 1px solid var(--hair); color: var(--muted); font-size: 13px; }
@media print {
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  body { font-size: 11.5px; } main { max-width: none; padding: 0; }
  section { margin-top: 22px; } h2, h3, .lead { break-after: avoid; } .headline, table { break-inside: avoid; }
  .headlines { grid-template-columns: repeat(3, 1fr); } .tables { grid-template-columns: 1fr 1fr; gap: 4px 28px; } .tables > .wide { grid-column: 1 / -1; }
  table { font-size: 11px; } th, figcaption { font-size: 10.5px; } th, td { padding: 3px 0 3px 10px; } pre { font-size: 9.5px; } nav, summary { display: none; }
  .columns2 { grid-template-columns: 1fr 1fr; } .columns3 { grid-template-columns: 1fr 1fr 1fr; }
}
@page { margin: 14mm; }
)css";

std::string anchor(size_t number) { return formatted("s{}", number + 1); }

}  // namespace

void HtmlPage::end_section() {
  if (in_section_) body_ += "</section>\n";
  in_section_ = false;
}

void HtmlPage::section(const std::string& title, const std::string& introduction) {
  end_section();
  body_ += formatted("<section id=\"{}\">\n<h2>{}</h2>\n", anchor(sections_.size()), escaped(title));
  if (!introduction.empty()) body_ += formatted("<p class=\"lead\">{}</p>\n", escaped(introduction));
  sections_.push_back(title);
  in_section_ = true;
}

void HtmlPage::paragraph(const std::string& text) { body_ += formatted("<p>{}</p>\n", escaped(text)); }

void HtmlPage::headlines(const std::vector<Headline>& headlines) {
  if (headlines.empty()) return;
  body_ += "<div class=\"headlines\">\n";
  for (const Headline& h : headlines) {
    body_ += formatted("<div class=\"headline\"><span>{}</span><b>{}</b>{}<span>{}</span></div>\n", escaped(h.label), escaped(h.value),
                       h.picture, escaped(h.note));
  }
  body_ += "</div>\n";
}

void HtmlPage::tables(const std::vector<HtmlTable>& tables) {
  body_ += "<div class=\"tables\">\n";
  for (const HtmlTable& of : tables) table(of);
  body_ += "</div>\n";
}

void HtmlPage::table(const HtmlTable& table) {
  if (table.rows.empty()) return;
  body_ += formatted("<div class=\"scroll{}\">", table.header.size() > 5 ? " wide" : "");
  if (!table.title.empty()) body_ += formatted("<h3>{}</h3>\n", escaped(table.title));
  body_ += formatted("<table{}>\n", table.header.empty() ? " class=\"facts\"" : "");
  const auto row = [&](const std::vector<std::string>& cells, const char* tag) {
    body_ += "<tr>";
    for (const std::string& cell : cells) body_ += formatted("<{0}>{1}</{0}>", tag, escaped(cell));
    body_ += "</tr>\n";
  };
  if (!table.header.empty()) row(table.header, "th");
  for (const auto& cells : table.rows) row(cells, "td");
  body_ += "</table></div>\n";
}

void HtmlPage::folded(const std::string& title, const HtmlTable& of) {
  if (of.rows.empty()) return;
  body_ += formatted("<details><summary>{}</summary>\n", escaped(title));
  table(of);
  body_ += "</details>\n";
}

void HtmlPage::figures(const std::vector<HtmlFigure>& figures, int columns, const std::string& css_class) {
  if (figures.empty()) return;
  body_ += formatted("<div class=\"figures columns{}{}{}\">\n", columns, css_class.empty() ? "" : " ", css_class);
  for (const HtmlFigure& figure : figures) {
    body_ += "<figure>";
    if (!figure.title.empty()) body_ += formatted("<h3>{}</h3>", escaped(figure.title));
    body_ += figure.content;
    if (!figure.caption.empty()) body_ += formatted("<figcaption>{}</figcaption>", escaped(figure.caption));
    body_ += "</figure>\n";
  }
  body_ += "</div>\n";
}

void HtmlPage::code(const std::vector<std::string>& lines) {
  if (lines.empty()) return;
  body_ += "<pre>";
  for (size_t i = 0; i < lines.size(); ++i) body_ += (i ? "\n" : "") + escaped(lines[i]);
  body_ += "</pre>\n";
}

void HtmlPage::notes(const std::vector<std::string>& lines) {
  if (lines.empty()) return;
  body_ += "<ul class=\"notes\">\n";
  for (const std::string& line : lines) body_ += formatted("<li>{}</li>\n", escaped(line));
  body_ += "</ul>\n";
}

std::string HtmlPage::html() const {
  std::string links;
  for (size_t i = 0; i < sections_.size(); ++i) links += formatted("<a href=\"#{}\">{}</a>", anchor(i), escaped(sections_[i]));
  return formatted(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
      "img-src data: blob:\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{0}</title>\n<style>{1}</style>\n</head>\n"
      "<body>\n<main>\n<header><h1>{0}</h1>\n<p>{2}</p>\n<nav>{3}</nav></header>\n{4}{5}</main>\n{6}</body>\n</html>\n",
      escaped(title_), kColors + kStyle, escaped(subtitle_), links, body_, in_section_ ? "</section>\n" : "", tail_);
}

}  // namespace cryomer
