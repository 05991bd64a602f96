# rolebridge_library(NAME SOURCES a.cc b.cc LINKS rolebridge_base ...)
function(rolebridge_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINKS;PRIVATE_LINKS" ${ARGN})
  if(ARG_SOURCES)
    add_library(${name} STATIC ${ARG_SOURCES})
    target_link_libraries(${name} PUBLIC rolebridge_options ${ARG_LINKS} PRIVATE ${ARG_PRIVATE_LINKS})
  else()
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE rolebridge_options ${ARG_LINKS})
  endif()
endfunction()

# rolebridge_program(rolebridge-web SOURCES main.cc LINKS rolebridge_web)
function(rolebridge_program name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINKS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE rolebridge_options ${ARG_LINKS})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
endfunction()

# rolebridge_test(aws_test SOURCES aws/arn_test.cc ... LINKS rolebridge_aws): one program of
# GoogleTests, registered with ctest as one test.
function(rolebridge_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINKS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE rolebridge_options ${ARG_LINKS} GTest::gtest_main GTest::gmock)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  target_compile_definitions(${name} PRIVATE
    ROLEBRIDGE_SOURCE_DIR="${PROJECT_SOURCE_DIR}" ROLEBRIDGE_BINARY_DIR="${CMAKE_BINARY_DIR}")
  rolebridge_claim_test(${name})
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES TIMEOUT 300)
endfunction()

# Two folders may have files of one name, but not tests: ctest would take one for the other.
function(rolebridge_claim_test name)
  get_property(names GLOBAL PROPERTY ROLEBRIDGE_TEST_NAMES)
  if(name IN_LIST names)
    message(FATAL_ERROR "there are two tests called ${name}")
  endif()
  set_property(GLOBAL APPEND PROPERTY ROLEBRIDGE_TEST_NAMES ${name})
endfunction()

# rolebridge_python_test(name file.py [TIMEOUT seconds]): a unittest module run by Debian's Python
# (its packages, not those of another interpreter that stands earlier in PATH).
function(rolebridge_python_test name file)
  cmake_parse_arguments(ARG "" "TIMEOUT" "" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  rolebridge_claim_test(${name})
  add_test(NAME ${name} COMMAND /usr/bin/python3 -B ${CMAKE_CURRENT_SOURCE_DIR}/${file} -v)
  set_tests_properties(${name} PROPERTIES TIMEOUT ${ARG_TIMEOUT}
    ENVIRONMENT "ROLEBRIDGE_SOURCE_DIR=${PROJECT_SOURCE_DIR};ROLEBRIDGE_BINARY_DIR=${CMAKE_BINARY_DIR};PYTHONPATH=${PROJECT_SOURCE_DIR}/tests/support")
endfunction()
