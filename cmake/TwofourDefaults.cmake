# Language level, warnings and sanitizers, the same for every target.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib)

find_program(TWOFOUR_CCACHE ccache)
if(TWOFOUR_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # ccache keeps objects that use a precompiled header only when told that this is meant.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${TWOFOUR_CCACHE})
endif()

add_library(twofour_flags INTERFACE)
# GCC is the reference compiler; clang (tsan, fuzz, clang-tidy) only warns. What is switched off are GCC 12's false alarms
# about `"text" + std::string` (its bug 105651).
target_compile_options(twofour_flags INTERFACE
  -Wall -Wextra -Wshadow -Wnon-virtual-dtor -Wno-missing-field-initializers
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict -Wno-stringop-overflow -Wno-array-bounds -Werror>)
# Places in messages are relative to the source tree.
target_compile_options(twofour_flags INTERFACE -fmacro-prefix-map=${PROJECT_SOURCE_DIR}/=)
# Results must not depend on the ISA level a file happens to be built for: no implicit contraction.
target_compile_options(twofour_flags INTERFACE -ffp-contract=off)
if(TWOFOUR_SANITIZE)
  target_compile_options(twofour_flags INTERFACE
    -fsanitize=${TWOFOUR_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(twofour_flags INTERFACE -fsanitize=${TWOFOUR_SANITIZE})
endif()
# For code that no time is spent in: two thirds of the time to compile.
add_library(twofour_unhurried INTERFACE)
target_compile_options(twofour_unhurried INTERFACE $<$<CONFIG:Release>:-O1>)

# source_dir.h tells programs of the build tree where the sources are; in a file, since a definition on every command line
# would keep a compiler cache from serving two checkouts.
set(TWOFOUR_GENERATED_DIR ${CMAKE_BINARY_DIR}/generated)
file(CONFIGURE OUTPUT ${TWOFOUR_GENERATED_DIR}/source_dir.h
  CONTENT "#pragma once\n#define TWOFOUR_SOURCE_DIR \"${PROJECT_SOURCE_DIR}\"\n")
