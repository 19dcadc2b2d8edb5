// x86 intrinsics without GCC 12's false alarms.
#pragma once

// It takes the deliberately undefined operands inside its own intrinsics for mistakes.
#pragma GCC diagnostic push
#ifndef __clang__
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <immintrin.h>
#pragma GCC diagnostic pop
