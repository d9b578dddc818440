#include "cryomer/training/metrics.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "cryomer/base/atomic_file.h"
#include "cryomer/base/error.h"
#include "cryomer/base/text.h"

namespace cryomer {

namespace {

constexpr const char* kHeader =
    "step,epoch,seconds,stage,log_likelihood,kl,chain,clashes,ramachandran,centring,held_out_log_likelihood,held_out_kl,held_out_chain,"
    "base_log_likelihood,encoder_loss,scale,images_per_second,effective_candidates,"
    "pose_entropy,best_pose_weight,best_pose_changed\n";

}  // namespace

void MetricsFile::append(const MetricsRow& r) const {
  const bool fresh = !std::filesystem::exists(path_);
  std::FILE* file = std::fopen(path_.c_str(), "a");
  if (!file) fail("cannot write {}: {}", path_, std::strerror(errno));
  const std::string text =
      (fresh ? kHeader : "") +
      formatted("{},{},{:.2f},{},{:.4f},{:.4f},{:.4f},{:.4f},{:.4f},{:.6f},{:.4f},{:.4f},{:.4f},{:.4f},{:.4f},{:.6g},{:.1f},{:.4f},{:.4f},{:.4f},{:.4f}\n", r.step,
                r.epoch, r.seconds, r.stage, r.training.log_likelihood, r.training.kl, r.training.chain,
                r.training.clashes, r.training.ramachandran, r.training.centring, r.held_out.log_likelihood, r.held_out.kl, r.held_out.chain, r.base_log_likelihood,
                r.encoder_loss, r.scale, r.images_per_second, r.effective_candidates, r.pose_entropy, r.best_pose_weight,
                r.best_pose_changed);
  const bool written = std::fputs(text.c_str(), file) >= 0;
  if (std::fclose(file) != 0 || !written) fail("cannot write {}: {}", path_, std::strerror(errno));
}

void MetricsFile::cut_after(int64_t step) const {
  if (!std::filesystem::exists(path_)) return;
  std::string kept;
  for (const std::string& line : split(read_file(path_), '\n')) {
    if (line.empty()) continue;
    const auto row_step = parse_int(split(line, ',').front());
    if (row_step && *row_step > step) continue;
    kept += line + "\n";
  }
  write_file_atomically(path_, kept);
}

}  // namespace cryomer
