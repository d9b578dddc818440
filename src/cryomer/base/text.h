// Small text functions: strict number parsing, nearest names for error messages, durations.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cryomer {

std::string_view trimmed(std::string_view text);
std::string lower(std::string_view text);
bool starts_with(std::string_view text, std::string_view prefix);
bool ends_with(std::string_view text, std::string_view suffix);
std::vector<std::string> split(std::string_view text, char separator);
std::string join(const std::vector<std::string>& parts, std::string_view separator);

// The whole text as a number, or nothing. Accepts what Fortran and Python print ("1.0e+03", "nan", " 12 ").
std::optional<double> parse_double(std::string_view text);
std::optional<int64_t> parse_int(std::string_view text);

// "90", "90s", "10m", "1h30m" in seconds, or nothing.
std::optional<double> parse_duration(std::string_view text);
// 5025 s -> "1h23m45s"; below a minute with one decimal.
std::string duration_text(double seconds);
// 1234567 -> "1.2 MB"
std::string size_text(double bytes);

// The candidate closest to `name` by edit distance, empty when none is similar.
std::string nearest_name(std::string_view name, const std::vector<std::string>& candidates);
// " Did you mean 'x'?" or nothing, for the end of an error message.
std::string did_you_mean(std::string_view name, const std::vector<std::string>& candidates);

}  // namespace cryomer
