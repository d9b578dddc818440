// What figures mean, in sentences: what an ensemble or a posterior gets right, and what is wrong with it.
//
// A sentence says "wrong" only where a figure is both beyond what chance makes of draws of these sizes and large enough to
// matter; each rule's thresholds stand with it in findings.cpp.
#pragma once

#include <string>
#include <vector>

#include "cryomer/evaluation/ensemble_comparison.h"
#include "cryomer/evaluation/posterior_comparison.h"

namespace cryomer {

enum class Verdict { good, note, wrong };
std::string name_of(Verdict verdict);  // "good"

struct Finding {
  Verdict verdict = Verdict::note;
  std::string subject;  // emd_rmsd, mirror_image, states, group, distance, motion, fluctuations, geometry, calibration, ...
  std::string text;     // a sentence
};

// Wrong ones first, then notes, then what is good.
std::vector<Finding> findings(const EnsembleComparison& ensemble);
std::vector<Finding> findings(const PosteriorComparison& posterior);

// One line for each, under a heading; empty without any.
std::string findings_text(const std::vector<Finding>& findings);

}  // namespace cryomer
