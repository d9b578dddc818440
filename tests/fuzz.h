// Broken copies of good files, for the tests of everything that reads a file.
#pragma once

#include <fstream>
#include <functional>
#include <string>

#include "cryomer/base/error.h"
#include "cryomer/base/random.h"
#include "testing.h"

namespace cryomer::testing {

// Flips, deletes, inserts or cuts bytes of `good` and hands each result, as a file, to `read`. That must
// succeed or throw an Error; anything else ends the test program.
inline void fuzz(const std::string& good, const std::string& name, int mutations,
                 const std::function<void(const std::string& path)>& read) {
  const std::string path = scratch_folder() + "/" + name;
  int failures = 0;
  for (int i = 0; i < mutations; ++i) {
    Random random(20240607, static_cast<uint64_t>(i));
    std::string bytes = good;
    const int edits = 1 + static_cast<int>(random.below(4));
    for (int edit = 0; edit < edits && !bytes.empty(); ++edit) {
      const size_t at = random.below(bytes.size());
      switch (random.below(5)) {
        case 0:
          bytes[at] = static_cast<char>(random.below(256));
          break;
        case 1:
          bytes[at] = static_cast<char>(bytes[at] ^ (1 << random.below(8)));
          break;
        case 2:
          bytes.erase(at, 1 + random.below(20));
          break;
        case 3:
          bytes.insert(at, 1 + random.below(20), static_cast<char>(random.below(256)));
          break;
        default:
          bytes.resize(at);
          break;
      }
    }
    std::ofstream(path, std::ios::binary)
        << bytes;  // not synced to disk, which takes longer than the reading
    try {
      read(path);
    } catch (const Error&) {
      ++failures;
    }
  }
  EXPECT_GT(failures, mutations / 20) << "hardly any mutation was noticed: does the reader look at the file?";
}

}  // namespace cryomer::testing
