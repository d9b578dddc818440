// perturb_poses IN.star OUT.star DEGREES A: every particle's pose turned by so many degrees about a random axis and moved by so
// many A in a random direction. What a consensus refinement might have left, for measuring `train --poses refine`.
#include <cmath>
#include <cstdio>
#include <filesystem>

#include "cryomer/base/units.h"
#include "cryomer/data/particle_stack.h"

int main(int count, char** arguments) {
  using namespace cryomer;
  if (count != 5) {
    std::fprintf(stderr, "usage: perturb_poses IN.star OUT.star DEGREES A\n");
    return 2;
  }
  try {
    ParticleStackOptions options;
    options.require_poses = true;
    options.data_dir = std::filesystem::absolute(arguments[1]).parent_path().string();
    const ParticleStack stack = ParticleStack::open(arguments[1], options);
    const double angle = radians(std::stod(arguments[3])), distance = std::stod(arguments[4]);
    Random random(5);
    std::vector<Pose> poses;
    for (int64_t i = 0; i < stack.size(); ++i) {
      Pose pose = stack.pose(i);
      const Vec3 axis = normalized(Vec3{random.normal(), random.normal(), random.normal()});
      const double direction = 2 * kPi * random.uniform();
      pose.rotation = rotation_from_vector(angle * axis) * pose.rotation;
      pose.shift_x += distance * std::cos(direction);
      pose.shift_y += distance * std::sin(direction);
      poses.push_back(pose);
    }
    write_star(arguments[2], with_poses(stack.star(), poses));
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "error: %s\n", problem.what());
    return 1;
  }
  return 0;
}
