#include "cryomer/report/explorer.h"

#include <nlohmann/json.hpp>

#include "cryomer/io/structure_file.h"
#include "report/page_testing.h"
#include "testing.h"

namespace cryomer {
namespace {

using Json = nlohmann::json;

Explorer small_explorer() {
  Explorer explorer;
  explorer.structure = read_structure(testing::fixture("small.pdb"));
  explorer.rmsf.assign(explorer.structure.residues.size(), std::nan(""));
  explorer.rmsf[1] = 1.5;
  explorer.rmsf_most = 1.5;
  explorer.atoms = ribbon_atoms(explorer.structure);
  Movie movie;
  movie.kind = Movie::Kind::path;
  movie.label = "Direction 1";
  movie.remark = "</script><b>";
  movie.atoms = explorer.atoms;
  movie.place = {-1, 1};
  movie.frames.atom_count = int64_t(movie.atoms.size());
  movie.frames.coordinates.assign(2 * 3 * movie.atoms.size(), 1.0f);
  explorer.movies = {movie};
  explorer.rows = {0, 5, 9};
  explorer.images = {"1@a.mrcs", "6@\xff.mrcs", "10@a.mrcs"};
  explorer.columns = {{PointColumn::Role::distance, "a \u2013 b", "\u00c5", {1, 2, 3}, 2.5}};
  explorer.shown = {1};
  explorer.structures.atom_count = movie.frames.atom_count;
  explorer.structures.coordinates.assign(3 * movie.atoms.size(), 2.0f);
  return explorer;
}

Json json_of(const std::string& markup) {
  const size_t begin = markup.find('>') + 1;
  return Json::parse(markup.substr(begin, markup.find("</script>") - begin));
}

TEST(Explorer, NamesEveryBlockThatItCarries) {
  const std::string markup = explorer_markup(small_explorer());
  EXPECT_EQ(testing::markup_problem(markup), "");
  const Json json = json_of(markup);
  EXPECT_EQ(json["movies"][0]["kind"], "path");
  EXPECT_EQ(json["movies"][0]["structures"]["count"], 2);
  EXPECT_EQ(json["points"]["count"], 3);
  EXPECT_EQ(json["points"]["columns"][0]["cut"], 2.5);
  EXPECT_EQ(json["structure"]["residues"][1][5], 1.5);
  EXPECT_TRUE(json["structure"]["residues"][0][5].is_null());
  EXPECT_FALSE(json["points"].contains("truths"));
  for (const Json& name : {json["structure"]["coordinates"], json["movies"][0]["atoms"], json["points"]["values"], json["points"]["images"],
                           json["points"]["structures"]["block"]}) {
    EXPECT_EQ(testing::count_of(markup, "id=\"" + name.get<std::string>() + "\""), 1u) << name;
  }
}

TEST(Explorer, KeepsItsElementsWholeWhateverATextSays) {
  const std::string markup = explorer_markup(small_explorer());
  EXPECT_EQ(json_of(markup)["movies"][0]["remark"], "</script><b>");
  EXPECT_EQ(testing::count_of(markup, "<script "), testing::count_of(markup, "</script>"));
}

TEST(RibbonAtoms, AreTheBackboneOfPolymersAndAllOfLigands) {
  const Structure structure = read_structure(testing::fixture("small.pdb"));
  std::vector<int> per_residue(structure.residues.size(), 0);
  for (const int atom : ribbon_atoms(structure)) ++per_residue[structure.atoms[atom].residue];
  for (size_t r = 0; r < structure.residues.size(); ++r) {
    const Residue& residue = structure.residues[r];
    const int most = residue.kind == ResidueKind::protein ? 4 : residue.atom_count, least = residue.kind == ResidueKind::other ? most : 1;
    EXPECT_LE(per_residue[r], most) << r;
    EXPECT_GE(per_residue[r], least) << r;
  }
}

TEST(NeighbourOrder, GoesFromEachToTheNearestOfThoseLeft) {
  EXPECT_EQ(neighbour_order({1, {0, 0, 0, 9, 0, 0, 2, 0, 0, 5, 0, 0}}), (std::vector<int64_t>{0, 2, 3, 1}));
}

}  // namespace
}  // namespace cryomer
