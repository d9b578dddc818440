#include "cryomer/io/atom_matching.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>

#include "cryomer/base/error.h"
#include "cryomer/base/log.h"
#include "cryomer/base/text.h"

namespace cryomer {

namespace {

// Chains that hold protein or nucleic acid (all chains if none does), in order of appearance.
std::vector<std::string> polymer_chains(const Structure& structure) {
  std::vector<std::string> chains;
  for (const Residue& residue : structure.residues) {
    if (residue.kind == ResidueKind::other) continue;
    if (std::find(chains.begin(), chains.end(), residue.chain) == chains.end())
      chains.push_back(residue.chain);
  }
  return chains;
}

std::string unprimed(std::string name) {
  std::replace(name.begin(), name.end(), '*', '\'');
  return name;
}

std::string key_of(const std::string& chain, const Residue& residue, const std::string& atom) {
  return formatted("{}/{}{}/{}", chain, residue.number, residue.insertion_code, unprimed(atom));
}

// Other spellings of an atom's name in the wwPDB, CHARMM, AMBER and GROMACS.
std::vector<std::string> other_spellings(const std::string& name) {
  static const std::vector<std::vector<std::string>> groups = {{"O", "OT1", "O1", "OC1"},
                                                               {"OXT", "OT2", "O2", "OC2", "OT"},
                                                               {"CD1", "CD"},
                                                               {"OP1", "O1P"},
                                                               {"OP2", "O2P"},
                                                               {"C7", "C5M"},
                                                               {"O1P", "OP1"}};
  for (const auto& group : groups) {
    if (std::find(group.begin(), group.end(), name) == group.end()) continue;
    std::vector<std::string> others;
    for (const std::string& spelling : group) {
      if (spelling != name) others.push_back(spelling);
    }
    return others;
  }
  return {};
}

class Matcher {
 public:
  Matcher(const Structure& structure, const Structure& other) : structure_(structure), other_(other) {
    for (int i = 0; i < other.atom_count(); ++i) {
      const Residue& residue = other.residues[other.atoms[i].residue];
      atoms_[key_of(residue.chain, residue, other.atoms[i].name)].push_back(i);
    }
    pair_chains();
  }

  std::vector<int> match() {
    const std::vector<int> indices = find();
    std::vector<int> missing;
    for (size_t i = 0; i < indices.size(); ++i) {
      if (indices[i] < 0) missing.push_back(static_cast<int>(i));
    }
    if (!missing.empty()) fail_missing(missing);
    return indices;
  }

  std::vector<int> find() {
    std::vector<int> indices;
    std::unordered_map<std::string, size_t> uses;  // atoms of equal label are taken in turn
    for (int i = 0; i < structure_.atom_count(); ++i) {
      const Atom& atom = structure_.atoms[i];
      const Residue& residue = structure_.residues[atom.residue];
      const auto found_chain = chain_names_.find(residue.chain);
      const std::string& chain = found_chain == chain_names_.end() ? residue.chain : found_chain->second;
      const std::string key = key_of(chain, residue, atom.name);
      int index = take(key, uses);
      if (index < 0 && residue.kind != ResidueKind::other) {
        for (const std::string& name : other_spellings(atom.name)) {
          if (index < 0 && structure_.find_atom(atom.residue, name) < 0)
            index = take(key_of(chain, residue, name), uses);
        }
      }
      indices.push_back(index);
    }
    return indices;
  }

 private:
  int take(const std::string& key, std::unordered_map<std::string, size_t>& uses) const {
    const auto found = atoms_.find(key);
    if (found == atoms_.end()) return -1;
    size_t& used = uses[key];
    return used < found->second.size() ? found->second[used++] : -1;
  }

  void pair_chains() {
    const std::vector<std::string> ours = polymer_chains(structure_), theirs = polymer_chains(other_);
    const bool common = std::any_of(ours.begin(), ours.end(), [&](const std::string& chain) {
      return std::find(theirs.begin(), theirs.end(), chain) != theirs.end();
    });
    if (common || ours.empty() || ours.size() != theirs.size()) return;
    std::vector<std::string> pairs;
    for (size_t i = 0; i < ours.size(); ++i) {
      chain_names_[ours[i]] = theirs[i];
      pairs.push_back(formatted("{} is {}", ours[i], theirs[i]));
    }
    log_info("{} and {} name their chains differently: matched in order, {}", structure_.source,
             other_.source, join(pairs, ", "));
  }

  // The difference that most residue numbers would need, when the sequences agree with it and not without.
  std::optional<int> number_offset() const {
    std::map<int, int> votes;
    std::vector<const Residue*> ours, theirs;
    for (const Residue& r : structure_.residues) {
      if (r.kind == ResidueKind::protein) ours.push_back(&r);
    }
    for (const Residue& r : other_.residues) {
      if (r.kind == ResidueKind::protein) theirs.push_back(&r);
    }
    if (ours.empty() || theirs.empty()) return std::nullopt;
    const int offset = theirs.front()->number - ours.front()->number;
    std::map<int, std::string> names;
    for (const Residue* r : theirs) names.emplace(r->number, r->name);
    size_t agreeing = 0;
    for (const Residue* r : ours) {
      const auto found = names.find(r->number + offset);
      agreeing += found != names.end() && found->second == r->name;
    }
    return offset != 0 && agreeing > ours.size() / 2 ? std::optional<int>(offset) : std::nullopt;
  }

  std::string likely_reason(const std::vector<int>& missing) const {
    std::set<std::string> their_residues, their_chains;
    for (const Residue& residue : other_.residues) {
      their_residues.insert(residue_label(residue));
      their_chains.insert(residue.chain);
    }
    int without_chain = 0, without_residue = 0;
    for (int i : missing) {
      Residue residue = structure_.residues[structure_.atoms[i].residue];
      const auto found = chain_names_.find(residue.chain);
      if (found != chain_names_.end()) residue.chain = found->second;
      without_chain += their_chains.count(residue.chain) == 0;
      without_residue += their_residues.count(residue_label(residue)) == 0;
    }
    const int total = static_cast<int>(missing.size());
    if (without_chain == total) return "Their chains have other names: rename them alike";
    if (const auto offset = number_offset()) {
      return formatted("Residues seem to be numbered differently: add {} to the numbers of {}", *offset,
                       structure_.source);
    }
    if (without_residue == total) return "Residues are missing, or numbered differently";
    return "The residues are there but lack atoms: use a trajectory of all heavy atoms, or a structure with "
           "the atoms it "
           "has";
  }

  [[noreturn]] void fail_missing(const std::vector<int>& missing) const {
    std::vector<std::string> labels;
    for (size_t i = 0; i < std::min<size_t>(missing.size(), 5); ++i)
      labels.push_back(atom_label(structure_, missing[i]));
    fail("{} lacks {} of the {} atoms of {}: {}{}. {}. {} has {}; {} has {}", other_.source, missing.size(),
         structure_.atom_count(), structure_.source, join(labels, ", "),
         missing.size() > labels.size() ? ", ..." : "", likely_reason(missing), structure_.source,
         describe_chains(structure_), other_.source, describe_chains(other_));
  }

  const Structure& structure_;
  const Structure& other_;
  std::unordered_map<std::string, std::vector<int>> atoms_;  // of `other`, by label
  std::map<std::string, std::string> chain_names_;           // of `structure` -> of `other`
};

}  // namespace

std::vector<int> match_atoms(const Structure& structure, const Structure& other) {
  return Matcher(structure, other).match();
}

std::vector<int> find_atoms(const Structure& structure, const Structure& other) {
  return Matcher(structure, other).find();
}

}  // namespace cryomer
