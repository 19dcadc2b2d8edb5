# twofour_precompiled(<name> <header>... [EXECUTABLE] [LINK <library>...])
#   A precompiled header for targets that say `target_precompile_headers(<target> REUSE_FROM twofour_<name>)`: the
#   standard library, fmt, and what is given. Half of the compile time of a small file is spent on these.
#   EXECUTABLE: for the sources of programs, which are compiled as -fPIE.
function(twofour_precompiled name)
  cmake_parse_arguments(ARG "EXECUTABLE" "" "LINK" ${ARGN})
  set(empty ${CMAKE_BINARY_DIR}/precompiled/${name}.cpp)
  file(CONFIGURE OUTPUT ${empty} CONTENT "")
  add_library(twofour_${name} OBJECT ${empty})
  target_link_libraries(twofour_${name} PRIVATE twofour_flags OpenMP::OpenMP_CXX fmt::fmt ${ARG_LINK})
  target_precompile_headers(twofour_${name} PRIVATE
    <algorithm> <array> <cmath> <cstdint> <cstring> <filesystem> <functional> <limits> <map> <memory> <numeric>
    <optional> <span> <string> <string_view> <unordered_map> <utility> <variant> <vector> <fmt/format.h>
    ${ARG_UNPARSED_ARGUMENTS})
  if(ARG_EXECUTABLE)
    set_target_properties(twofour_${name} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
    target_compile_options(twofour_${name} PRIVATE -fPIE)
  endif()
endfunction()

# twofour_module(<name> [UNHURRIED] [DEPENDS <module>...] [LINK <library>...] [PRECOMPILED <precompiled>])
#   One static library per folder of src/, from every .cpp below it but main.cpp; without any, a module of headers.
#   DEPENDS names other modules. UNHURRIED: no time is spent in it.
function(twofour_module name)
  cmake_parse_arguments(ARG "UNHURRIED" "PRECOMPILED" "DEPENDS;LINK" ${ARGN})
  if(NOT ARG_PRECOMPILED)
    set(ARG_PRECOMPILED library_headers)
  endif()
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.cpp)
  list(FILTER sources EXCLUDE REGEX "/main\\.cpp$")
  list(TRANSFORM ARG_DEPENDS PREPEND twofour_)
  if(NOT sources)
    add_library(twofour_${name} INTERFACE)
    target_include_directories(twofour_${name} INTERFACE ${CMAKE_CURRENT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/include)
    target_link_libraries(twofour_${name} INTERFACE ${ARG_DEPENDS} ${ARG_LINK})
    return()
  endif()
  add_library(twofour_${name} STATIC ${sources})
  target_include_directories(twofour_${name} PUBLIC ${CMAKE_CURRENT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/include)
  target_link_libraries(twofour_${name} PUBLIC ${ARG_DEPENDS} PRIVATE twofour_flags ${ARG_LINK})
  target_precompile_headers(twofour_${name} REUSE_FROM twofour_${ARG_PRECOMPILED})
  if(ARG_UNHURRIED)
    target_link_libraries(twofour_${name} PRIVATE twofour_unhurried)
  endif()
endfunction()

# twofour_test(<folder> DEPENDS <module>... [LINK <library>...])
#   One test program per folder of tests/, from every *.cpp in it.
function(twofour_test folder)
  cmake_parse_arguments(ARG "" "" "DEPENDS;LINK" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*.cpp)
  list(TRANSFORM ARG_DEPENDS PREPEND twofour_)
  add_executable(test_${folder} ${sources})
  target_include_directories(test_${folder} PRIVATE ${PROJECT_SOURCE_DIR}/tests ${TWOFOUR_GENERATED_DIR})
  target_link_libraries(test_${folder} PRIVATE
    ${ARG_DEPENDS} ${ARG_LINK} twofour_flags twofour_unhurried GTest::gmock GTest::gtest_main)
  target_precompile_headers(test_${folder} REUSE_FROM twofour_test_headers)
  gtest_discover_tests(test_${folder} DISCOVERY_MODE PRE_TEST
    PROPERTIES TIMEOUT 600 LABELS ${folder})
endfunction()

# twofour_bench(<name> [SOURCE <file>] DEPENDS <module>... [LINK <library>...])
#   The program bench_<name> from SOURCE, <name>.cpp unless given; `./x bench <name>` runs it.
function(twofour_bench name)
  cmake_parse_arguments(ARG "" "SOURCE" "DEPENDS;LINK" ${ARGN})
  list(TRANSFORM ARG_DEPENDS PREPEND twofour_)
  if(NOT ARG_SOURCE)
    set(ARG_SOURCE ${name}.cpp)
  endif()
  add_executable(bench_${name} ${ARG_SOURCE})
  target_link_libraries(bench_${name} PRIVATE ${ARG_DEPENDS} ${ARG_LINK} twofour_flags twofour_unhurried)
endfunction()

# twofour_fuzz(<name> DEPENDS <module>... [LINK <library>...])
#   The libFuzzer program fuzz_<name> from <name>.cpp; seeds lie in corpus/<name>/. `./x fuzz <name>` runs it.
function(twofour_fuzz name)
  cmake_parse_arguments(ARG "" "" "DEPENDS;LINK" ${ARGN})
  list(TRANSFORM ARG_DEPENDS PREPEND twofour_)
  add_executable(fuzz_${name} ${name}.cpp)
  target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  target_link_libraries(fuzz_${name} PRIVATE ${ARG_DEPENDS} ${ARG_LINK} twofour_flags)
endfunction()
