#include "cryomer/report/explorer.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <gemmi/elem.hpp>
#include <limits>
#include <nlohmann/json.hpp>
#include <numeric>

#include "cryomer/base/format.h"
#include "cryomer/base/text.h"
#include "cryomer/report/color_ramp.h"
#include "cryomer/report/coordinate_code.h"
#include "cryomer/report/png.h"
#include "cryomer/report/zlib_stream.h"

namespace cryomer {

namespace {

using Json = nlohmann::ordered_json;

// Elements with packed bytes, and the names that JSON calls them by.
class Blocks {
 public:
  std::string add(const std::string& bytes) {
    const std::string name = formatted("block{}", count_++);
    markup_ += formatted("<script type=\"text/plain\" id=\"{}\">{}</script>\n", name, base64(zlib_stream(bytes)));
    return name;
  }
  template <class Stored, class Value>
  std::string add_as(const std::vector<Value>& values) {
    std::vector<Stored> stored(values.begin(), values.end());
    std::string bytes(stored.size() * sizeof(Stored), '\0');
    if (!bytes.empty()) std::memcpy(bytes.data(), stored.data(), bytes.size());
    return add(bytes);
  }
  const std::string& markup() const { return markup_; }

 private:
  int count_ = 0;
  std::string markup_;
};

Json number_or_null(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json structures_json(const Ensemble& ensemble, const std::vector<int>& atoms, const Structure& base, Blocks& blocks) {
  std::vector<float> reference;
  for (const int atom : atoms) {
    for (int k = 0; k < 3; ++k) reference.push_back(float(base.atoms[atom].position[k]));
  }
  const CoordinateCode code = encode_coordinates(ensemble, reference);
  return {{"count", ensemble.size()}, {"step", code.step}, {"block", blocks.add(code.bytes)}};
}

Json structure_json(const Explorer& explorer, Blocks& blocks) {
  const Structure& base = explorer.structure;
  Json names = Json::array(), elements = Json::array(), residues = Json::array();
  std::vector<int> residue_of;
  for (const Atom& atom : base.atoms) {
    names.push_back(atom.name);
    elements.push_back(gemmi::Element(atom.atomic_number).name());
    residue_of.push_back(atom.residue);
  }
  for (size_t r = 0; r < base.residues.size(); ++r) {
    const Residue& residue = base.residues[r];
    const char* kind = residue.kind == ResidueKind::protein ? "protein" : residue.kind == ResidueKind::nucleotide ? "nucleotide" : "other";
    residues.push_back({residue.chain, residue.number, std::string(1, residue.insertion_code), residue.name, kind,
                        r < explorer.rmsf.size() ? number_or_null(explorer.rmsf[r]) : Json(nullptr)});
  }
  return {{"names", names}, {"elements", elements}, {"residues", residues}, {"residueOf", blocks.add_as<int32_t>(residue_of)},
          {"coordinates", blocks.add_as<float>(base.coordinates())}};
}

const char* name_of(Movie::Kind kind) {
  return kind == Movie::Kind::path ? "path" : kind == Movie::Kind::states ? "states" : "ensemble";
}

const char* name_of(PointColumn::Role role) {
  switch (role) {
    case PointColumn::Role::component: return "component";
    case PointColumn::Role::distance: return "distance";
    case PointColumn::Role::true_distance: return "true";
    case PointColumn::Role::other: break;
  }
  return "other";
}

Json points_json(const Explorer& explorer, Blocks& blocks) {
  Json columns = Json::array();
  std::vector<double> values;
  for (const PointColumn& column : explorer.columns) {
    columns.push_back({{"name", column.name}, {"unit", column.unit}, {"role", name_of(column.role)},
                       {"cut", column.cut ? Json(*column.cut) : Json(nullptr)}});
    values.insert(values.end(), column.values.begin(), column.values.end());
  }
  Json points = {{"count", explorer.rows.size()}, {"rows", blocks.add_as<int32_t>(explorer.rows)}, {"columns", columns},
                 {"values", blocks.add_as<float>(values)}, {"shown", blocks.add_as<int32_t>(explorer.shown)},
                 {"atoms", blocks.add_as<int32_t>(explorer.atoms)},
                 {"structures", structures_json(explorer.structures, explorer.atoms, explorer.structure, blocks)}};
  if (!explorer.images.empty()) points["images"] = blocks.add(join(explorer.images, "\n"));
  if (explorer.truths.size() > 0) points["truths"] = structures_json(explorer.truths, explorer.atoms, explorer.structure, blocks);
  const PointPictures& pictures = explorer.pictures;
  if (!pictures.points.empty()) {
    points["pictures"] = {{"size", pictures.size}, {"points", blocks.add_as<int32_t>(pictures.points)},
                          {"observed", blocks.add_as<uint8_t>(pictures.observed)},
                          {"predicted", blocks.add_as<uint8_t>(pictures.predicted)}};
  }
  return points;
}

}  // namespace

std::vector<int> ribbon_atoms(const Structure& structure) {
  static const std::vector<std::string> of_protein = {"N", "CA", "C", "O"};
  static const std::vector<std::string> of_nucleotide = {"P", "OP1", "OP2", "O5'", "C5'", "C4'", "C3'", "O3'", "C2'", "C1'", "O4'", "N1", "N3"};
  std::vector<int> chosen;
  for (int a = 0; a < structure.atom_count(); ++a) {
    const Atom& atom = structure.atoms[a];
    const ResidueKind kind = structure.residues[atom.residue].kind;
    const auto in = [&](const std::vector<std::string>& names) {
      return std::find(names.begin(), names.end(), atom.name) != names.end();
    };
    if (kind == ResidueKind::protein ? in(of_protein) : kind == ResidueKind::nucleotide ? in(of_nucleotide) : true) chosen.push_back(a);
  }
  return chosen;
}

void append_atoms(Ensemble& ensemble, const float* conformation, const std::vector<int>& atoms) {
  ensemble.atom_count = int64_t(atoms.size());
  for (const int atom : atoms) ensemble.coordinates.insert(ensemble.coordinates.end(), conformation + 3 * atom, conformation + 3 * atom + 3);
}

std::vector<int64_t> neighbour_order(const Ensemble& ensemble) {
  std::vector<int64_t> left(ensemble.size()), order;
  std::iota(left.begin(), left.end(), 0);
  while (!left.empty()) {
    size_t nearest = 0;
    double least = std::numeric_limits<double>::infinity();
    for (size_t k = 0; k < left.size() && !order.empty(); ++k) {
      const float *a = ensemble.conformation(order.back()), *b = ensemble.conformation(left[k]);
      double sum = 0;
      for (int64_t v = 0; v < 3 * ensemble.atom_count; ++v) sum += double(a[v] - b[v]) * double(a[v] - b[v]);
      if (sum < least) least = sum, nearest = k;
    }
    order.push_back(left[nearest]);
    left.erase(left.begin() + int64_t(nearest));
  }
  return order;
}

std::string explorer_markup(const Explorer& explorer) {
  Blocks blocks;
  Json json = {{"structure", structure_json(explorer, blocks)}};
  json["rmsfMost"] = explorer.rmsf_most;
  for (int k = 0; k <= 32; ++k) json["ramp"].push_back(ramp_color(k / 32.0));
  json["movies"] = Json::array();
  for (const Movie& movie : explorer.movies) {
    Json entry = {{"kind", name_of(movie.kind)}, {"label", movie.label}, {"remark", movie.remark},
                  {"atoms", blocks.add_as<int32_t>(movie.atoms)},
                  {"structures", structures_json(movie.frames, movie.atoms, explorer.structure, blocks)}};
    if (!movie.place.empty()) entry["place"] = movie.place;
    if (!movie.names.empty()) entry["names"] = movie.names;
    json["movies"].push_back(std::move(entry));
  }
  if (!explorer.rows.empty()) json["points"] = points_json(explorer, blocks);
  // Text that is not UTF-8 (file names may be anything) must not end the page, nor may "</script" in a name end the element.
  std::string text = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  for (size_t place = text.find("</"); place != std::string::npos; place = text.find("</", place + 3)) text.insert(place + 1, "\\");
  return "<script type=\"application/json\" id=\"explorer-data\">" + text + "</script>\n" + blocks.markup();
}

}  // namespace cryomer
