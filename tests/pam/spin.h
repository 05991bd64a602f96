#pragma once

#include <unistd.h>

namespace rolebridge::pam {

// A loop that calls nobody.
[[noreturn]] inline void SpinForever() {
  volatile unsigned counter = 0;
  while (true) {
    counter = counter + 1;
#ifdef __SANITIZE_THREAD__
    // ThreadSanitizer hands a signal over only at the next call that it knows.
    if (counter % 1024 == 0) usleep(0);
#endif
  }
}

}  // namespace rolebridge::pam
