#include "cryomer/io/structure_from_records.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>
#include <unordered_map>

#include "cryomer/base/error.h"
#include "cryomer/io/atom_element.h"
#include "cryomer/structure/residue_names.h"

namespace cryomer {

namespace {

// A; C-N is 1.33, O3'-P 1.61, and the next shortest distances are above 2.2.
constexpr double kLongestLink = 2.0;
// A, of residues whose atoms a file may list apart.
constexpr double kWidestResidue = 15;

bool is_polymer_name(const std::string& name) {
  return is_amino_acid_name(name) || is_nucleotide_name(name);
}

std::string nth_chain_name(int n) {
  static const std::string letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  const int count = static_cast<int>(letters.size());
  return n < count ? std::string(1, letters[n]) : nth_chain_name(n / count - 1) + letters[n % count];
}

// The chain of every atom. A file without chain names has chain A; if it tells several polymers apart by
// segment names, or by TER with numbers that begin anew, each is a chain. Unnamed atoms beside named chains
// get a name of their own.
std::vector<std::string> name_chains(const std::vector<AtomRecord>& records) {
  std::vector<std::string> names;
  names.reserve(records.size());
  std::set<std::string> given, segments;
  bool any_blank = false;
  for (const AtomRecord& record : records) {
    names.push_back(record.chain);
    if (!record.chain.empty()) {
      given.insert(record.chain);
      continue;
    }
    any_blank = true;
    if (!record.segment.empty() && is_polymer_name(record.residue_name)) segments.insert(record.segment);
  }
  if (!any_blank) return names;

  std::string unnamed = "A";
  for (int i = 0; given.count(unnamed) > 0; ++i) unnamed = nth_chain_name(i);
  if (!given.empty() || segments.size() > 1) {
    for (size_t i = 0; i < records.size(); ++i) {
      if (!names[i].empty()) continue;
      const std::string& segment = records[i].segment;
      names[i] = segment.empty() || given.count(segment) > 0 ? unnamed : segment;
    }
    return names;
  }

  std::map<std::pair<int, char>, int> part_of;  // residue number and insertion code -> TER records before it
  bool numbers_begin_anew = false;
  for (const AtomRecord& record : records) {
    if (!is_polymer_name(record.residue_name)) continue;
    const auto [place, is_new] =
        part_of.try_emplace({record.residue_number, record.insertion_code}, record.terminations);
    numbers_begin_anew = numbers_begin_anew || (!is_new && place->second != record.terminations);
  }
  for (size_t i = 0; i < records.size(); ++i) {
    names[i] = numbers_begin_anew ? nth_chain_name(records[i].terminations) : unnamed;
  }
  return names;
}

// One residue while it is put together; atoms are indices into the records.
struct Draft {
  std::string chain, name;
  int number = 0;
  char insertion_code = ' ';
  bool hetatm = false, outside_polymer = false;
  std::vector<int> atoms;
  std::vector<std::string> residue_names;  // more than one where alternates are different residues

  // Backbone atoms as indices into the records, -1 when absent.
  int n = -1, ca = -1, c = -1, o3 = -1, p = -1;
  bool has_sugar = false;
};

class StructureBuilder {
 public:
  StructureBuilder(const std::vector<AtomRecord>& records, const std::string& source)
      : records_(records), chains_(name_chains(records)), atomic_numbers_(records.size()) {
    result_.structure.source = source;
    result_.structure.file_atom_count = static_cast<int>(records.size());
  }

  StructureReading build() {
    gather_residues();
    find_elements();
    drop_waters_and_hydrogens();
    choose_alternates();
    find_backbones();
    place_strays();
    assemble();
    return std::move(result_);
  }

 private:
  double distance(int a, int b) const { return norm(records_[a].position - records_[b].position); }

  void gather_residues() {
    std::unordered_map<std::string, int> latest;    // chain, number, insertion code -> draft
    std::unordered_map<std::string, int> first_of;  // draft, residue name, atom name, alternate -> record
    for (int i = 0; i < static_cast<int>(records_.size()); ++i) {
      const AtomRecord& record = records_[i];
      const std::string key = formatted("{}/{}{}", chains_[i], record.residue_number, record.insertion_code);
      const auto found = latest.find(key);
      int draft = found == latest.end() ? -1 : found->second;
      auto atom_key = [&] {
        return formatted("{}/{}/{}/{}", draft, record.residue_name, record.name, record.alternate);
      };
      if (draft >= 0) {
        const auto same_name = first_of.find(atom_key());
        const int twin = same_name == first_of.end() ? -1 : same_name->second;
        const Membership membership = membership_of(i, draft, twin);
        if (membership == Membership::repeated) {
          ++result_.dropped.alternates;
          continue;
        }
        if (membership == Membership::none) draft = -1;
      }
      if (draft < 0) {
        draft = static_cast<int>(drafts_.size());
        latest[key] = draft;
        drafts_.emplace_back();
        drafts_.back().chain = chains_[i];
        drafts_.back().number = record.residue_number;
        drafts_.back().insertion_code = record.insertion_code;
        drafts_.back().hetatm = record.hetatm;
        drafts_.back().outside_polymer = record.outside_polymer;
      }
      Draft& into = drafts_[draft];
      into.atoms.push_back(i);
      if (std::find(into.residue_names.begin(), into.residue_names.end(), record.residue_name) ==
          into.residue_names.end()) {
        into.residue_names.push_back(record.residue_name);
      }
      first_of.emplace(atom_key(), i);
    }
  }

  enum class Membership { member, none, repeated };

  // Whether record i belongs to a draft of the same chain and number. `twin`: the atom of the draft that has
  // the same name in everything, or -1.
  Membership membership_of(int i, int draft, int twin) const {
    const AtomRecord& record = records_[i];
    const Draft& of = drafts_[draft];
    const bool same_residue = std::find(of.residue_names.begin(), of.residue_names.end(),
                                        record.residue_name) != of.residue_names.end();
    if (!same_residue) {
      // Two residues in one place are alternates of each other; without alternate letters they merely share a
      // number.
      const bool all_alternates =
          record.alternate != ' ' && std::all_of(of.atoms.begin(), of.atoms.end(),
                                                 [&](int atom) { return records_[atom].alternate != ' '; });
      return all_alternates ? Membership::member : Membership::none;
    }
    const bool contiguous = draft == static_cast<int>(drafts_.size()) - 1;
    if (twin < 0) {
      // Far away it is another copy of the molecule that has the same numbers.
      return contiguous || !(distance(i, of.atoms.front()) > kWidestResidue) ? Membership::member
                                                                             : Membership::none;
    }
    if (may_be_water_name(record.residue_name)) return Membership::none;
    if (is_polymer_name(record.residue_name)) {
      return distance(i, twin) < kLongestLink ? Membership::repeated : Membership::none;
    }
    // Ligands may name several atoms alike, ions of equal number lie apart.
    const bool lone_ion = of.atoms.size() == 1 && !(distance(i, twin) < kLongestLink);
    return contiguous && !lone_ion ? Membership::member : Membership::none;
  }

  bool has_atom(const Draft& draft, const char* name) const {
    return std::any_of(draft.atoms.begin(), draft.atoms.end(),
                       [&](int i) { return records_[i].name == name; });
  }

  void find_elements() {
    const bool aligned = !names_are_misaligned(records_);
    for (const Draft& draft : drafts_) {
      const bool peptide_like = has_atom(draft, "N") && has_atom(draft, "CA") && has_atom(draft, "C");
      for (int i : draft.atoms) atomic_numbers_[i] = atomic_number_of(records_[i], peptide_like, aligned);
    }
  }

  // By name; a name that ligands share needs a single oxygen with nothing but hydrogens and massless sites
  // (M, EP, LP).
  bool is_water(const Draft& draft) const {
    const std::vector<std::string>& names = draft.residue_names;
    if (std::all_of(names.begin(), names.end(), is_water_name)) return true;
    if (!std::all_of(names.begin(), names.end(), may_be_water_name)) return false;
    int others = 0;
    for (int i : draft.atoms) others += atomic_numbers_[i] > 1 && atomic_numbers_[i] != 8;
    return others == 0 && draft.atoms.size() <= 6;
  }

  void drop_waters_and_hydrogens() {
    std::vector<Draft> kept;
    for (Draft& draft : drafts_) {
      if (is_water(draft)) {
        ++result_.dropped.waters;
        continue;
      }
      const size_t before = draft.atoms.size();
      draft.atoms.erase(std::remove_if(draft.atoms.begin(), draft.atoms.end(),
                                       [&](int i) { return atomic_numbers_[i] == 1; }),
                        draft.atoms.end());
      result_.dropped.hydrogens += static_cast<int>(before - draft.atoms.size());
      if (!draft.atoms.empty()) kept.push_back(std::move(draft));
    }
    drafts_ = std::move(kept);
  }

  // The conformer of a residue with the highest mean occupancy, the first in the file on a tie; ' ' without
  // alternates.
  char best_alternate(const Draft& draft) const {
    struct Conformer {
      char letter;
      double occupancy;
      int atoms;
    };
    std::vector<Conformer> conformers;
    for (int i : draft.atoms) {
      const char letter = records_[i].alternate;
      if (letter == ' ') continue;
      auto found = std::find_if(conformers.begin(), conformers.end(),
                                [&](const Conformer& c) { return c.letter == letter; });
      if (found == conformers.end()) found = conformers.insert(found, {letter, 0, 0});
      found->occupancy += records_[i].occupancy;
      ++found->atoms;
    }
    char best = ' ';
    double best_mean = -1;
    for (const Conformer& conformer : conformers) {
      const double mean = conformer.occupancy / conformer.atoms;
      if (best == ' ' || mean > best_mean + 1e-4) {
        best = conformer.letter;
        best_mean = mean;
      }
    }
    return best;
  }

  // Whether atom a is preferred to atom b of the same name, which comes first in the file.
  bool is_better_alternate(int a, int b, char chosen) const {
    const char of_a = records_[a].alternate, of_b = records_[b].alternate;
    if (of_a != ' ' && of_b != ' ' && (of_a == chosen) != (of_b == chosen)) return of_a == chosen;
    return records_[a].occupancy > records_[b].occupancy + 1e-4;
  }

  void choose_alternates() {
    for (Draft& draft : drafts_) {
      draft.name = draft.residue_names.front();
      const char chosen = best_alternate(draft);
      if (chosen == ' ') continue;
      for (int i : draft.atoms) {
        if (records_[i].alternate != chosen) continue;
        draft.name = records_[i].residue_name;
        break;
      }
      // An atom that the chosen conformer lacks comes from the best of the others, so that the residue is
      // complete.
      std::map<std::string, int> best;  // by atom name
      std::vector<int> kept;
      for (int i : draft.atoms) {
        if (records_[i].residue_name != draft.name) continue;
        const auto [place, is_new] = best.try_emplace(records_[i].name, i);
        if (!is_new && is_better_alternate(i, place->second, chosen)) place->second = i;
      }
      for (int i : draft.atoms) {
        const auto found = best.find(records_[i].name);
        const bool unlabelled = records_[i].alternate == ' ' && found != best.end() &&
                                records_[found->second].alternate == ' ' &&
                                records_[i].residue_name == draft.name;
        if (unlabelled || (found != best.end() && found->second == i)) kept.push_back(i);
      }
      result_.dropped.alternates += static_cast<int>(draft.atoms.size() - kept.size());
      draft.atoms = std::move(kept);
    }
  }

  void find_backbones() {
    for (Draft& draft : drafts_) {
      bool c1 = false, c4 = false;
      for (int i : draft.atoms) {
        std::string name = records_[i].name;
        std::replace(name.begin(), name.end(), '*', '\'');
        if (name == "N") draft.n = i;
        if (name == "CA" && atomic_numbers_[i] == 6) draft.ca = i;
        if (name == "C") draft.c = i;
        if (name == "O3'") draft.o3 = i;
        if (name == "P") draft.p = i;
        c1 = c1 || name == "C1'";
        c4 = c4 || name == "C4'";
      }
      draft.has_sugar = c1 && c4;
    }
  }

  bool near(int a, int b) const { return a >= 0 && b >= 0 && distance(a, b) < kLongestLink; }
  bool peptide_bond(const Draft& a, const Draft& b) const { return a.chain == b.chain && near(a.c, b.n); }
  bool sugar_link(const Draft& a, const Draft& b) const { return a.chain == b.chain && near(a.o3, b.p); }
  bool linked(const Draft& a, const Draft& b) const { return peptide_bond(a, b) || sugar_link(a, b); }
  static bool has_backbone(const Draft& draft) { return draft.n >= 0 && draft.ca >= 0 && draft.c >= 0; }

  // Some programs list modified residues after the chain they belong to. Each goes where its bond says, but
  // never between two that are linked already: every move adds a link, so this ends.
  void place_strays() {
    for (bool moved = true; moved;) {
      moved = false;
      for (size_t s = 0; s < drafts_.size() && !moved; ++s) {
        if (!drafts_[s].hetatm || !has_backbone(drafts_[s])) continue;
        if (s > 0 && linked(drafts_[s - 1], drafts_[s])) continue;
        if (s + 1 < drafts_.size() && linked(drafts_[s], drafts_[s + 1])) continue;
        for (size_t r = 0; r < drafts_.size() && !moved; ++r) {
          if (r == s) continue;
          const bool follows = peptide_bond(drafts_[r], drafts_[s]);
          if (!follows && !peptide_bond(drafts_[s], drafts_[r])) continue;
          const size_t after = follows ? r + 1 : r;
          if (after > 0 && after < drafts_.size() && linked(drafts_[after - 1], drafts_[after])) continue;
          Draft stray = std::move(drafts_[s]);
          drafts_.erase(drafts_.begin() + static_cast<std::ptrdiff_t>(s));
          const size_t place = (r > s ? r - 1 : r) + (follows ? 1 : 0);
          drafts_.insert(drafts_.begin() + static_cast<std::ptrdiff_t>(place), std::move(stray));
          moved = true;
        }
      }
    }
  }

  ResidueKind kind_of(size_t r) const {
    const Draft& draft = drafts_[r];
    const Draft* const previous = r > 0 ? &drafts_[r - 1] : nullptr;
    const Draft* const next = r + 1 < drafts_.size() ? &drafts_[r + 1] : nullptr;
    if (has_backbone(draft)) {
      const bool in_chain =
          (previous && peptide_bond(*previous, draft)) || (next && peptide_bond(draft, *next));
      if (in_chain || (is_amino_acid_name(draft.name) && !draft.outside_polymer)) return ResidueKind::protein;
    }
    if (draft.has_sugar) {
      const bool in_strand = (previous && sugar_link(*previous, draft)) || (next && sugar_link(draft, *next));
      if (in_strand || (is_nucleotide_name(draft.name) && !draft.outside_polymer))
        return ResidueKind::nucleotide;
    }
    return ResidueKind::other;
  }

  void assemble() {
    Structure& structure = result_.structure;
    std::map<std::string, int> seen;
    for (size_t r = 0; r < drafts_.size(); ++r) {
      const Draft& draft = drafts_[r];
      Residue residue;
      residue.chain = draft.chain;
      residue.number = draft.number;
      residue.insertion_code = draft.insertion_code;
      residue.name = draft.name;
      residue.kind = kind_of(r);
      residue.first_atom = structure.atom_count();
      residue.atom_count = static_cast<int>(draft.atoms.size());
      residue.bonded_to_previous = r > 0 && linked(drafts_[r - 1], draft);
      for (int i : draft.atoms) {
        Atom atom;
        atom.name = records_[i].name;
        atom.atomic_number = atomic_numbers_[i];
        if (atom.atomic_number == 0) {
          atom.atomic_number = 6;
          ++result_.unknown_elements;
        }
        atom.position = records_[i].position;
        atom.b_factor = records_[i].b_factor;
        atom.occupancy = records_[i].occupancy;
        atom.residue = structure.residue_count();
        atom.file_index = i;
        structure.atoms.push_back(std::move(atom));
      }
      const std::string label = residue_label(residue);
      if (is_amino_acid_name(draft.name) && !has_backbone(draft) && !draft.outside_polymer) {
        result_.incomplete.push_back(label + " " + draft.name);
      }
      if (++seen[label] == 2) result_.repeated.push_back(label);
      structure.residues.push_back(std::move(residue));
    }
  }

  const std::vector<AtomRecord>& records_;
  std::vector<std::string> chains_;
  std::vector<int> atomic_numbers_;
  std::vector<Draft> drafts_;
  StructureReading result_;
};

}  // namespace

StructureReading structure_from_records(const std::vector<AtomRecord>& records, const std::string& source) {
  return StructureBuilder(records, source).build();
}

}  // namespace cryomer
