#include "cryomer/structure/structure.h"

#include <algorithm>
#include <cctype>
#include <optional>
#include <set>

#include "cryomer/base/error.h"
#include "cryomer/base/text.h"

namespace cryomer {

int Structure::find_atom(int residue, const std::string& name) const {
  const Residue& of = residues[residue];
  for (int i = of.first_atom; i < of.first_atom + of.atom_count; ++i) {
    if (atoms[i].name == name) return i;
  }
  return -1;
}

Vec3 Structure::centroid() const {
  Vec3 sum;
  for (const Atom& atom : atoms) sum += atom.position;
  return (1.0 / atom_count()) * sum;
}

std::vector<float> Structure::coordinates() const {
  std::vector<float> values;
  values.reserve(3 * atoms.size());
  for (const Atom& atom : atoms) {
    for (int axis = 0; axis < 3; ++axis) values.push_back(static_cast<float>(atom.position[axis]));
  }
  return values;
}

void Structure::set_coordinates(const float* coordinates) {
  for (Atom& atom : atoms) {
    atom.position = {coordinates[0], coordinates[1], coordinates[2]};
    coordinates += 3;
  }
}

std::string residue_label(const Residue& residue) {
  return residue.insertion_code == ' '
             ? formatted("{}/{}", residue.chain, residue.number)
             : formatted("{}/{}{}", residue.chain, residue.number, residue.insertion_code);
}

std::string atom_label(const Structure& structure, int atom) {
  const Atom& it = structure.atoms[atom];
  return residue_label(structure.residues[it.residue]) + "/" + it.name;
}

std::string describe_chains(const Structure& structure) {
  struct Range {
    std::string chain;
    int first, last;
  };
  std::vector<Range> ranges;
  std::set<std::string> polymers;  // chains whose ligands and ions do not count, which may have any number
  for (const Residue& residue : structure.residues) {
    if (residue.kind != ResidueKind::other) polymers.insert(residue.chain);
  }
  for (const Residue& residue : structure.residues) {
    if (residue.kind == ResidueKind::other && polymers.count(residue.chain) > 0) continue;
    auto range =
        std::find_if(ranges.begin(), ranges.end(), [&](const Range& r) { return r.chain == residue.chain; });
    if (range == ranges.end()) {
      ranges.push_back({residue.chain, residue.number, residue.number});
    } else {
      range->first = std::min(range->first, residue.number);
      range->last = std::max(range->last, residue.number);
    }
  }
  const size_t shown = std::min<size_t>(ranges.size(), 6);
  std::vector<std::string> parts;
  for (size_t i = 0; i < shown; ++i) {
    parts.push_back(
        ranges[i].first == ranges[i].last
            ? formatted("{} (residue {})", ranges[i].chain, ranges[i].first)
            : formatted("{} (residues {} to {})", ranges[i].chain, ranges[i].first, ranges[i].last));
  }
  if (ranges.size() > shown) parts.push_back(formatted("and {} more", ranges.size() - shown));
  return (ranges.size() == 1 ? "chain " : "chains ") + join(parts, ", ");
}

namespace {

struct AtomName {
  std::string chain;
  int64_t number = 0;
  char insertion_code = ' ';
  std::string atom;
};

std::optional<AtomName> parse_label(const std::string& label) {
  const std::vector<std::string> parts = split(label, '/');
  if (parts.size() != 3) return std::nullopt;
  AtomName name;
  name.chain = trimmed(parts[0]);
  if (name.chain.empty()) name.chain = "A";
  std::string_view number = trimmed(parts[1]);
  if (!number.empty() && std::isalpha(static_cast<unsigned char>(number.back()))) {
    name.insertion_code = number.back();
    number.remove_suffix(1);
  }
  const auto value = parse_int(number);
  if (!value) return std::nullopt;
  name.number = *value;
  name.atom = trimmed(parts[2]);
  if (name.atom.empty()) return std::nullopt;
  return name;
}

std::string an_example(const Structure& structure) {
  for (int i = 0; i < structure.atom_count(); ++i) {
    if (structure.atoms[i].name == "CA") return atom_label(structure, i);
  }
  return structure.atoms.empty() ? "A/284/CA" : atom_label(structure, 0);
}

[[noreturn]] void fail_without_atom(const Structure& structure, const std::string& label,
                                    const AtomName& name) {
  std::vector<std::string> chains;
  const Residue* nearest = nullptr;
  bool residue_exists = false;
  std::vector<std::string> atoms;
  for (int r = 0; r < structure.residue_count(); ++r) {
    const Residue& residue = structure.residues[r];
    if (std::find(chains.begin(), chains.end(), residue.chain) == chains.end())
      chains.push_back(residue.chain);
    if (residue.chain != name.chain) continue;
    if (!nearest || std::abs(residue.number - name.number) < std::abs(nearest->number - name.number))
      nearest = &residue;
    if (residue.number != name.number || residue.insertion_code != name.insertion_code) continue;
    residue_exists = true;
    for (int i = residue.first_atom; i < residue.first_atom + residue.atom_count; ++i) {
      atoms.push_back(structure.atoms[i].name);
    }
  }
  if (!nearest) {
    fail("'{}': {} has no chain '{}', it has {}.{}", label, structure.source, name.chain,
         describe_chains(structure), did_you_mean(name.chain, chains));
  }
  if (!residue_exists) {
    fail("'{}': {} has no residue {}{} in chain '{}'; the nearest is {} ({}). It has {}.", label,
         structure.source, name.number,
         name.insertion_code == ' ' ? std::string() : std::string(1, name.insertion_code), name.chain,
         residue_label(*nearest), nearest->name, describe_chains(structure));
  }
  fail("'{}': that residue of {} has no atom '{}' (hydrogens are not kept), it has {}.{}", label,
       structure.source, name.atom, join(atoms, ", "), did_you_mean(name.atom, atoms));
}

}  // namespace

int find_labelled_atom(const Structure& structure, const std::string& label) {
  const std::optional<AtomName> name = parse_label(label);
  if (!name) {
    fail("'{}' does not name an atom: write CHAIN/RESIDUE/ATOM, for example {}", label,
         an_example(structure));
  }
  std::vector<int> found;
  for (int r = 0; r < structure.residue_count(); ++r) {
    const Residue& residue = structure.residues[r];
    if (residue.chain != name->chain || residue.number != name->number ||
        residue.insertion_code != name->insertion_code) {
      continue;
    }
    for (int i = residue.first_atom; i < residue.first_atom + residue.atom_count; ++i) {
      if (structure.atoms[i].name == name->atom) found.push_back(i);
    }
  }
  if (found.empty()) fail_without_atom(structure, label, *name);
  if (found.size() > 1) {
    std::vector<std::string> residues;
    for (int i : found) residues.push_back(structure.residues[structure.atoms[i].residue].name);
    fail(
        "'{}' names {} atoms of {}, in residues {} that share chain and number: give them different chain "
        "names or "
        "numbers",
        label, found.size(), structure.source, join(residues, ", "));
  }
  return found.front();
}

AtomSet atom_set_from_name(const std::string& name) {
  const std::string wanted = lower(name);
  if (wanted == "heavy") return AtomSet::heavy;
  if (wanted == "ca") return AtomSet::ca;
  fail("'{}' is no set of atoms: choose heavy or ca", name);
}

std::string name_of(AtomSet set) {
  return set == AtomSet::heavy ? "heavy" : "ca";
}

std::vector<int> atoms_of(const Structure& structure, AtomSet set) {
  std::vector<int> indices;
  for (int i = 0; i < structure.atom_count(); ++i) {
    const Atom& atom = structure.atoms[i];
    const bool is_ca = atom.name == "CA" && structure.residues[atom.residue].kind == ResidueKind::protein;
    if (set == AtomSet::heavy || is_ca) indices.push_back(i);
  }
  return indices;
}

}  // namespace cryomer
