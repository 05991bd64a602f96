# How everything of ours is compiled. Warnings are errors; the hardening is that of Debian's own
# packages and a little more, since these programs read what strangers write.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()

option(ROLEBRIDGE_TESTS "Build the tests" ON)
option(ROLEBRIDGE_FUZZ "Build the fuzz targets (needs clang)" OFF)
set(ROLEBRIDGE_SANITIZE "" CACHE STRING "address, thread or empty")

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

add_library(rolebridge_options INTERFACE)
target_include_directories(rolebridge_options INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(rolebridge_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast -Wformat=2
  -Wnon-virtual-dtor -Woverloaded-virtual -Wimplicit-fallthrough -Werror
  -fstack-protector-strong -fstack-clash-protection -fcf-protection -fno-omit-frame-pointer)
# Designated initialisers leave out fields that have defaults; that is what they are for.
target_compile_options(rolebridge_options INTERFACE -Wno-missing-field-initializers)
target_link_options(rolebridge_options INTERFACE -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack)

if(ROLEBRIDGE_SANITIZE STREQUAL "address")
  target_compile_options(rolebridge_options INTERFACE
    -fsanitize=address,undefined -fno-sanitize-recover=all)
  target_link_options(rolebridge_options INTERFACE -fsanitize=address,undefined)
elseif(ROLEBRIDGE_SANITIZE STREQUAL "thread")
  target_compile_options(rolebridge_options INTERFACE -fsanitize=thread)
  target_link_options(rolebridge_options INTERFACE -fsanitize=thread)
elseif(NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
  # -U first: some distributions' compilers define it themselves.
  target_compile_options(rolebridge_options INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
  # With optimisation g++ 12 takes every std::variant that is moved for uninitialised; the builds
  # under sanitizers are what finds the real ones.
  target_compile_options(rolebridge_options INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
endif()
