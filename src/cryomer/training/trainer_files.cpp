// What a run keeps on disk, and how it goes on from there.
#include <algorithm>
#include <filesystem>

#include "cryomer/base/log.h"
#include "cryomer/base/stop.h"
#include "cryomer/base/text.h"
#include "cryomer/training/checkpoint.h"
#include "cryomer/training/trainer.h"

namespace cryomer {

namespace {

constexpr const char* kCheckpointFormat = "cryomer checkpoint 4";

}  // namespace

void Trainer::store_data(NamedTensors& file) const {
  store_scalar(file, "data/particles", double(stack_.size()));
  file.metadata["data"] = fingerprint_.all;
  file.metadata["data_parts"] = fingerprint_.parts;
  file.metadata["format"] = kCheckpointFormat;
}

void Trainer::check_same_data(const NamedTensors& file, const std::string& source) const {
  if (const auto format = file.metadata.find("format"); format == file.metadata.end() || format->second != kCheckpointFormat) {
    fail("{}: another version of Cryomer wrote it ('{}', expected '{}'), and this one cannot go on from there. Resume with that version, or start a "
         "new run; sample, infer and report still read it",
         source, format == file.metadata.end() ? "" : format->second, kCheckpointFormat);
  }
  const auto particles = int64_t(restore_scalar(file, "data/particles", source));
  if (particles != stack_.size()) {
    fail("{}: the run was trained on {} particles but {} holds {}. Resume with the same data, or start a new run", source,
         particles, stack_.path(), stack_.size());
  }
  const auto fingerprint = file.metadata.find("data");
  if (fingerprint != file.metadata.end() && fingerprint->second != fingerprint_.all) {
    const auto parts = file.metadata.find("data_parts");
    const std::string changed = parts == file.metadata.end() ? "" : fingerprint_.differences(parts->second);
    fail("{}: the run began with other data than {} and {} hold now ({} differ). Resume with the same data, or start a new run", source, stack_.path(),
         setup_.structure.source, changed.empty() ? "rows, optics, pixels or atoms" : changed);
  }
}

void Trainer::keep_first_search(const std::function<void()>& make_room) {
  if (!make_room && !first_search_kept_) return;
  constexpr double kWorthKeeping = 30;  // seconds, of one that is stopped
  const bool stopped = stop_requested(), last = stopped || first_search_.searched == stack_.size();
  // Who stops a run did not want it to replace another.
  if (stopped && !first_search_kept_ && std::filesystem::exists(directory_.checkpoint())) return;
  const double worth = stopped ? std::min(kWorthKeeping, setup_.config.checkpoint_seconds) : setup_.config.checkpoint_seconds;
  if (!(first_search_kept_ && last) && seconds_since(last_checkpoint_) <= worth) return;
  if (!first_search_kept_) make_room();
  first_search_kept_ = true;
  NamedTensors file;
  store_poses(first_search_.found, file);
  store_scalar(file, "state/searched", double(first_search_.searched));
  store_scalar(file, "state/seconds", elapsed());
  store_data(file);
  write_safetensors(directory_.first_search(), file);
  last_checkpoint_ = std::chrono::steady_clock::now();
}

void Trainer::resume_first_search() {
  const std::string source = directory_.first_search();
  const NamedTensors file = read_safetensors(source);
  check_same_data(file, source);
  restore_poses(first_search_.found, stack_.size(), setup_.config.pose_search.candidates, file, source);
  first_search_.searched = int64_t(restore_scalar(file, "state/searched", source));
  first_search_kept_ = true;
  earlier_seconds_ = restore_scalar(file, "state/seconds", source);
  start_ = std::chrono::steady_clock::now();
  log_info("Resumed with the poses found for {} of {} particles", first_search_.searched, stack_.size());
}

void Trainer::save_checkpoint() const {
  NamedTensors checkpoint;
  store_model(model_, checkpoint);
  store_optimiser(optimiser_, checkpoint);
  store_posteriors(table_, checkpoint);
  if (poses_are_candidates()) store_poses(poses_, checkpoint);
  store_origin(setup_.origin, checkpoint);
  if (loops_moved_) store_structure(setup_.structure, checkpoint);
  store_scalar(checkpoint, "state/seconds", elapsed());
  store_scalar(checkpoint, "state/best_held_out", best_held_out_);
  store_scalar(checkpoint, "state/best_progress", best_progress_);
  store_scalar(checkpoint, "state/progress", schedule_.progress());
  store_scalar(checkpoint, "state/settling_from", schedule_.settling_from);
  store_scalar(checkpoint, "state/finished", finished_ ? 1 : 0);
  store_scalar(checkpoint, "state/summed_steps", double(summed_steps_));
  store_scalar(checkpoint, "state/encoder_loss", encoder_loss_);
  store_scalar(checkpoint, "state/summed_views", double(summed_views_));
  store_scalar(checkpoint, "state/search_seconds", search_seconds_);
  store_scalar(checkpoint, "state/searches", double(searches_));
  store_scalar(checkpoint, "state/search_due", search_due_ ? 1 : 0);
  store_scalar(checkpoint, "state/changed_poses", changed_poses_);
  checkpoint.tensors["state/figures"] = tensor_from(
      std::vector<double>{sums_.log_likelihood, sums_.kl, sums_.chain, sums_.clashes, sums_.ramachandran, sums_.centring});
  checkpoint.tensors["state/scales"] = scales_.sums;
  store_data(checkpoint);
  store_scalar(checkpoint, "data/box", double(stack_.box()));
  store_scalar(checkpoint, "data/smallest_pixel_size", smallest_pixel_size(stack_));
  checkpoint.metadata["particles"] = fingerprint_.particles;
  checkpoint.metadata["optics_groups"] = join(optics_group_names(stack_), "\n");
  checkpoint.metadata["ended"] = ended() ? "yes" : "no";
  checkpoint.metadata["config"] = config_to_json(setup_.config);
  write_safetensors(directory_.checkpoint(), checkpoint);
}

void Trainer::resume() {
  if (!std::filesystem::exists(directory_.checkpoint())) {
    resume_first_search();
    return;
  }
  const std::string source = directory_.checkpoint();
  const NamedTensors checkpoint = read_safetensors(source);
  check_same_data(checkpoint, source);
  loops_moved_ = restore_structure(setup_.structure, checkpoint, source);
  if (loops_moved_) rebuild_model();
  restore_model(model_, checkpoint, source);
  restore_optimiser(optimiser_, checkpoint, source);
  if (poses_are_candidates()) restore_poses(poses_, stack_.size(), setup_.config.pose_search.candidates, checkpoint, source);
  restore_posteriors(table_, stack_.size() * poses_.slots(), model_.latent_dim, checkpoint, source);
  earlier_seconds_ = restore_scalar(checkpoint, "state/seconds", source);
  best_held_out_ = restore_scalar(checkpoint, "state/best_held_out", source);
  best_progress_ = restore_scalar(checkpoint, "state/best_progress", source);
  schedule_.settling_from = restore_scalar(checkpoint, "state/settling_from", source);
  finished_ = restore_scalar(checkpoint, "state/finished", source) != 0;
  summed_steps_ = int64_t(restore_scalar(checkpoint, "state/summed_steps", source));
  encoder_loss_ = restore_scalar(checkpoint, "state/encoder_loss", source);
  summed_views_ = int64_t(restore_scalar(checkpoint, "state/summed_views", source));
  search_seconds_ = restore_scalar(checkpoint, "state/search_seconds", source);
  searches_ = int64_t(restore_scalar(checkpoint, "state/searches", source));
  search_due_ = restore_scalar(checkpoint, "state/search_due", source) != 0;
  begun_ = true;
  changed_poses_ = restore_scalar(checkpoint, "state/changed_poses", source);
  const Tensor figures = restore_tensor(checkpoint, "state/figures", {6}, source);
  const auto f = figures.accessor<double, 1>();
  sums_ = {};  // what is in no row of the metrics is not kept
  sums_.log_likelihood = f[0];
  sums_.kl = f[1];
  sums_.chain = f[2];
  sums_.clashes = f[3];
  sums_.ramachandran = f[4];
  sums_.centring = f[5];
  scales_.sums.copy_(restore_tensor(checkpoint, "state/scales", scales_.sums.sizes(), source));
  metrics_.cut_after(optimiser_.steps);
  start_ = std::chrono::steady_clock::now();
  // With other limits the same step is at another share of the run, and what was measured from there moves along.
  look_at_the_clock();
  const double moved = schedule_.progress() - restore_scalar(checkpoint, "state/progress", source);
  best_progress_ += moved;
  if (schedule_.settling()) schedule_.settling_from = std::max(0.0, schedule_.settling_from + moved);
  log_info("Resumed at step {}", optimiser_.steps);
  if (finished_) log_info("The run had settled: nothing is left to do");
}

}  // namespace cryomer
