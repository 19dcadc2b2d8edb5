#!/usr/bin/env bash
# check_layers accepts a clean tree and names every kind of violation. Usage: check_layers_test.sh <check_layers>
set -euo pipefail
check=$1
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

# tree: a fresh clean tree in $root.
tree() {
  rm -rf "${root:?}"/*
  mkdir -p "$root"/src/{base,ir,ops,onnx,api,cli} "$root/include/twofour"
  cat >"$root/ARCHITECTURE.md" <<'TABLE'
| folder | what | may include |
|---|---|---|
| base/ | values | – |
| ir/ | graph | base |
| ops/ | ops | ir |
| onnx/ | files | ops |
| quant/ | planned | ops |
| api/ | promises | all above |
| cli/ | commands | public API only |
TABLE
  printf '#include <vector>\n#include "twofour/a.h"\n' >"$root/src/base/a.h"
  echo '#include "base/a.h"' >"$root/src/ir/a.h"
  printf '#include "ops/a.h"\n#include "base/a.h"\n' >"$root/src/ops/a.cpp"  # ops -> ir -> base
  echo '#include "ir/a.h"' >"$root/src/ops/a.h"
  echo '#include <onnx/onnx_pb.h>' >"$root/src/onnx/a.cpp"
  echo '#include "twofour/b.h"' >"$root/include/twofour/a.h"
  printf '#include "twofour/a.h"\n#include "ops/a.h"\n' >"$root/src/api/a.cpp"
  printf '#include "twofour/a.h"\n#include "cli/a.h"\n' >"$root/src/cli/a.cpp"
}

accept() {
  "$check" "$root" >"$root/out" 2>&1 && return
  echo "refused, but should pass: $1"
  cat "$root/out"
  exit 1
}
# refuse <what> <text>: check_layers fails and says <text>.
refuse() {
  if "$check" "$root" >"$root/out" 2>&1 || ! grep -qF -- "$2" "$root/out"; then
    echo "should be refused with '$2': $1"
    cat "$root/out"
    exit 1
  fi
  tree
}

tree
accept "the clean tree"

echo '#include "ir/a.h"' >>"$root/src/base/a.h"
refuse "a lower module includes a higher one" \
  'src/base/a.h:3: base/ may not include "ir/a.h" (allowed: include/twofour/)'

echo '#  include "onnx/a.h"' >"$root/src/ops/table.inc"
refuse "an edge in a table" 'src/ops/table.inc:1: ops/ may not include "onnx/a.h" (allowed: base/ ir/ include/twofour/)'

echo '#include <ops/a.h>' >>"$root/src/ir/a.h"
refuse "an own header in angle brackets" 'src/ir/a.h:2: ir/ may not include "ops/a.h"'

echo '#include "ir/a.h"' >>"$root/src/cli/a.cpp"
refuse "the command line bypasses the public API" \
  'src/cli/a.cpp:3: cli/ may not include "ir/a.h" (allowed: include/twofour/)'

echo '#include "base/a.h"' >>"$root/include/twofour/a.h"
refuse "a public header leaks a module" 'include/twofour/ may not include "base/a.h"'

echo '#include "util/a.h"' >>"$root/src/ops/a.cpp"
refuse "a header of no module" 'src/ops/a.cpp:3: "util/a.h" is in no module'

mkdir "$root/src/util" && touch "$root/src/util/a.h"
refuse "a folder without a row" 'src/util/ has no row'

sed -i 's/planned/quantisation/' "$root/ARCHITECTURE.md"
refuse "a row without a folder" 'src/quant/ does not exist'

sed -i 's/| ir |/| irr |/' "$root/ARCHITECTURE.md"
refuse "a row that names an unknown module" 'ops/ names irr, which has no row'

sed -i '/^| base/p' "$root/ARCHITECTURE.md"
refuse "a module with two rows" 'two rows for base/'

echo 'No table.' >"$root/ARCHITECTURE.md"
refuse "a page without the table" 'no module table'

rm -r "$root/src"
refuse "a tree without sources" 'no ARCHITECTURE.md or no src/'
