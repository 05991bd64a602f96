#pragma once

#include <istream>
#include <ostream>
#include <string>

#include "bridge/base/clock.h"

namespace rolebridge::cli {

struct SimulateOptions {
  std::string file = "-";   // "-": standard input
  std::string now;          // xs:dateTime; empty: the clock
  std::string certificate;  // PEM file; empty: only what the response itself brings
  std::string acs_url;      // empty: any of AWS's
  bool as_json = false;
};

// `rolebridge simulate`: a captured response, ours or not, against AWS's rules as aws-saml.md
// numbers them. A line a finding on `out`, then what AWS would make of it. Nothing in the response
// is believed, loaded or printed raw.
// 0: AWS would take it; 1: it would not; 2: it, or an option, can't be read (why is on `err`).
int Simulate(const SimulateOptions& options, const Clock& clock, std::istream& in,
             std::ostream& out, std::ostream& err);

}  // namespace rolebridge::cli
