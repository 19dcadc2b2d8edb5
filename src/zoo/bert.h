// BERT's encoder (Devlin et al. 2018) as exporters write it: what speed is measured on.
#pragma once

#include "ir/graph.h"

namespace twofour::zoo {

struct BertOptions {
  int64_t layers = 12, width = 768, heads = 12;
  int64_t vocabulary = 30522, sequence = 128;
  uint64_t seed = 1;
};

/// Inputs input_ids, token_type_ids and attention_mask i64[N,sequence] (mask: 1 counts, 0 does not); output
/// last_hidden_state f32[N,sequence,width]. The default is BERT-base: 108,891,648 weights less the positions
/// beyond `sequence`.
Graph make_bert(const BertOptions& options = {});

}  // namespace twofour::zoo
