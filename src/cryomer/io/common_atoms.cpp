#include "cryomer/io/common_atoms.h"

#include <algorithm>
#include <filesystem>
#include <numeric>

#include "cryomer/base/error.h"
#include "cryomer/base/text.h"
#include "cryomer/io/atom_matching.h"
#include "cryomer/io/atom_records.h"
#include "cryomer/io/structure_from_records.h"

namespace cryomer {

namespace {

namespace fs = std::filesystem;

constexpr double kLeastResidues = 0.1;  // of the structure's, below which the file is of something else
constexpr double kMostRenamed = 0.3;    // of the residues in common that may have another name

std::string topology_of(const std::string& path, const std::string& topology) {
  if (!topology.empty()) return topology;
  for (const char* ending : {".pdb", ".cif", ".psf", ".pdb.gz", ".cif.gz"}) {
    const std::string candidate = fs::path(path).replace_extension().string() + ending;
    if (fs::is_regular_file(candidate)) return candidate;
  }
  return "";
}

std::vector<AtomRecord> named_atoms(const std::string& path) {
  if (ends_with(lower(path), ".psf")) return read_psf(path);
  std::vector<AtomRecord> records;
  for_each_model(path, [&](const std::vector<AtomRecord>& atoms) {
    records = atoms;
    return false;
  });
  return records;
}

}  // namespace

std::vector<int> atoms_in_trajectory(const std::string& path, const Structure& structure, const std::string& topology) {
  std::vector<int> all(structure.atoms.size());
  std::iota(all.begin(), all.end(), 0);
  if (!fs::exists(path)) fail("cannot open {}: there is no such file", path);
  const bool has_names = !ends_with(lower(path), ".dcd");
  const std::string named = has_names ? path : topology_of(path, topology);
  if (named.empty()) return all;
  const Structure other = structure_from_records(named_atoms(named), named).structure;
  const std::vector<int> found = find_atoms(structure, other);
  std::vector<int> kept;
  std::vector<char> residue_kept(structure.residue_count(), 0);
  for (size_t i = 0; i < found.size(); ++i) {
    if (found[i] < 0) continue;
    kept.push_back(static_cast<int>(i));
    residue_kept[structure.atoms[i].residue] = 1;
  }
  int residues = 0, renamed = 0;
  std::string example;
  for (int r = 0; r < structure.residue_count(); ++r) {
    if (!residue_kept[r]) continue;
    ++residues;
    const Residue& ours = structure.residues[r];
    for (int i = ours.first_atom; i < ours.first_atom + ours.atom_count; ++i) {
      if (found[i] < 0) continue;
      const Residue& theirs = other.residues[other.atoms[found[i]].residue];
      if (ours.name != theirs.name) {
        ++renamed;
        if (example.empty())
          example = formatted("{} is {} in one and {} in the other", residue_label(ours), ours.name, theirs.name);
      }
      break;
    }
  }
  if (residues < std::max(1.0, kLeastResidues * structure.residue_count()))
    match_atoms(structure, other);  // says what is missing and why
  if (renamed > kMostRenamed * residues && renamed > 1) {
    fail("{} seems to be of another protein than {}: {} of the {} residues with the same numbers have other names ({})", path,
         structure.source, renamed, residues, example);
  }
  return kept;
}

Structure restricted(const Structure& structure, const std::vector<int>& atoms) {
  Structure result;
  result.source = structure.source;
  result.file_atom_count = structure.file_atom_count;
  int last = -1;
  for (const int i : atoms) {
    const Atom& atom = structure.atoms[i];
    if (atom.residue != last) {
      Residue residue = structure.residues[atom.residue];
      residue.first_atom = result.atom_count();
      residue.atom_count = 0;
      // A residue that is gone leaves a break.
      residue.bonded_to_previous = residue.bonded_to_previous && last == atom.residue - 1;
      result.residues.push_back(residue);
      last = atom.residue;
    }
    result.atoms.push_back(atom);
    result.atoms.back().residue = result.residue_count() - 1;
    ++result.residues.back().atom_count;
  }
  return result;
}

std::string describe_left_out(const Structure& structure, const std::vector<int>& kept) {
  constexpr size_t kNamed = 4;
  std::vector<std::string> labels;
  size_t next = 0;
  for (int i = 0; i < structure.atom_count(); ++i) {
    if (next < kept.size() && kept[next] == i) {
      ++next;
    } else if (labels.size() < kNamed) {
      labels.push_back(atom_label(structure, i));
    }
  }
  const size_t out = structure.atoms.size() - kept.size();
  return formatted("{} of {} atoms: {}{}", out, structure.atom_count(), join(labels, ", "), out > labels.size() ? ", ..." : "");
}

}  // namespace cryomer
