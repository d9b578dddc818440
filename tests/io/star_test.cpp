#include "cryomer/io/star.h"

#include <cmath>
#include <filesystem>

#include "cryomer/base/atomic_file.h"
#include "cryomer/base/error.h"
#include "cryomer/base/random.h"
#include "testing.h"

namespace cryomer {

namespace {

using testing::error_of;

std::string message_for(const std::string& text) {
  return error_of([&] { parse_star(text, "in.star"); });
}

void expect_equal(const StarFile& a, const StarFile& b) {
  ASSERT_EQ(a.tables.size(), b.tables.size());
  for (size_t t = 0; t < a.tables.size(); ++t) {
    const StarTable &x = a.tables[t], &y = b.tables[t];
    EXPECT_EQ(x.name, y.name);
    EXPECT_EQ(x.comments, y.comments);
    EXPECT_EQ(x.columns, y.columns);
    EXPECT_EQ(x.is_loop, y.is_loop);
    ASSERT_EQ(x.row_count(), y.row_count());
    for (int64_t row = 0; row < x.row_count(); ++row) {
      for (int column = 0; column < static_cast<int>(x.columns.size()); ++column) {
        ASSERT_EQ(x.cell(row, column), y.cell(row, column)) << x.where(row, column);
      }
    }
  }
}

StarTable one_row(std::vector<std::string> values) {
  StarTable table;
  table.name = "t";
  for (size_t i = 0; i < values.size(); ++i) table.columns.push_back("c" + std::to_string(i));
  table.add_row(std::move(values));
  return table;
}

}  // namespace

TEST(ReadStar, ReadsTablesColumnsAndCells) {
  const StarFile file = read_star(testing::fixture("particles31.star"));
  ASSERT_EQ(file.tables.size(), 2u);
  const StarTable& optics = *file.find("optics");
  EXPECT_EQ(optics.row_count(), 2);
  EXPECT_EQ(optics.cell(1, optics.column("rlnOpticsGroupName")), "old talos");
  EXPECT_EQ(optics.comments, std::vector<std::string>{" version 30001"});
  const StarTable& particles = *file.find("particles");
  EXPECT_EQ(particles.columns.size(), 14u);
  EXPECT_EQ(particles.cell(0, 0), "000003@stack.mrcs");
  EXPECT_EQ(particles.cell(0, particles.column("myOwnColumn")), "a b");
  EXPECT_EQ(particles.number(1, particles.column("rlnDefocusAngle")), -60);
  EXPECT_EQ(particles.integer(1, particles.column("rlnOpticsGroup")), 7);
  EXPECT_EQ(particles.column("rlnNothing"), -1);
  EXPECT_EQ(file.find("nothing"), nullptr);
}

TEST(ParseStar, TakesEveryLineEnd) {
  const std::string unix_text = "data_a\n\nloop_\n_x #1\n_y #2\n1 2\n3 4\n";
  std::string dos_text;
  for (const char c : unix_text) dos_text += c == '\n' ? std::string("\r\n") : std::string(1, c);
  const StarFile expected = parse_star(unix_text, "a");
  expect_equal(expected, parse_star(dos_text, "a"));
  expect_equal(expected,
               parse_star(unix_text.substr(0, unix_text.size() - 1), "a"));  // no newline at the end
  expect_equal(expected, parse_star("\xEF\xBB\xBF" + dos_text, "a"));        // byte order mark
}

TEST(ParseStar, TakesBlanksTabsAndEmptyLinesAnywhere) {
  const StarFile file = parse_star(
      "\n  data_a   # comment\n\n\t loop_\n\n  _x\t#1 [explained here]\n_y\n\n\t1\t 2  \n\n   \n  3 4 # said "
      "twice\n\n# end\n",
      "a");
  const StarTable& table = file.tables.at(0);
  EXPECT_EQ(table.columns, (std::vector<std::string>{"x", "y"}));
  ASSERT_EQ(table.row_count(), 2);
  EXPECT_EQ(table.cell(0, 1), "2");
  EXPECT_EQ(table.cell(1, 1), "4");
  EXPECT_EQ(table.row_line, (std::vector<int64_t>{9, 12}));
}

TEST(ParseStar, UnderstandsQuotes) {
  const StarFile file =
      parse_star("data_\nloop_\n_a\n_b\n_c\n_d\n'a b' \"c 'd'\" 'it's' \"\"\nx'y z\"  \"#1\" '_x'\n", "a");
  const StarTable& table = file.tables.at(0);
  EXPECT_EQ(table.name, "");
  EXPECT_EQ(table.cell(0, 0), "a b");
  EXPECT_EQ(table.cell(0, 1), "c 'd'");
  EXPECT_EQ(table.cell(0, 2), "it's");  // a quote ends before a blank only
  EXPECT_EQ(table.cell(0, 3), "");
  EXPECT_EQ(table.cell(1, 0), "x'y");
  EXPECT_EQ(table.cell(1, 1), "z\"");
  EXPECT_EQ(table.cell(1, 2), "#1");
  EXPECT_EQ(table.cell(1, 3), "_x");
}

TEST(ParseStar, ReadsTextOfSeveralLines) {
  const StarFile file = parse_star(
      "data_a\nloop_\n_x\n_y\n_z\n1\n;two\nlines\r\n ;three\n;\n3\n4\n;five\n; 6\n\n;seven\n;\n;eight\n;\n9\n"
      "data_b\n_note\n;free\ntext\n;\n_other 3\n",
      "a");
  const StarTable& table = file.tables.at(0);
  ASSERT_EQ(table.row_count(), 3);
  EXPECT_EQ(table.cell(0, 0), "1");
  EXPECT_EQ(table.cell(0, 1), "two\nlines\n ;three");
  EXPECT_EQ(table.cell(0, 2), "3");
  EXPECT_EQ(table.cell(1, 1), "five");
  EXPECT_EQ(table.cell(1, 2), "6");
  EXPECT_EQ(table.cell(2, 0), "seven");
  EXPECT_EQ(table.cell(2, 2), "9");
  EXPECT_EQ(file.tables.at(1).cell(0, 0), "free\ntext");
  EXPECT_EQ(file.tables.at(1).cell(0, 1), "3");
}

TEST(ParseStar, ReadsPairs) {
  const StarFile file = parse_star(
      "data_general\n\n_rlnA   1 # one\n_rlnB 'x y'\n_rlnC\n  7\n_rlnD _z\n\ndata_empty\ndata_c\n_q 1\n",
      "a");
  ASSERT_EQ(file.tables.size(), 3u);
  const StarTable& table = file.tables[0];
  EXPECT_FALSE(table.is_loop);
  ASSERT_EQ(table.row_count(), 1);
  EXPECT_EQ(table.columns, (std::vector<std::string>{"rlnA", "rlnB", "rlnC", "rlnD"}));
  EXPECT_EQ(table.cell(0, 1), "x y");
  EXPECT_EQ(table.cell(0, 2), "7");
  EXPECT_EQ(table.cell(0, 3), "_z");
  EXPECT_EQ(table.where(0, 0), "a: data_general row 1 (line 3), column _rlnA");
  EXPECT_EQ(file.tables[1].row_count(), 0);
  EXPECT_EQ(file.tables[2].cell(0, 0), "1");
}

TEST(ParseStar, KeepsEmptyLoops) {
  const StarFile file = parse_star("data_a\nloop_\n_x\n_y\n\ndata_b\nloop_\n_z\n1\n", "a");
  ASSERT_EQ(file.tables.size(), 2u);
  EXPECT_EQ(file.tables[0].row_count(), 0);
  EXPECT_EQ(file.tables[0].columns.size(), 2u);
  EXPECT_EQ(file.tables[1].row_count(), 1);
  expect_equal(file, parse_star(star_text(file), "a"));
}

TEST(ParseStar, TakesAPathThatLooksLikeAKeywordForAValue) {
  const StarFile file = parse_star("data_a\nloop_\n_x\n_y\ndata_2020/a.mrc 1\nloop_b 2\n", "a");
  EXPECT_EQ(file.tables.at(0).cell(0, 0), "data_2020/a.mrc");
  EXPECT_EQ(file.tables.at(0).cell(1, 0), "loop_b");
}

TEST(ParseStar, SaysWhichRowHasTheWrongNumberOfCells) {
  const std::string message = message_for("data_p\nloop_\n_x\n_y\n1 2\n\n3\n4 5\n");
  EXPECT_SAYS(message, "in.star, line 7: row 2 of data_p has 1 cells, expected 2");
  EXPECT_SAYS(message_for("data_p\nloop_\n_x\n_y\n1 2 3\n5 6\n"),
              "line 5: row 1 of data_p has 3 cells, expected 2");
  EXPECT_SAYS(message_for("data_p\nloop_\n_x\n_y\n1 2\n3"), "is the file cut off?");
}

TEST(ParseStar, SaysWhatIsWrong) {
  EXPECT_SAYS(message_for("hello\n"), "in.star, line 1: found 'hello' before any data_ line");
  EXPECT_SAYS(message_for("loop_\n_x\n"), "found 'loop_' before any data_ line");
  EXPECT_SAYS(message_for("data_a\n12 13\n"),
              "line 2: found '12' where a data_, loop_ or _label was expected");
  EXPECT_SAYS(message_for("data_a\nloop_\n1 2\n"), "line 3: a row of data_a before any column was named");
  EXPECT_SAYS(message_for("data_a\nloop_\n"), "the loop of data_a has no columns; is the file cut off?");
  EXPECT_SAYS(message_for("data_a\nloop_\ndata_b\n"), "the loop of data_a has no columns");
  EXPECT_SAYS(message_for("data_a\nloop_\n_x\n_y\n_x\n"), "line 5: column _x stands twice in data_a");
  EXPECT_SAYS(message_for("data_a\nloop_\n_x 5\n"), "line 3: unexpected '5' after label _x");
  EXPECT_SAYS(message_for("data_a\nloop_\n_x\n1\n_y\n"), "line 5: label _y comes after rows of data_a");
  EXPECT_SAYS(message_for("data_a\nloop_\n_x\n1\nloop_\n_y\n2\n"),
              "line 5: a second table begins inside data_a");
  EXPECT_SAYS(message_for("data_a\n_x 1\nloop_\n_y\n2\n"), "line 3: a second table begins inside data_a");
  EXPECT_SAYS(message_for("data_a\n_x 1 2\n"), "line 2: _x has more than one value ('1', '2')");
  EXPECT_SAYS(message_for("data_a\n_x\n_y 2\n"), "line 2: _x has no value");
  EXPECT_SAYS(message_for("data_a\n_x\n"), "line 2: _x has no value; is the file cut off?");
  EXPECT_SAYS(message_for("data_a\nloop_\n_x\n'abc\n"), "line 4: the quote that begins ''abc' is not closed");
  EXPECT_SAYS(message_for("data_a\nloop_\n_x\n;abc\nd\n"),
              "line 4: the text that begins with ';' has no closing line");
  EXPECT_SAYS(message_for("data_a\n_\n"), "line 2: a label without a name");
  EXPECT_SAYS(message_for(std::string("data_a\n\0", 8)), "zero bytes, so it is binary");
  EXPECT_SAYS(error_of([] { read_star("/no/such.star"); }), "cannot open /no/such.star");
}

TEST(StarTable, NamesTheCellThatIsNotANumber) {
  const StarFile file = parse_star("data_p\nloop_\n_u\n_n\n1.5e3 3.000000\nabc 2.5\nnan 1e300\n", "in.star");
  const StarTable& table = file.tables[0];
  EXPECT_EQ(table.number(0, 0), 1500);
  EXPECT_EQ(table.integer(0, 1), 3);
  EXPECT_EQ(error_of([&] { table.number(1, 0); }),
            "in.star: data_p row 2 (line 6), column _u: 'abc' is not a finite number");
  EXPECT_SAYS(error_of([&] { table.number(2, 0); }),
              "row 3 (line 7), column _u: 'nan' is not a finite number");
  EXPECT_SAYS(error_of([&] { table.integer(1, 1); }), "'2.5' is not a whole number");
  EXPECT_SAYS(error_of([&] { table.integer(2, 1); }), "'1e300' is not a whole number");
}

TEST(StarTable, AddsAndRemovesColumns) {
  StarTable table = parse_star("data_p\nloop_\n_a\n_b\n_c\n1 2 3\n4 5 6\n", "in.star").tables[0];
  EXPECT_EQ(table.add_column("b"), 1);
  EXPECT_EQ(table.add_column("d"), 3);
  EXPECT_EQ(table.row_count(), 2);
  EXPECT_EQ(table.cell(1, 3), "");
  table.set_cell(1, 3, "new");
  table.remove_column(1);
  EXPECT_EQ(table.columns, (std::vector<std::string>{"a", "c", "d"}));
  EXPECT_EQ(table.cell(1, 0), "4");
  EXPECT_EQ(table.cell(1, 1), "6");
  EXPECT_EQ(table.cell(1, 2), "new");
  EXPECT_SAYS(error_of([&] { table.add_row({"1"}); }), "a row of 1 cells does not fit data_p with 3 columns");
}

TEST(WriteStar, AlignsColumnsAndQuotesWhatNeedsIt) {
  StarFile file;
  StarTable table;
  table.name = "particles";
  table.comments = {" version 30001"};
  table.columns = {"a", "b"};
  table.add_row({"1", ""});
  table.add_row({"x y", "5"});
  file.tables.push_back(table);
  EXPECT_EQ(star_text(file),
            "\n# version 30001\n\ndata_particles\n\nloop_\n_a #1\n_b #2\n1     \"\"\n\"x y\" 5\n\n");
}

TEST(WriteStar, BringsBackAnyText) {
  const std::vector<std::string> hard = {
      "",   " ",           "a b",     "'",       "\"",       "it's", "#1",      "_x", "data_x", "loop_",
      ";a", "say \"a\" b", "a' \" b", "a\" ' b", "a\nb",     "\n",   "a\n b\n", "\t", "a\rb",   "DATA_",
      "5'", "x;\ny",       "[1,2,3]", "a#b",     "\xC3\x85", "''",   "\" \"",   "$x"};
  StarFile loop, pairs;
  loop.tables.push_back(one_row(hard));
  loop.tables[0].add_row(std::vector<std::string>(hard.rbegin(), hard.rend()));
  pairs.tables.push_back(one_row(hard));
  pairs.tables[0].is_loop = false;
  expect_equal(loop, parse_star(star_text(loop), "written"));
  expect_equal(pairs, parse_star(star_text(pairs), "written"));
  for (const std::string& value : hard) {
    StarFile single;
    single.tables.push_back(one_row({value}));
    expect_equal(single, parse_star(star_text(single), "written"));
  }
}

TEST(WriteStar, RefusesTextThatNoStarFileCanHold) {
  StarFile file;
  file.tables.push_back(one_row({"a\n;b"}));
  EXPECT_SAYS(error_of([&] { star_text(file); }),
              "data_t row 1, column _c0: this text cannot be written in a STAR file");
}

TEST(WriteStar, WritesTheFileThatStarTextShows) {
  const StarFile file = read_star(testing::fixture("particles31.star"));
  const std::string path = testing::scratch_folder() + "/out.star";
  write_star(path, file);
  EXPECT_EQ(read_file(path), star_text(file));
  expect_equal(file, read_star(path));
}

TEST(ReadStar, BringsEveryRealFileBackUnchanged) {
  CRYOMER_NEEDS_SHARED_DATA("cryoem");
  int files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(testing::shared_data("cryoem"))) {
    if (entry.path().extension() != ".star") continue;
    SCOPED_TRACE(entry.path());
    ++files;
    const StarFile file = read_star(entry.path());
    ASSERT_FALSE(file.tables.empty());
    const std::string written = star_text(file);
    const StarFile again = parse_star(written, "again");
    expect_equal(file, again);
    EXPECT_EQ(star_text(again), written);
  }
  EXPECT_GE(files, 12);
}

TEST(ReadStar, ReadsWhatRelionWrote) {
  CRYOMER_NEEDS_SHARED_DATA("cryoem/relion_metadata");
  const StarFile old =
      read_star(testing::shared_data("cryoem/relion_metadata/sample_particles_relion30.star"));
  ASSERT_EQ(old.tables.size(), 1u);
  EXPECT_EQ(old.tables[0].name, "model_class_1");
  EXPECT_EQ(old.tables[0].row_count(), 17);
  const StarFile swapped = read_star(testing::shared_data("cryoem/relion_metadata/relion31.v2.star"));
  ASSERT_EQ(swapped.tables.size(), 2u);
  EXPECT_EQ(swapped.tables[0].name, "particles");
  EXPECT_EQ(swapped.tables[0].row_count(), 5);
  EXPECT_EQ(swapped.tables[1].name, "optics");
  const StarFile new_file = read_star(testing::shared_data("cryoem/relion_metadata/relion5.star"));
  EXPECT_EQ(new_file.find("particles")->row_count(), 17);
  EXPECT_EQ(new_file.find("optics")->comments, std::vector<std::string>{" version 50001"});
  const StarFile toy = read_star(testing::shared_data("cryoem/toy/toy_projections.star"));
  EXPECT_EQ(toy.find("images")->row_count(), 1000);
}

TEST(ParseStar, SurvivesDamagedFiles) {
  const std::string valid =
      read_file(testing::fixture("particles31.star")) + "data_general\n_a 1\n_b\n;text\nmore\n;\n_c 'x y'\n";
  Random random(20240607);
  const std::string alphabet = "\n\r\t #_;'\"@0a\xFF";
  int readable = 0;
  for (int round = 0; round < 1500; ++round) {
    std::string text = valid;
    for (uint64_t change = 0, changes = 1 + random.below(4); change < changes && !text.empty(); ++change) {
      const size_t at = random.below(text.size());
      const char c = alphabet[random.below(alphabet.size())];
      switch (random.below(5)) {
        case 0:
          text[at] = c;
          break;
        case 1:
          text.insert(at, 1, c);
          break;
        case 2:
          text.erase(at, 1 + random.below(40));
          break;
        case 3:
          text.insert(at, text.substr(random.below(text.size()), random.below(60)));
          break;
        default:
          text.resize(at);
          break;
      }
    }
    StarFile file;
    try {
      file = parse_star(text, "damaged");
    } catch (const Error&) {
      continue;
    }
    ++readable;
    expect_equal(file, parse_star(star_text(file), "written"));
    if (HasFatalFailure()) FAIL() << "round " << round << ":\n" << text;
  }
  EXPECT_GT(readable, 100);
  EXPECT_LT(readable, 1400);
}

}  // namespace cryomer
