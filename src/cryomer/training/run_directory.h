// The folder of a run: what is in it and where.
#pragma once

#include <string>

namespace cryomer {

struct RunDirectory {
  std::string path;

  std::string config() const { return path + "/config.json"; }
  std::string checkpoint() const { return path + "/checkpoint.safetensors"; }
  // Poses found so far, until there is a checkpoint.
  std::string first_search() const { return path + "/first_search.safetensors"; }
  // What was found out about the model after training, for those who infer with it.
  std::string inference() const { return path + "/inference.json"; }
  std::string metrics() const { return path + "/metrics.csv"; }
  std::string log() const { return path + "/log.txt"; }
  // The base structure as it was given, so that a run can be used when the original has moved; with its extension.
  std::string structure(const std::string& original) const;
  // Whether a file of this name in the folder is one of these.
  bool owns(const std::string& name) const;
};

// Removes what a program that was killed was writing into the folder; only while no other one writes there.
void remove_half_written(const RunDirectory& directory);

// Creates an output folder, or fails when it exists and is not empty and neither flag allows that.
void prepare_output_folder(const std::string& path, bool overwrite, bool resume);

}  // namespace cryomer
