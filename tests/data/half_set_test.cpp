#include "cryomer/data/half_set.h"

#include "testing.h"

namespace cryomer {
namespace {

StarTable rows(const std::vector<std::string>& subsets) {
  StarTable table;
  table.name = "particles";
  table.source = "p.star";
  table.columns = {"rlnImageName"};
  if (!subsets.empty() && !subsets[0].empty()) table.columns.push_back("rlnRandomSubset");
  for (size_t i = 0; i < subsets.size(); ++i) {
    std::vector<std::string> cells = {std::to_string(i)};
    if (table.columns.size() > 1) cells.push_back(subsets[i]);
    table.add_row(cells);
  }
  return table;
}

std::vector<std::string> names(const StarTable& table) {
  std::vector<std::string> result;
  for (int64_t row = 0; row < table.row_count(); ++row) result.push_back(table.cell(row, 0));
  return result;
}

TEST(HalfSet, IsThatOfRelionWhereItIsKnown) {
  const StarTable table = rows({"1", "2", "2", "1", "1"});
  EXPECT_EQ(names(half_set(table, 1)), (std::vector<std::string>{"0", "3", "4"}));
  EXPECT_EQ(names(half_set(table, 2)), (std::vector<std::string>{"1", "2"}));
  EXPECT_EQ(half_set(table, 2).columns, table.columns);
  EXPECT_EQ(half_set(table, 2).name, "particles");
}

TEST(HalfSet, IsEveryOtherRowElse) {
  EXPECT_EQ(names(half_set(rows({"", "", "", "", ""}), 1)), (std::vector<std::string>{"0", "2", "4"}));
  EXPECT_EQ(names(half_set(rows({"", "", "", "", ""}), 2)), (std::vector<std::string>{"1", "3"}));
  // A column with one value only is no division.
  EXPECT_EQ(names(half_set(rows({"1", "1", "1", "1"}), 2)), (std::vector<std::string>{"1", "3"}));
}

TEST(HalfSet, MustNotBeEmpty) {
  EXPECT_NE(testing::error_of([] { half_set(rows({""}), 2); }).find("half 2 of 1 particles is empty"), std::string::npos);
  testing::error_of([] { half_set(rows({"", ""}), 3); });
}

}  // namespace
}  // namespace cryomer
