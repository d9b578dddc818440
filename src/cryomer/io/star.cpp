#include "cryomer/io/star.h"

#include <algorithm>
#include <cmath>
#include <unordered_set>

#include "cryomer/base/atomic_file.h"
#include "cryomer/base/error.h"
#include "cryomer/base/text.h"

namespace cryomer {

namespace {

// A value as it may stand in a message: long ones are cut.
std::string shown(std::string_view text) {
  constexpr size_t kLongest = 60;
  return "'" + std::string(text.substr(0, kLongest)) + (text.size() > kLongest ? "..." : "") + "'";
}

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

bool is_data_keyword(std::string_view token) {
  return lower(token.substr(0, 5)) == "data_";
}
bool is_loop_keyword(std::string_view token) {
  return token.size() == 5 && lower(token) == "loop_";
}

struct Token {
  std::string_view text;
  bool quoted = false;
};

class StarParser {
 public:
  StarParser(std::string_view text, const std::string& source) : text_(text), source_(source) {}

  StarFile parse() {
    if (starts_with(text_, "\xEF\xBB\xBF")) text_.remove_prefix(3);
    if (text_.find('\0') != std::string_view::npos) {
      fail(
          "{}: not a STAR file: it holds zero bytes, so it is binary (or UTF-16 text). A STAR file is plain "
          "text; images (.mrcs) go elsewhere, and cryoSPARC tables are known by their ending .cs",
          source_);
    }
    std::vector<std::string> comments;
    while (next_line()) {
      if (starts_text()) {
        if (!in_loop())
          fail_here("text that begins with ';' stands where a data_, loop_ or _label was expected");
        read_row();
        continue;
      }
      const std::vector<Token>& tokens = tokenized(line_);
      if (tokens.empty()) {
        const std::string_view comment = trimmed(line_);
        if (!comment.empty()) comments.emplace_back(comment.substr(1));
        continue;
      }
      const Token first = tokens.front();
      const bool alone = tokens.size() == 1 && !first.quoted;
      if (alone && is_data_keyword(first.text)) {
        finish_pairs();
        check_loop_has_columns();
        file_.tables.emplace_back();
        table().name = first.text.substr(5);
        table().comments = std::move(comments);
        table().source = source_;
        table().is_loop = false;
        seen_.clear();
      } else if (file_.tables.empty()) {
        fail_here("found {} before any data_ line. A STAR file begins with a line such as data_particles",
                  shown(first.text));
      } else if (alone && is_loop_keyword(first.text)) {
        begin_loop();
      } else if (!first.quoted && first.text.front() == '_') {
        read_label();
      } else if (in_loop()) {
        read_row();
      } else {
        fail_here("found {} where a data_, loop_ or _label was expected", shown(first.text));
      }
      comments.clear();
    }
    finish_pairs();
    check_loop_has_columns();
    return std::move(file_);
  }

 private:
  StarTable& table() { return file_.tables.back(); }
  bool in_loop() const { return !file_.tables.empty() && file_.tables.back().is_loop; }
  bool starts_text() const { return !line_.empty() && line_.front() == ';'; }

  template <class... Args>
  [[noreturn]] void fail_here(fmt::format_string<Args...> pattern, Args&&... arguments) const {
    fail("{}, line {}: {}", source_, line_number_, formatted(pattern, std::forward<Args>(arguments)...));
  }

  bool next_line() {
    if (position_ >= text_.size()) return false;
    const size_t end = std::min(text_.find('\n', position_), text_.size());
    line_ = text_.substr(position_, end - position_);
    while (!line_.empty() && line_.back() == '\r') line_.remove_suffix(1);
    position_ = end + 1;
    ++line_number_;
    return true;
  }

  // Blank-separated values up to a '#' that begins one. A quote ends where it is followed by a blank.
  const std::vector<Token>& tokenized(std::string_view line) {
    tokens_.clear();
    size_t i = 0;
    while (true) {
      while (i < line.size() && is_blank(line[i])) ++i;
      if (i == line.size() || line[i] == '#') return tokens_;
      const char quote = line[i];
      if (quote == '"' || quote == '\'') {
        size_t end = ++i;
        while (end < line.size() &&
               (line[end] != quote || (end + 1 < line.size() && !is_blank(line[end + 1]))))
          ++end;
        if (end == line.size()) {
          fail_here("the quote that begins {} is not closed on its line", shown(line.substr(i - 1)));
        }
        tokens_.push_back({line.substr(i, end - i), true});
        i = end + 1;
      } else {
        const size_t start = i;
        while (i < line.size() && !is_blank(line[i])) ++i;
        tokens_.push_back({line.substr(start, i - start), false});
      }
    }
  }

  // The lines from ';' at the start of line_ to the next ';' at the start of a line; line_ becomes what
  // follows that.
  std::string read_text() {
    const int64_t begin = line_number_;
    std::string value(line_.substr(1));
    while (next_line()) {
      if (starts_text()) {
        line_.remove_prefix(1);
        return value;
      }
      value += '\n';
      value += line_;
    }
    fail(
        "{}, line {}: the text that begins with ';' has no closing line with ';' at its start; is the file "
        "cut off?",
        source_, begin);
  }

  void check_loop_has_columns() {
    if (in_loop() && table().columns.empty()) {
      fail("{}: the loop of data_{} has no columns; is the file cut off?", source_, table().name);
    }
  }

  void begin_loop() {
    if (table().is_loop || !table().columns.empty()) {
      fail_here(
          "a second table begins inside data_{}. Cryomer reads one table per data_ block, as RELION writes "
          "them",
          table().name);
    }
    table().is_loop = true;
  }

  void add_label(std::string_view label) {
    if (label.size() < 2) fail_here("a label without a name: '_'");
    if (!seen_.emplace(label.substr(1)).second) {
      fail_here("column {} stands twice in data_{}: it is not clear which one counts; remove one", label,
                table().name);
    }
    table().columns.emplace_back(label.substr(1));
  }

  void read_label() {
    const std::vector<Token>& tokens = tokens_;
    const std::string_view label = tokens.front().text;
    if (table().is_loop) {
      if (table().row_count() > 0) {
        fail_here("label {} comes after rows of data_{}. If it is a value, put it between quotes", label,
                  table().name);
      }
      if (tokens.size() > 1) {
        fail_here(
            "unexpected {} after label {}: a loop's labels stand one a line, followed by nothing or '#n'",
            shown(tokens[1].text), label);
      }
      add_label(label);
      return;
    }
    // A pair: the value follows on this line or on the next one that is not empty.
    const int64_t label_line = line_number_;
    add_label(label);
    if (tokens.size() > 2) {
      fail_here("{} has more than one value ({}, {}). Put a value with blanks between quotes", label,
                shown(tokens[1].text), shown(tokens[2].text));
    }
    std::string value;
    if (tokens.size() == 2) {
      value = tokens[1].text;
    } else {
      const std::string no_value = formatted("{}, line {}: {} has no value", source_, label_line, label);
      do {
        if (!next_line()) fail("{}; is the file cut off?", no_value);
      } while (!starts_text() && tokenized(line_).empty());
      if (starts_text()) {
        value = read_text();
        if (!tokenized(line_).empty()) fail_here("unexpected {} after the value of {}", shown(line_), label);
      } else {
        const Token next = tokens_.front();
        const bool is_value = next.quoted || (next.text.front() != '_' && !is_data_keyword(next.text) &&
                                              !is_loop_keyword(next.text));
        if (!is_value || tokens_.size() > 1) fail("{}", no_value);
        value = next.text;
      }
    }
    if (pair_values_.empty()) table().row_line.push_back(label_line);
    pair_values_.push_back(std::move(value));
  }

  // Pairs become the table's one row once all are there.
  void finish_pairs() {
    if (!pair_values_.empty()) table().add_row(std::move(pair_values_));
    pair_values_.clear();
  }

  // The line is in tokens_ already, unless it starts with text in semicolons.
  void read_row() {
    if (table().columns.empty()) fail_here("a row of data_{} before any column was named", table().name);
    if (table().row_count() == 0) reserve();
    const int64_t row_line = line_number_;
    std::vector<std::string> row;
    row.reserve(table().columns.size());
    while (true) {
      bool ends_with_text = false;
      if (starts_text()) {
        row.push_back(read_text());
        tokenized(line_);
        ends_with_text = tokens_.empty();
      }
      for (const Token& token : tokens_) row.emplace_back(token.text);
      // A row is one line, but text in semicolons breaks it up.
      const bool goes_on = row.size() < table().columns.size() && position_ < text_.size() &&
                           (ends_with_text || text_[position_] == ';');
      if (!goes_on) break;
      next_line();
      if (!starts_text()) tokenized(line_);
    }
    if (row.size() != table().columns.size()) {
      fail("{}, line {}: row {} of data_{} has {} cells, expected {} (one per column).{}", source_, row_line,
           table().row_count() + 1, table().name, row.size(), table().columns.size(),
           position_ >= text_.size() ? " It is the last line: is the file cut off?"
                                     : " Values with blanks need quotes");
    }
    table().add_row(std::move(row));
    table().row_line.push_back(row_line);
  }

  void reserve() {
    const std::string_view rest = text_.substr(std::min(position_, text_.size()));
    const auto lines = static_cast<size_t>(std::count(rest.begin(), rest.end(), '\n')) + 2;
    // A cell takes two characters at least, which bounds the estimate for files of many columns and empty
    // lines.
    const size_t rows = std::min(lines, text_.size() / (2 * table().columns.size()) + 2);
    table().reserve_rows(static_cast<int64_t>(rows));
    table().row_line.reserve(rows);
  }

  std::string_view text_;
  const std::string& source_;
  size_t position_ = 0;
  std::string_view line_;
  int64_t line_number_ = 0;
  std::vector<Token> tokens_;
  std::vector<std::string> pair_values_;
  std::unordered_set<std::string_view> seen_;  // labels of the current table
  StarFile file_;
};

constexpr char kPlain = '\0', kText = ';';

// What a value must stand between to be read back: nothing (kPlain), a kind of quote, or lines with
// semicolons (kText).
char delimiter_for(std::string_view value) {
  const char first = value.empty() ? ' ' : value.front();
  bool plain = std::string_view(" _#\"';").find(first) == std::string_view::npos;
  if (first == 'd' || first == 'D') plain = !is_data_keyword(value);
  if (first == 'l' || first == 'L') plain = !is_loop_keyword(value);
  for (const char c : value) {
    if (c == '\n') return kText;
    if (is_blank(c)) plain = false;
  }
  if (plain) return kPlain;
  for (const char quote : {'"', '\''}) {
    bool closes_early = false;
    for (size_t i = 0; i + 1 < value.size(); ++i) closes_early |= value[i] == quote && is_blank(value[i + 1]);
    if (!closes_early) return quote;
  }
  return kText;
}

class StarWriter {
 public:
  // Without a file everything stays in text().
  explicit StarWriter(AtomicFile* file) : file_(file) {}

  void write(const StarTable& table) {
    text_ += '\n';
    for (const std::string& comment : table.comments) text_ += "#" + comment + "\n";
    if (!table.comments.empty()) text_ += '\n';
    text_ += "data_" + table.name + "\n\n";
    if (table.is_loop) {
      write_loop(table);
    } else {
      write_pairs(table);
    }
    text_ += '\n';
  }

  void flush() {
    if (!file_) return;
    file_->write(text_);
    text_.clear();
  }

  std::string& text() { return text_; }

 private:
  void write_pairs(const StarTable& table) {
    if (table.row_count() != 1 && !table.columns.empty()) {
      fail("{}: data_{} is marked as a table of pairs but has {} rows instead of 1", table.source, table.name,
           table.row_count());
    }
    size_t width = 0;
    for (const std::string& column : table.columns) width = std::max(width, column.size());
    for (int column = 0; column < static_cast<int>(table.columns.size()); ++column) {
      text_ += "_" + table.columns[column];
      text_.append(width - table.columns[column].size() + 2, ' ');
      write_cell(table, 0, column);
      text_ += '\n';
    }
  }

  void write_loop(const StarTable& table) {
    if (table.columns.empty()) return;
    text_ += "loop_\n";
    const int columns = static_cast<int>(table.columns.size());
    for (int column = 0; column < columns; ++column) {
      text_ += formatted("_{} #{}\n", table.columns[column], column + 1);
    }
    const std::vector<size_t> widths = column_widths(table);
    for (int64_t row = 0; row < table.row_count(); ++row) {
      for (int column = 0; column < columns; ++column) {
        const size_t width = write_cell(table, row, column);
        if (column + 1 < columns) text_.append(width < widths[column] ? widths[column] - width + 1 : 1, ' ');
      }
      text_ += '\n';
      if (text_.size() > (1 << 20)) flush();
    }
  }

  static std::vector<size_t> column_widths(const StarTable& table) {
    constexpr size_t kWidest = 80;  // a single long cell must not blow up a million rows
    std::vector<size_t> widths(table.columns.size(), 0);
    for (int64_t row = 0; row < table.row_count(); ++row) {
      for (size_t column = 0; column < widths.size(); ++column) {
        const std::string& cell = table.cell(row, static_cast<int>(column));
        if (cell.size() + 2 <= widths[column]) continue;
        const char delimiter = delimiter_for(cell);
        const size_t width = cell.size() + (delimiter == kPlain ? 0 : 2);
        if (delimiter != kText && width <= kWidest) widths[column] = std::max(widths[column], width);
      }
    }
    return widths;
  }

  // Returns the width it takes, 0 for text of several lines.
  size_t write_cell(const StarTable& table, int64_t row, int column) {
    const std::string& value = table.cell(row, column);
    const char delimiter = delimiter_for(value);
    if (delimiter == kText) {
      write_text(table, row, column);
      return 0;
    }
    if (delimiter != kPlain) text_ += delimiter;
    text_ += value;
    if (delimiter != kPlain) text_ += delimiter;
    return value.size() + (delimiter == kPlain ? 0 : 2);
  }

  void write_text(const StarTable& table, int64_t row, int column) {
    const std::string& value = table.cell(row, column);
    if (value.find("\n;") != std::string::npos || value.find("\r\n") != std::string::npos ||
        (!value.empty() && value.back() == '\r')) {
      fail(
          "{}: this text cannot be written in a STAR file (it has a line that begins with ';', or carriage "
          "returns)",
          table.where(row, column));
    }
    text_ += "\n;" + value + "\n;";
  }

  AtomicFile* file_;
  std::string text_;
};

}  // namespace

int StarTable::column(std::string_view column_name) const {
  const auto found = std::find(columns.begin(), columns.end(), column_name);
  return found == columns.end() ? -1 : static_cast<int>(found - columns.begin());
}

int StarTable::add_column(const std::string& column_name) {
  const int present = column(column_name);
  if (present >= 0) return present;
  const int64_t rows = row_count();
  const size_t old_width = columns.size();
  std::vector<std::string> wider;
  wider.reserve(rows * (old_width + 1));
  for (int64_t row = 0; row < rows; ++row) {
    for (size_t i = 0; i < old_width; ++i) wider.push_back(std::move(cells_[row * old_width + i]));
    wider.emplace_back();
  }
  cells_ = std::move(wider);
  columns.push_back(column_name);
  return static_cast<int>(old_width);
}

void StarTable::remove_column(int column) {
  const auto width = static_cast<int64_t>(columns.size());
  size_t kept = 0;
  for (size_t i = 0; i < cells_.size(); ++i) {
    if (static_cast<int64_t>(i) % width == column) continue;
    if (kept != i) cells_[kept] = std::move(cells_[i]);
    ++kept;
  }
  cells_.resize(kept);
  columns.erase(columns.begin() + column);
}

void StarTable::add_row(std::vector<std::string> row) {
  if (row.size() != columns.size()) {
    fail("{}: a row of {} cells does not fit data_{} with {} columns", source, row.size(), name,
         columns.size());
  }
  std::move(row.begin(), row.end(), std::back_inserter(cells_));
}

std::string StarTable::where(int64_t row, int column) const {
  const std::string line =
      row < static_cast<int64_t>(row_line.size()) ? formatted(" (line {})", row_line[row]) : std::string();
  return formatted("{}: data_{} row {}{}, column _{}", source, name, row + 1, line, columns[column]);
}

double StarTable::number(int64_t row, int column) const {
  const std::string& text = cell(row, column);
  const auto value = parse_double(text);
  if (!value || !std::isfinite(*value))
    fail("{}: {} is not a finite number", where(row, column), shown(text));
  return *value;
}

int64_t StarTable::integer(int64_t row, int column) const {
  const std::string& text = cell(row, column);
  if (const auto whole = parse_int(text)) return *whole;
  const auto value = parse_double(text);
  constexpr double kLargest = 9e15;  // whole numbers are exact in a double up to here
  if (!value || !(std::abs(*value) < kLargest) || *value != std::floor(*value)) {
    fail("{}: {} is not a whole number", where(row, column), shown(text));
  }
  return static_cast<int64_t>(*value);
}

StarTable* StarFile::find(std::string_view name) {
  return const_cast<StarTable*>(static_cast<const StarFile*>(this)->find(name));
}

const StarTable* StarFile::find(std::string_view name) const {
  const auto found =
      std::find_if(tables.begin(), tables.end(), [&](const StarTable& table) { return table.name == name; });
  return found == tables.end() ? nullptr : &*found;
}

StarFile parse_star(std::string_view text, const std::string& source) {
  return StarParser(text, source).parse();
}

StarFile read_star(const std::string& path) {
  return parse_star(read_file(path), path);
}

void write_star(const std::string& path, const StarFile& file) {
  AtomicFile output(path);
  StarWriter writer(&output);
  for (const StarTable& table : file.tables) writer.write(table);
  writer.flush();
  output.commit();
}

std::string star_text(const StarFile& file) {
  StarWriter writer(nullptr);
  for (const StarTable& table : file.tables) writer.write(table);
  return std::move(writer.text());
}

}  // namespace cryomer
