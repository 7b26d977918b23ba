// Numbers as texts, both ways. Pure functions; independent of the locale.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tocsin {

// A decimal number and nothing else: [+|-] digits [. digits] [e|E [+|-] digits]. Leading zeros are fine; "1."
// and ".5", "nan", "inf" and hexadecimal are not. Too large for a double, or empty: nothing.
[[nodiscard]] std::optional<double> parse_number(std::string_view text);

// Shortest text that reads back as the same double; integral values without ".0" ("3", "0.1", "1e+300").
[[nodiscard]] std::string format_number(double value);

// As Java prints a double, which CloudWatch's reasons do: "50.0", "1.0E7", "0.0666851903306472".
[[nodiscard]] std::string format_number_java(double value);

}  // namespace tocsin
