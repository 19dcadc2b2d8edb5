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
  set(CMAKE_CXX_COMPILER_LAUNCHER ${TWOFOUR_CCACHE})
endif()

add_library(twofour_flags INTERFACE)
# GCC is the reference compiler; clang (tsan, fuzz, clang-tidy) only warns.
target_compile_options(twofour_flags INTERFACE
  -Wall -Wextra -Wshadow -Wnon-virtual-dtor -Wno-missing-field-initializers
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict -Werror>)
# Places in messages are relative to the source tree.
target_compile_options(twofour_flags INTERFACE -fmacro-prefix-map=${PROJECT_SOURCE_DIR}/=)
# Results must not depend on the ISA level a file happens to be built for: no implicit contraction.
target_compile_options(twofour_flags INTERFACE -ffp-contract=off)
if(TWOFOUR_SANITIZE)
  target_compile_options(twofour_flags INTERFACE
    -fsanitize=${TWOFOUR_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(twofour_flags INTERFACE -fsanitize=${TWOFOUR_SANITIZE})
endif()
