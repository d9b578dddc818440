#include "cryomer/io/trajectory.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <numeric>
#include <optional>

#include "cryomer/base/atomic_file.h"
#include "cryomer/base/error.h"
#include "cryomer/base/log.h"
#include "cryomer/base/text.h"
#include "cryomer/io/atom_matching.h"
#include "cryomer/io/atom_records.h"
#include "cryomer/io/dcd.h"
#include "cryomer/io/model_text.h"
#include "cryomer/io/structure_from_records.h"

namespace cryomer {

namespace fs = std::filesystem;

namespace {

enum class TrajectoryFormat { dcd, pdb, mmcif };

// The name's ending without .gz, in lower case: ".pdb".
std::string ending_of(const std::string& path) {
  std::string name = lower(path);
  if (ends_with(name, ".gz")) name.resize(name.size() - 3);
  return fs::path(name).extension().string();
}

constexpr float kFarthest = 1e5f;  // A; nobody's molecule is a hundredth of a millimetre from its origin

void check_finite(const std::string& path, int64_t frame, const Structure& structure,
                  const float* coordinates) {
  for (int i = 0; i < 3 * structure.atom_count(); ++i) {
    if (std::abs(coordinates[i]) <= kFarthest) continue;
    fail("{}: frame {} (counted from 1), atom {}: a coordinate is {}, expected a number of at most {:g} A", path, frame + 1,
         atom_label(structure, i / 3), coordinates[i], kFarthest);
  }
}

class DcdTrajectory final : public TrajectoryReader {
 public:
  // positions[i]: which atom of the file is atom i of the structure.
  DcdTrajectory(const std::string& path, std::unique_ptr<DcdFile> file, const Structure& structure,
                std::vector<int> positions)
      : path_(path),
        file_(std::move(file)),
        structure_(structure),
        positions_(std::move(positions)),
        frame_(static_cast<size_t>(3 * file_->atom_count())) {}

  int64_t size() const override { return file_->frame_count(); }

  void read(int64_t index, float* coordinates) override {
    file_->read_frame(index, frame_.data());
    for (size_t i = 0; i < positions_.size(); ++i) {
      std::copy_n(frame_.data() + 3 * static_cast<size_t>(positions_[i]), 3, coordinates + 3 * i);
    }
    check_finite(path_, index, structure_, coordinates);
  }

 private:
  std::string path_;
  std::unique_ptr<DcdFile> file_;
  const Structure structure_;
  std::vector<int> positions_;
  std::vector<float> frame_;
};

// For every atom of the structure its place in a list of records that `source` holds.
std::vector<int> positions_in(const std::vector<AtomRecord>& records, const std::string& source,
                              const Structure& structure) {
  const Structure other = structure_from_records(records, source).structure;
  std::vector<int> positions = match_atoms(structure, other);
  for (int& position : positions) position = other.atoms[static_cast<size_t>(position)].file_index;
  return positions;
}

Ensemble read_models(const std::string& path, const Structure& structure) {
  Ensemble ensemble;
  ensemble.atom_count = structure.atom_count();
  std::vector<AtomRecord> first;
  std::vector<int> positions;
  std::vector<float> model(static_cast<size_t>(3 * structure.atom_count()));
  for_each_model(path, [&](const std::vector<AtomRecord>& atoms) {
    const int64_t number = ensemble.size() + 1;
    std::vector<int> own;
    const bool like_first = atoms.size() == first.size() &&
                            std::equal(atoms.begin(), atoms.end(), first.begin(), first.end(), same_atom);
    if (number == 1) {
      positions = positions_in(atoms, path, structure);
      first = atoms;
    } else if (!like_first) {
      own = positions_in(atoms, formatted("{} (model {})", path, number), structure);
    }
    const std::vector<int>& places = own.empty() ? positions : own;
    for (size_t i = 0; i < places.size(); ++i) {
      for (int axis = 0; axis < 3; ++axis) {
        model[3 * i + static_cast<size_t>(axis)] =
            static_cast<float>(atoms[static_cast<size_t>(places[i])].position[axis]);
      }
    }
    ensemble.append(model.data());
    return true;
  });
  return ensemble;
}

// The atoms of a topology file: first model of PDB or mmCIF, or PSF.
std::vector<AtomRecord> read_topology(const std::string& path) {
  if (ending_of(path) == ".psf") return read_psf(path);
  std::vector<AtomRecord> records;
  for_each_model(path, [&](const std::vector<AtomRecord>& atoms) {
    records = atoms;
    return false;
  });
  return records;
}

// The .pdb, .cif or .psf of the same name beside a DCD, or an empty text.
std::string topology_beside(const std::string& path) {
  for (const char* ending : {".pdb", ".cif", ".psf", ".pdb.gz", ".cif.gz"}) {
    const std::string candidate = fs::path(path).replace_extension().string() + ending;
    if (fs::is_regular_file(candidate)) return candidate;
  }
  return "";
}

std::vector<int> all_positions(const Structure& structure) {
  std::vector<int> positions(structure.atoms.size());
  std::iota(positions.begin(), positions.end(), 0);
  return positions;
}

std::vector<int> dcd_positions(const std::string& path, int64_t atoms, const Structure& structure,
                               const std::string& topology) {
  const std::string beside = topology.empty() ? topology_beside(path) : "";
  const std::string named = topology.empty() ? beside : topology;
  std::string tried;
  if (!named.empty()) {
    const std::vector<AtomRecord> records = read_topology(named);
    if (static_cast<int64_t>(records.size()) == atoms) return positions_in(records, named, structure);
    if (!topology.empty()) {
      fail("{} has {} atoms, but its topology {} has {}: they must list the same atoms in the same order",
           path, atoms, topology, records.size());
    }
    tried = formatted("; {} beside it has {}", beside, records.size());
  }
  std::vector<int> positions;
  if (structure.file_atom_count == atoms) {
    for (const Atom& atom : structure.atoms) positions.push_back(atom.file_index);
  } else if (structure.atom_count() == atoms) {
    positions = all_positions(structure);
  } else {
    fail(
        "{} has {} atoms, but {} has {}, of which {} are kept{}. A DCD has no atom names: put the PDB, mmCIF or PSF file that lists its atoms "
        "in its order beside it under its name, or give it with --topology where the command has that",
        path, atoms, structure.source, structure.file_atom_count, structure.atom_count(), tried);
  }
  if (!tried.empty()) {
    log_info("{}: {} beside it has another number of atoms and is not its topology; {} is used", path, beside,
             structure.source);
  }
  return positions;
}

}  // namespace

void HeldTrajectory::read(int64_t index, float* coordinates) {
  if (index < 0 || index >= size()) fail("{} has models 0 to {}, not {}", source_, size() - 1, index);
  std::copy_n(ensemble_.conformation(index), 3 * ensemble_.atom_count, coordinates);
}

std::unique_ptr<TrajectoryReader> open_trajectory(const std::string& path, const Structure& structure,
                                                  const std::string& topology) {
  if (!fs::exists(path)) fail("cannot open {}: there is no such file", path);
  if (structure.atoms.empty())
    fail("cannot read {}: the structure it is to be matched with has no atoms", path);
  const std::string ending = ending_of(path);
  if (ending == ".dcd") {
    if (ends_with(lower(path), ".gz"))
      fail("{} is compressed, and a DCD is read in place: unpack it with gunzip", path);
    auto file = std::make_unique<DcdFile>(path);
    std::vector<int> positions = dcd_positions(path, file->atom_count(), structure, topology);
    return std::make_unique<DcdTrajectory>(path, std::move(file), structure, std::move(positions));
  }
  for (const char* other :
       {".xtc", ".trr", ".nc", ".netcdf", ".ncdf", ".h5", ".mdcrd", ".crd", ".lammpstrj", ".gro"}) {
    if (ending != other) continue;
    fail(
        "{}: Cryomer reads trajectories in DCD, PDB and mmCIF only. Convert it, for example with mdconvert "
        "-o {}.dcd {} "
        "(MDTraj) or cpptraj",
        path, fs::path(path).stem().string(), path);
  }
  return std::make_unique<HeldTrajectory>(path, read_models(path, structure));
}

Ensemble read_ensemble(const std::string& path, const Structure& structure, const std::string& topology) {
  const std::unique_ptr<TrajectoryReader> trajectory = open_trajectory(path, structure, topology);
  Ensemble ensemble;
  ensemble.atom_count = structure.atom_count();
  ensemble.coordinates.resize(static_cast<size_t>(3 * ensemble.atom_count * trajectory->size()));
  for (int64_t i = 0; i < trajectory->size(); ++i) trajectory->read(i, ensemble.conformation(i));
  return ensemble;
}

namespace {

class ModelTextWriter final : public TrajectoryWriter {
 public:
  ModelTextWriter(const std::string& path, CoordinateFormat format, const Structure& structure)
      : path_(path), model_(path, format, structure, true), file_(path) {
    file_.write(model_.begin());
  }

  void write(const float* coordinates) override {
    text_.clear();
    model_.append_model(text_, coordinates);
    file_.write(text_);
    any_ = true;
  }

  void commit() override {
    if (!any_) fail("cannot write {}: no conformation was written to it", path_);
    file_.write(model_.end());
    file_.commit();
  }

 private:
  std::string path_;
  ModelText model_;
  AtomicFile file_;
  std::string text_;
  bool any_ = false;
};

constexpr const char* kTopologyRemark = "REMARK   Atoms of a Cryomer trajectory";
constexpr const char* kTopologyComment = "# Atoms of a Cryomer trajectory";

// The atoms in their order, in a PDB file (mmCIF where PDB cannot hold them) of the DCD's name.
class DcdTrajectoryWriter final : public TrajectoryWriter {
 public:
  DcdTrajectoryWriter(const std::string& path, const Structure& structure)
      : path_(path), structure_(structure), file_(path, structure.atom_count()) {
    const std::string reason = reason_against_pdb(structure);
    format_ = reason.empty() ? CoordinateFormat::pdb : CoordinateFormat::mmcif;
    topology_ = fs::path(path).replace_extension(reason.empty() ? ".pdb" : ".cif").string();
    if (!reason.empty()) log_info("{} is written instead of a PDB file: {}", topology_, reason);
    keep_foreign_file();
    topology_text_ = make_topology();
  }

  void write(const float* coordinates) override {
    check_finite(path_, frames_, structure_, coordinates);
    file_.write_frame(coordinates);
    ++frames_;
  }

  void commit() override {
    if (frames_ == 0) fail("cannot write {}: no conformation was written to it", path_);
    write_file_atomically(topology_, topology_text_);
    file_.commit();
  }

 private:
  // A file of that name that Cryomer did not write is somebody's structure.
  void keep_foreign_file() const {
    if (!fs::exists(topology_)) return;
    const std::string text = read_file(topology_);
    if (starts_with(text, kTopologyRemark) || starts_with(text, kTopologyComment)) return;
    fail(
        "cannot write {}: its atoms would be listed in {}, which exists and was not written by Cryomer as a "
        "topology. "
        "Choose another name",
        path_, topology_);
  }

  std::string make_topology() const {
    ModelText model(topology_, format_, structure_, false);
    const std::vector<float> own = structure_.coordinates();
    std::string text =
        formatted("{}: {}\n", format_ == CoordinateFormat::pdb ? kTopologyRemark : kTopologyComment,
                  fs::path(path_).filename().string());
    text += model.begin();
    model.append_model(text, own.data());
    return text + model.end();
  }

  std::string path_, topology_, topology_text_;
  const Structure structure_;
  CoordinateFormat format_ = CoordinateFormat::pdb;
  DcdFileWriter file_;
  int64_t frames_ = 0;
};

}  // namespace

static std::optional<TrajectoryFormat> format_to_write(const std::string& path) {
  const std::string name = lower(path);
  if (ends_with(name, ".dcd")) return TrajectoryFormat::dcd;
  if (ends_with(name, ".pdb") || ends_with(name, ".ent")) return TrajectoryFormat::pdb;
  if (ends_with(name, ".cif") || ends_with(name, ".mmcif")) return TrajectoryFormat::mmcif;
  return std::nullopt;
}

bool is_trajectory_name(const std::string& path) { return format_to_write(path).has_value(); }

std::unique_ptr<TrajectoryWriter> create_trajectory(const std::string& path, const Structure& structure) {
  const std::optional<TrajectoryFormat> format = format_to_write(path);
  if (!format) fail("cannot write a trajectory as {}: the name must end in .dcd, .pdb or .cif", path);
  if (*format == TrajectoryFormat::dcd) return std::make_unique<DcdTrajectoryWriter>(path, structure);
  return std::make_unique<ModelTextWriter>(path, *format == TrajectoryFormat::pdb ? CoordinateFormat::pdb : CoordinateFormat::mmcif, structure);
}

void write_ensemble(const std::string& path, const Structure& structure, const Ensemble& ensemble) {
  if (ensemble.atom_count != structure.atom_count()) {
    fail("cannot write {}: its conformations have {} atoms, the structure {} has {}", path,
         ensemble.atom_count, structure.source, structure.atom_count());
  }
  const std::unique_ptr<TrajectoryWriter> writer = create_trajectory(path, structure);
  for (int64_t i = 0; i < ensemble.size(); ++i) writer->write(ensemble.conformation(i));
  writer->commit();
}

}  // namespace cryomer
