#include "cryomer/io/viewer_script.h"

#include <filesystem>

#include "cryomer/base/atomic_file.h"
#include "cryomer/base/format.h"
#include "cryomer/base/text.h"

namespace cryomer {

namespace {

namespace fs = std::filesystem;

constexpr int64_t kMostMorphed = 30;  // states that are opened as separate models
constexpr int kMorphFrames = 20;      // between two states

bool is_dcd(const ViewedFile& file) {
  return ends_with(lower(file.name), ".dcd");
}

std::string quoted(const std::string& name) {
  std::string text = "\"";
  for (const char c : name) text += c == '"' || c == '\\' ? std::string("\\") + c : std::string(1, c);
  return text + "\"";
}

// PyMOL's object: the name without its ending, and nothing but letters, digits and underscores.
std::string object_name(const std::string& name) {
  std::string text = fs::path(name).stem().string();
  for (char& c : text) {
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  }
  return text;
}

}  // namespace

std::string chimerax_script(const std::vector<ViewedFile>& files) {
  std::string text = "# UCSF ChimeraX: open this file, or drop it on the window.\nset bgColor white\n";
  int model = 0;
  for (const ViewedFile& file : files) {
    ++model;
    if (file.kind == ViewedFile::Kind::map) {
      text += formatted("open {}\nvolume #{} transparency 0.6\n", quoted(file.name), model);
      continue;
    }
    const bool morphed = file.kind == ViewedFile::Kind::states && !is_dcd(file) && file.count > 1 && file.count <= kMostMorphed;
    if (is_dcd(file)) {
      text += formatted("open {}\nopen {} structureModel #{}\n", quoted(file.topology), quoted(file.name), model);
    } else if (morphed) {
      text += formatted("open {}\n", quoted(file.name));
    } else {
      text += formatted("open {} coordsets true\n", quoted(file.name));
    }
    text += formatted("hide #{0} atoms\nshow #{0} cartoons\nrainbow #{0}\n", model);
    if (morphed) {
      // Each state onto the first, then a morph through all of them and back; the states themselves make room.
      text += formatted("matchmaker #{0}.2-{1} to #{0}.1\nmorph #{0}.1-{1} frames {2} wrap true same true\nhide #{0} models\n",
                        model, file.count, kMorphFrames);
      ++model;  // the morph
      text += formatted("hide #{0} atoms\nshow #{0} cartoons\nrainbow #{0}\ncoordset #{0} 1,-1 loop 20\n", model);
    } else if (file.count > 1) {
      text += formatted("coordset #{0} 1,-1 loop 20 bounce true\ncoordset slider #{0}\n", model);
    }
  }
  if (files.size() > 1) text += "tile\n";
  return text + "lighting soft\nview\n";
}

std::string pymol_script(const std::vector<ViewedFile>& files) {
  std::string text = "# PyMOL: start it in this folder and say @ and the name of this file.\nbg_color white\nset all_states, 0\n";
  int64_t longest = 1;
  for (const ViewedFile& file : files) {
    const std::string object = object_name(file.name);
    if (file.kind == ViewedFile::Kind::map) {
      text += formatted("load {0}, {1}\nisosurface {1}_surface, {1}, 3\nset transparency, 0.6, {1}_surface\n", file.name, object);
      continue;
    }
    if (is_dcd(file)) {
      text += formatted("load {0}, {1}\nload_traj {2}, {1}, state=1\n", file.topology, object, file.name);
    } else {
      text += formatted("load {}, {}, multiplex=0\n", file.name, object);
    }
    text += formatted("intra_fit {0} and name CA\nhide everything, {0}\nshow cartoon, {0}\nspectrum resi, rainbow, {0}\n", object);
    longest = std::max(longest, file.count);
  }
  if (longest > 1) text += formatted("mset 1 -{0} {1} -2\nmplay\n", longest, std::max<int64_t>(1, longest - 1));
  return text + "orient\n";
}

std::vector<std::string> viewer_script_names(const std::string& path) {
  return {fs::path(path).replace_extension(".cxc").string(), fs::path(path).replace_extension(".pml").string()};
}

void write_viewer_scripts(const std::string& path, int64_t count, ViewedFile::Kind kind) {
  ViewedFile file;
  file.name = fs::path(path).filename().string();
  file.count = count;
  file.kind = kind;
  if (is_dcd(file)) {
    // The list of atoms beside it is an mmCIF file where PDB cannot hold them.
    const fs::path cif = fs::path(path).replace_extension(".cif"), pdb = fs::path(path).replace_extension(".pdb");
    file.topology = (fs::exists(pdb) ? pdb : cif).filename().string();
  }
  const std::vector<std::string> names = viewer_script_names(path);
  write_file_atomically(names[0], chimerax_script({file}));
  write_file_atomically(names[1], pymol_script({file}));
}

}  // namespace cryomer
