// A macromolecular structure as Cryomer keeps it: heavy atoms in residues, each residue one rigid group of
// the model.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cryomer/geometry/vec3.h"

namespace cryomer {

enum class ResidueKind {
  protein,     // has N, CA and C and is part of a chain: gets a backbone frame
  nucleotide,  // a rigid group of its own
  other,       // ligand, ion, glycan, cap, amino acid without N, CA or C: a rigid group of its own
};

struct Atom {
  std::string name;  // "CA", trimmed
  int atomic_number = 0;
  Vec3 position;        // A
  double b_factor = 0;  // A^2
  double occupancy = 1;
  int residue = 0;  // index into Structure::residues
  // Position among all atoms of the file's first model (hydrogens, waters and alternates included): what a
  // trajectory without names, such as DCD, counts by.
  int file_index = 0;
};

struct Residue {
  std::string chain;  // never empty: a single unnamed chain is "A"
  int number = 0;
  char insertion_code = ' ';
  std::string name;  // "ALA"
  ResidueKind kind = ResidueKind::other;
  int first_atom = 0;
  int atom_count = 0;
  // A peptide bond C-N (or a link O3'-P) joins this residue to the one before it in the list, judged by
  // distance, not by number; false at chain starts and breaks. Holds for caps too: the residue after ACE is
  // bonded to it.
  bool bonded_to_previous = false;
};

struct Structure {
  std::string source;  // the file it came from, for messages
  std::vector<Atom> atoms;
  std::vector<Residue> residues;
  int file_atom_count = 0;  // atoms in the file's first model, dropped ones included

  int atom_count() const { return static_cast<int>(atoms.size()); }
  int residue_count() const { return static_cast<int>(residues.size()); }
  // Index of the named atom of a residue, or -1.
  int find_atom(int residue, const std::string& name) const;
  Vec3 centroid() const;  // of all atoms alike
  // [atoms][3] in A
  std::vector<float> coordinates() const;
  void set_coordinates(const float* coordinates);
};

std::string residue_label(const Residue& residue);  // "A/284"; with an insertion code "A/284B"
// "chains A (residues 123 to 387), B (residue 401)", for messages; ligands in a chain of protein are not
// counted.
std::string describe_chains(const Structure& structure);
// "A/284/CA"; with an insertion code "A/284B/CA".
std::string atom_label(const Structure& structure, int atom);
// The atom that a label names. Fails with the nearest label when there is none, or when it is ambiguous.
int find_labelled_atom(const Structure& structure, const std::string& label);

// Which atoms a figure is over.
enum class AtomSet { heavy, ca };
AtomSet atom_set_from_name(const std::string& name);
std::string name_of(AtomSet set);
// Indices of the atoms of the set: all, or the CA of protein residues (P of nucleotides is not among them).
std::vector<int> atoms_of(const Structure& structure, AtomSet set);

}  // namespace cryomer
