#include "cryomer/evaluation/assignment.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "cryomer/base/error.h"
#include "cryomer/base/stop.h"

namespace cryomer {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

template <class Cost>
class Solver {
 public:
  Solver(const Cost* costs, int64_t n) : costs_(costs), n_(n), column_of_(n, -1), row_of_(n, -1), price_(n) {}

  Assignment solve() {
    price_by_cheapest_row();
    if (n_ > 1) {
      auction();
      keep_exact_pairs();
      reduce_rows();
    } else {
      free_ = {0};
    }
    augment();
    return result();
  }

 private:
  struct Offer {
    double best = kInfinity, second = kInfinity;  // cost minus price
    int64_t column = -1, second_column = -1;
  };

  const Cost* row(int64_t i) const { return costs_ + i * n_; }

  // The two cheapest columns of a row. Most blocks hold neither and need only their minimum.
  Offer best_offer(int64_t i) const {
    constexpr int64_t kBlock = 32;
    const Cost* c = row(i);
    const double* price = price_.data();
    Offer offer;
    for (int64_t first = 0; first < n_; first += kBlock) {
      const int64_t end = std::min(first + kBlock, n_);
      double least = kInfinity;
#pragma omp simd reduction(min : least)
      for (int64_t j = first; j < end; ++j) {
        const double reduced = c[j] - price[j];
        least = reduced < least ? reduced : least;
      }
      if (least >= offer.second) continue;
      for (int64_t j = first; j < end; ++j) {
        const double reduced = c[j] - price[j];
        if (reduced < offer.best) {
          offer.second = offer.best;
          offer.second_column = offer.column;
          offer.best = reduced;
          offer.column = j;
        } else if (reduced < offer.second) {
          offer.second = reduced;
          offer.second_column = j;
        }
      }
    }
    return offer;
  }

  void price_by_cheapest_row() {
    std::copy(row(0), row(0) + n_, price_.begin());
    for (int64_t i = 1; i < n_; ++i) {
      const Cost* c = row(i);
      for (int64_t j = 0; j < n_; ++j) price_[j] = std::min(price_[j], static_cast<double>(c[j]));
    }
  }

  // Each unassigned row takes its cheapest column and pays what makes it dearer than its second best by an
  // increment. Large increments first settle the coarse picture fast; small ones leave little for the exact
  // part. Any prices are good enough for what follows, so a hard case may simply run out of bids.
  void auction() {
    const auto [least, most] = std::minmax_element(costs_, costs_ + n_ * n_);
    const double range = static_cast<double>(*most) - static_cast<double>(*least);
    int64_t bids_left = 100 * n_;
    for (double increment = range / 5; increment > 1e-6 * range && std::isfinite(range); increment /= 5) {
      std::fill(column_of_.begin(), column_of_.end(), -1);
      std::fill(row_of_.begin(), row_of_.end(), -1);
      std::vector<int64_t> bidders(n_);
      std::iota(bidders.begin(), bidders.end(), int64_t{0});
      while (!bidders.empty()) {
        if (bids_left-- == 0) return;
        if (stop_requested()) throw Interrupted("stopped while assigning conformations to each other");
        const int64_t i = bidders.back();
        bidders.pop_back();
        const Offer offer = best_offer(i);
        price_[offer.column] -= offer.second - offer.best + increment;
        const int64_t outbid = row_of_[offer.column];
        row_of_[offer.column] = i;
        column_of_[i] = offer.column;
        if (outbid >= 0) {
          column_of_[outbid] = -1;
          bidders.push_back(outbid);
        }
      }
    }
  }

  // Only rows that have one of their cheapest columns stay assigned.
  void keep_exact_pairs() {
    for (int64_t i = 0; i < n_; ++i) {
      const int64_t column = column_of_[i];
      if (column >= 0) {
        const Cost* c = row(i);
        double least = kInfinity;
#pragma omp simd reduction(min : least)
        for (int64_t j = 0; j < n_; ++j) {
          const double reduced = c[j] - price_[j];
          least = reduced < least ? reduced : least;
        }
        if (c[column] - price_[column] <= least) continue;
        row_of_[column] = -1;
        column_of_[i] = -1;
      }
      free_.push_back(i);
    }
  }

  // The auction without an increment: each free row takes its cheapest column at the price where its second
  // is as good, and the row driven out tries in turn. Ends when nothing is gained any more.
  void reduce_rows() {
    std::vector<int64_t> still_free;
    size_t next = 0;
    int64_t turns_left = 20 * n_;
    while (next < free_.size()) {
      const int64_t i = free_[next++];
      const Offer offer = best_offer(i);
      const double lowered = price_[offer.column] - (offer.second - offer.best);
      const bool gains = lowered < price_[offer.column];
      const int64_t column = gains || row_of_[offer.column] < 0 ? offer.column : offer.second_column;
      if (gains) price_[column] = lowered;
      const int64_t driven_out = row_of_[column];
      column_of_[i] = column;
      row_of_[column] = i;
      if (driven_out < 0) continue;
      column_of_[driven_out] = -1;
      if (gains && --turns_left > 0) {
        free_[--next] = driven_out;
      } else {
        still_free.push_back(driven_out);
      }
    }
    free_ = std::move(still_free);
  }

  // Dijkstra's shortest path in reduced costs from each free row to a free column.
  void augment() {
    std::vector<double> distance(n_);
    std::vector<int64_t> came_from(n_), columns(n_);
    for (const int64_t start : free_) {
      if (stop_requested()) throw Interrupted("stopped while assigning conformations to each other");
      const Cost* c = row(start);
      for (int64_t j = 0; j < n_; ++j) {
        distance[j] = c[j] - price_[j];
        came_from[j] = start;
        columns[j] = j;
      }
      // columns[0..done) are final, columns[done..ready) at distance `least` and next, the rest farther.
      int64_t done = 0, ready = 0, closer = 0, end = -1;
      double least = 0;
      while (end < 0) {
        if (done == ready) {
          closer = done;
          least = kInfinity;
          for (int64_t k = done; k < n_; ++k) {
            const int64_t j = columns[k];
            if (distance[j] > least) continue;
            if (distance[j] < least) {
              least = distance[j];
              ready = done;
            }
            std::swap(columns[k], columns[ready++]);
          }
          for (int64_t k = done; k < ready && end < 0; ++k) {
            if (row_of_[columns[k]] < 0) end = columns[k];
          }
          if (end >= 0) break;
        }
        const int64_t through = columns[done++];
        const int64_t i = row_of_[through];
        const Cost* via = row(i);
        const double offset = least - (via[through] - price_[through]);
        for (int64_t k = ready; k < n_; ++k) {
          const int64_t j = columns[k];
          const double reached = via[j] - price_[j] + offset;
          if (reached >= distance[j]) continue;
          distance[j] = reached;
          came_from[j] = i;
          if (reached > least) continue;
          if (row_of_[j] < 0) {
            end = j;
            break;
          }
          std::swap(columns[k], columns[ready++]);
        }
      }
      for (int64_t k = 0; k < closer; ++k) price_[columns[k]] += distance[columns[k]] - least;
      while (true) {
        const int64_t i = came_from[end];
        row_of_[end] = i;
        std::swap(end, column_of_[i]);
        if (i == start) break;
      }
    }
  }

  Assignment result() const {
    Assignment result;
    result.column_of_row = column_of_;
    result.column_price = price_;
    result.row_price.resize(n_);
    for (int64_t i = 0; i < n_; ++i) {
      const double cost = row(i)[column_of_[i]];
      result.cost += cost;
      result.row_price[i] = cost - price_[column_of_[i]];
    }
    return result;
  }

  const Cost* costs_;
  int64_t n_;
  std::vector<int64_t> column_of_, row_of_;  // -1: free
  std::vector<double> price_;                // of columns
  std::vector<int64_t> free_;                // rows
};

template <class Cost>
Assignment solve(const Cost* costs, int64_t n) {
  if (n < 1) fail("solve_assignment: the matrix has {} rows, expected at least one", n);
  for (int64_t k = 0; k < n * n; ++k) {
    if (!std::isfinite(costs[k])) {
      fail("solve_assignment: the cost of row {}, column {} is {}, expected a finite number", k / n, k % n,
           costs[k]);
    }
  }
  return Solver<Cost>(costs, n).solve();
}

}  // namespace

Assignment solve_assignment(const float* costs, int64_t n) {
  return solve(costs, n);
}
Assignment solve_assignment(const double* costs, int64_t n) {
  return solve(costs, n);
}

}  // namespace cryomer
