#include "cryomer/io/csv.h"

#include <cmath>

#include "cryomer/base/atomic_file.h"
#include "testing.h"

namespace cryomer {
namespace {

CsvTable table_of(const std::string& text) {
  const std::string path = testing::scratch_folder() + "/t.csv";
  write_file_atomically(path, text);
  return read_csv(path);
}

TEST(Csv, ReadsColumnsByName) {
  const CsvTable table = table_of("step,stage,value\n1,encoder,0.5\n2,particles,x\n");
  EXPECT_EQ(table.row_count(), 2);
  EXPECT_EQ(table.texts("stage"), (std::vector<std::string>{"encoder", "particles"}));
  EXPECT_EQ(table.numbers("step"), (std::vector<double>{1, 2}));
  EXPECT_TRUE(std::isnan(table.numbers("value")[1]));
  EXPECT_FALSE(table.has("other"));
  EXPECT_TRUE(table.numbers("other").empty());
}

TEST(Csv, LeavesOutALineThatIsStillBeingWritten) { EXPECT_EQ(table_of("a,b\n1,2\n3,").row_count(), 1); }

TEST(Csv, NamesTheLineThatDoesNotFit) {
  EXPECT_NE(testing::error_of([] { table_of("a,b\n1,2\n3\n"); }).find("line 3: 1 cells, but the header names 2 columns"), std::string::npos);
  EXPECT_NE(testing::error_of([] { table_of(""); }).find("no header line"), std::string::npos);
}

}  // namespace
}  // namespace cryomer
