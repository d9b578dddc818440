#include "cryomer/structure/residue_names.h"

#include "testing.h"

namespace cryomer {

TEST(ResidueNames, KnowsAminoAcidsOfDatabasesAndSimulations) {
  for (const char* name : {"ALA", "MSE", "TPO", "SEP", "HIE", "HSD", "CYX", "NALA", "CHIE", "UNK"}) {
    EXPECT_TRUE(is_amino_acid_name(name)) << name;
  }
  for (const char* name : {"ADP", "ACE", "NME", "HOH", "CA", "DA", "SAM", "", "\xffLA", "A\xe9"}) {
    EXPECT_FALSE(is_amino_acid_name(name)) << name;
  }
}

TEST(ResidueNames, KnowsNucleotides) {
  for (const char* name : {"DA", "U", "ADE", "DT5", "RA3"}) EXPECT_TRUE(is_nucleotide_name(name)) << name;
  for (const char* name : {"ADP", "ATP", "ALA"}) EXPECT_FALSE(is_nucleotide_name(name)) << name;
}

TEST(ResidueNames, TellsCertainFromPossibleWaters) {
  EXPECT_TRUE(is_water_name("HOH"));
  EXPECT_TRUE(is_water_name("DOD"));
  EXPECT_FALSE(is_water_name("T3P"));  // thymidine phosphate in the wwPDB
  EXPECT_TRUE(may_be_water_name("T3P"));
  EXPECT_TRUE(may_be_water_name("TIP3"));
  EXPECT_FALSE(may_be_water_name("EDO"));
}

TEST(ResidueNames, OnlyUnmodifiedResiduesAreStandard) {
  EXPECT_TRUE(is_standard_residue_name("TRP"));
  EXPECT_TRUE(is_standard_residue_name("DG"));
  EXPECT_FALSE(is_standard_residue_name("MSE"));
  EXPECT_FALSE(is_standard_residue_name("HIE"));
  for (const char* name : {"HIE", "HSD", "CYX", "NALA", "CHIE", "DA5"}) EXPECT_TRUE(is_standard_residue_of_simulations(name)) << name;
  for (const char* name : {"TRP", "MSE", "S1P", "NS1P", "NMSE", "TIP3", ""}) EXPECT_FALSE(is_standard_residue_of_simulations(name)) << name;
  for (const char* name : {"S1P", "NS1P"}) EXPECT_TRUE(is_amino_acid_name(name)) << name;
}

}  // namespace cryomer
