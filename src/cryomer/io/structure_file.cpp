#include "cryomer/io/structure_file.h"

#include <algorithm>
#include <map>
#include <optional>

#include "cryomer/base/atomic_file.h"
#include "cryomer/base/error.h"
#include "cryomer/base/log.h"
#include "cryomer/base/text.h"
#include "cryomer/io/atom_records.h"
#include "cryomer/io/model_text.h"
#include "cryomer/io/structure_from_records.h"
#include "cryomer/structure/residue_names.h"

namespace cryomer {

namespace {

std::string counted(int64_t count, const char* one, const char* many) {
  return formatted("{} {}", count, count == 1 ? one : many);
}

// "A/284, A/285, A/286 and 12 more"
std::string first_few(const std::vector<std::string>& labels) {
  constexpr size_t kShown = 5;
  const std::vector<std::string> shown(labels.begin(), labels.begin() + std::min(labels.size(), kShown));
  return join(shown, ", ") +
         (labels.size() > kShown ? formatted(" and {} more", labels.size() - kShown) : std::string());
}

std::string summary(const StructureReading& reading) {
  const Structure& structure = reading.structure;
  int protein = 0, nucleotides = 0;
  std::map<std::string, int> others, modified;
  std::vector<std::string> breaks, lacking;
  const Residue* before = nullptr;
  for (int r = 0; r < structure.residue_count(); ++r) {
    const Residue& residue = structure.residues[r];
    const bool polymer = residue.kind != ResidueKind::other;
    protein += residue.kind == ResidueKind::protein;
    nucleotides += residue.kind == ResidueKind::nucleotide;
    if (!polymer) {
      ++others[residue.name];
      continue;
    }
    if (!is_standard_residue_name(residue.name)) ++modified[residue.name];
    if (residue.kind == ResidueKind::protein) {
      const bool has_end = structure.find_atom(r, "OXT") >= 0;
      if (residue.atom_count - has_end < heavy_atoms_of_amino_acid(residue.name)) {
        lacking.push_back(residue_label(residue) + " " + residue.name);
      }
    }
    if (before && residue.chain == before->chain && !residue.bonded_to_previous) {
      breaks.push_back(formatted("{}-{}", residue_label(*before), residue.number));
    }
    before = &residue;
  }
  std::string text = formatted("{}: {}, {} of protein", structure.source, describe_chains(structure),
                               counted(protein, "residue", "residues"));
  if (nucleotides > 0) text += ", " + counted(nucleotides, "nucleotide", "nucleotides");
  const auto listed = [](const std::map<std::string, int>& of_name) {
    std::vector<std::string> names;
    for (const auto& [name, count] : of_name) names.push_back(count == 1 ? name : formatted("{} {}", count, name));
    return first_few(names);
  };
  if (!modified.empty()) text += ", among them " + listed(modified);
  if (!breaks.empty()) {
    text += formatted(", {} ({})", counted(int64_t(breaks.size()), "chain break", "chain breaks"), first_few(breaks));
  }
  if (!lacking.empty()) {
    text += formatted(", {} that {} atoms ({})", counted(int64_t(lacking.size()), "residue", "residues"),
                      lacking.size() == 1 ? "lacks" : "lack", first_few(lacking));
  }
  if (!others.empty()) text += ", also " + listed(others);
  text += formatted("; {} atoms", structure.atom_count());
  const DroppedAtoms& dropped = reading.dropped;
  std::vector<std::string> parts;
  if (dropped.waters > 0) parts.push_back(counted(dropped.waters, "water", "waters"));
  if (dropped.hydrogens > 0) parts.push_back(counted(dropped.hydrogens, "hydrogen", "hydrogens"));
  if (dropped.alternates > 0)
    parts.push_back(counted(dropped.alternates, "alternate atom", "alternate atoms"));
  return text + (parts.empty() ? std::string() : "; dropped " + join(parts, ", "));
}

void warn(const StructureReading& reading) {
  const std::string& source = reading.structure.source;
  if (!reading.incomplete.empty()) {
    log_warning("{}: {} without N, CA or C: {}. Each is kept as a rigid group, and the chain is broken there",
                source, counted(static_cast<int64_t>(reading.incomplete.size()), "amino acid", "amino acids"),
                first_few(reading.incomplete));
  }
  if (!reading.repeated.empty()) {
    log_warning(
        "{}: {} given to more than one residue: {}. All are kept, but labels of their atoms may be ambiguous",
        source, counted(static_cast<int64_t>(reading.repeated.size()), "number is", "numbers are"),
        first_few(reading.repeated));
  }
  if (reading.unknown_elements > 0) {
    log_warning("{}: the element of {} is unknown: taken as carbon", source,
                counted(reading.unknown_elements, "atom", "atoms"));
  }
}

[[noreturn]] void fail_without_protein(const Structure& structure) {
  int amino_acids = 0, with_ca_only = 0;
  std::vector<std::string> names;
  for (int r = 0; r < structure.residue_count(); ++r) {
    const Residue& residue = structure.residues[r];
    if (is_amino_acid_name(residue.name)) {
      ++amino_acids;
      with_ca_only += residue.atom_count == 1 && structure.find_atom(r, "CA") >= 0;
    }
    if (std::find(names.begin(), names.end(), residue.name) == names.end()) names.push_back(residue.name);
  }
  if (with_ca_only > 0) {
    fail(
        "{} has no protein backbone: {} of its {} amino acids have a CA atom only. Cryomer needs N, CA and C "
        "of each "
        "residue: rebuild the other atoms first, for example with PULCHRA",
        structure.source, with_ca_only, amino_acids);
  }
  const auto nucleotides =
      std::count_if(structure.residues.begin(), structure.residues.end(),
                    [](const Residue& residue) { return residue.kind == ResidueKind::nucleotide; });
  if (nucleotides > 0) {
    fail("{} has no protein, only {}. Cryomer models nucleic acids beside protein, not alone", structure.source,
         counted(nucleotides, "nucleotide", "nucleotides"));
  }
  fail("{} has no protein: no residue with the atoms N, CA and C is part of a chain. Found {}{}",
       structure.source,
       names.empty() ? "nothing but waters and hydrogens" : "residues named " + first_few(names),
       structure.atoms.empty() ? "" : formatted(" ({} atoms)", structure.atom_count()));
}

}  // namespace

Structure read_structure(const std::string& path) {
  StructureReading reading;
  int models = 0;
  for_each_model(path, [&](const std::vector<AtomRecord>& atoms) {
    if (++models == 1) reading = structure_from_records(atoms, path);
    return models == 1;  // go on to see whether there is another
  });
  const auto& residues = reading.structure.residues;
  if (std::none_of(residues.begin(), residues.end(),
                   [](const Residue& r) { return r.kind == ResidueKind::protein; })) {
    fail_without_protein(reading.structure);
  }
  log_info("{}", summary(reading));
  if (models > 1) log_info("{} holds several models: the first is used", path);
  warn(reading);
  return std::move(reading.structure);
}

namespace {

std::optional<CoordinateFormat> format_to_write(const std::string& path) {
  const std::string name = lower(path);
  if (ends_with(name, ".cif") || ends_with(name, ".mmcif")) return CoordinateFormat::mmcif;
  if (ends_with(name, ".pdb") || ends_with(name, ".ent")) return CoordinateFormat::pdb;
  return std::nullopt;
}

}  // namespace

bool is_structure_name(const std::string& path) { return format_to_write(path).has_value(); }

void write_structure(const std::string& path, const Structure& structure, const float* coordinates) {
  const std::optional<CoordinateFormat> format = format_to_write(path);
  if (!format) fail("cannot write a structure as {}: the name must end in .pdb or .cif", path);
  ModelText model(path, *format, structure, false);
  const std::vector<float> own = coordinates ? std::vector<float>() : structure.coordinates();
  std::string text = model.begin();
  model.append_model(text, coordinates ? coordinates : own.data());
  text += model.end();
  write_file_atomically(path, text);
}

}  // namespace cryomer
