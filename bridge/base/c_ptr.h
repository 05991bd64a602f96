#pragma once

#include <memory>

namespace rolebridge {

// The deleter of a C library's object, as a type: using XmlDoc = CPtr<xmlDoc, xmlFreeDoc>;
template <auto kFree>
struct FreeWith {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};

template <typename T, auto kFree>
using CPtr = std::unique_ptr<T, FreeWith<kFree>>;

}  // namespace rolebridge
