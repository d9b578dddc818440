// An MRC stack whose images are written in any order, and a journal of which micrographs are done, so that an interrupted run goes
// on where it was. Until the end the stack has a name of its own; then it gets its header and its name.
#pragma once

#include <mutex>
#include <string>
#include <vector>

namespace cryomer {

// What a micrograph adds to the figures of the whole, kept in the journal so that a resumed run has the same ones.
struct MicrographFigures {
  int64_t index = -1;
  double particles = 0;
  double signal_box = 0, signal_disc = 0, noise = 0;      // sums over particles of variances, squares of the images' unit
  double contrast = 0;                                    // sum of variances of the clean image relative to its background
  double electrons = 0;                                   // mean per pixel
  double background_deviation = 0;                        // counts
  double minimum = 0, maximum = 0, sum = 0, squares = 0;  // of all pixels written
};

class ResumableStack {
 public:
  // `settings` identifies the run: a journal of another one is refused. Without `resume` an old one is dropped.
  ResumableStack(const std::string& path, int64_t images, int64_t box, double pixel_size, const std::string& settings, bool resume);
  ~ResumableStack();
  ResumableStack(const ResumableStack&) = delete;
  ResumableStack& operator=(const ResumableStack&) = delete;

  // Figures of the micrographs that are done, by index; others have the index -1.
  const std::vector<MicrographFigures>& done() const { return done_; }
  void write_image(int64_t row, const float* pixels);        // [box][box]; from any thread
  void finish_micrograph(const MicrographFigures& figures);  // after its images; from any thread
  // Header and name; removes the journal.
  void commit();

 private:
  void append_journal(const std::string& line);

  std::string path_, partial_, journal_path_;
  int64_t images_, box_;
  double pixel_size_;
  int file_ = -1;
  std::FILE* journal_ = nullptr;
  std::mutex mutex_;
  std::vector<MicrographFigures> done_;
};

}  // namespace cryomer
