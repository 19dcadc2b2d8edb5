// Expansions by family, for the table in expansions.cpp.
#pragma once

#include "onnx/opset_adapters.h"

namespace twofour::onnx_io {

// activation.cpp
void ms_bias_gelu(Draft& draft);
void ms_fast_gelu(Draft& draft);
void ms_gelu(Draft& draft);
void ms_quick_gelu(Draft& draft);

// attention.cpp, group_query_attention.cpp, rotary.cpp
void ms_attention(Draft& draft);
void ms_group_query_attention(Draft& draft);
void ms_multi_head_attention(Draft& draft);
void ms_rotary_embedding(Draft& draft);

// embedding.cpp
void ms_embed_layer_norm(Draft& draft);

// legacy.cpp
void legacy_affine(Draft& draft);
void legacy_crop(Draft& draft);
void legacy_image_scaler(Draft& draft);
void legacy_parametric_softplus(Draft& draft);
void legacy_scale(Draft& draft);
void legacy_scaled_tanh(Draft& draft);

// ml.cpp, trees.cpp
void ml_array_feature_extractor(Draft& draft);
void ml_binarizer(Draft& draft);
void ml_feature_vectorizer(Draft& draft);
void ml_imputer(Draft& draft);
void ml_label_encoder(Draft& draft);
void ml_linear_classifier(Draft& draft);
void ml_linear_regressor(Draft& draft);
void ml_normalizer(Draft& draft);
void ml_one_hot_encoder(Draft& draft);
void ml_scaler(Draft& draft);
void ml_tree_ensemble(Draft& draft);
void ml_tree_ensemble_classifier(Draft& draft);
void ml_tree_ensemble_regressor(Draft& draft);
void ml_zip_map(Draft& draft);

// normalisation.cpp
void ms_skip_layer_norm(Draft& draft);
void ms_skip_rms_norm(Draft& draft);
void simplified_layer_norm(Draft& draft);

// product.cpp
void ms_fused_conv(Draft& draft);
void ms_fused_gemm(Draft& draft);
void ms_fused_matmul(Draft& draft);

// quantised.cpp
void ms_dynamic_quantize_matmul(Draft& draft);
void ms_linear(Draft& draft);  // DequantizeLinear and QuantizeLinear mean what ONNX's do
void ms_matmul_integer_to_float(Draft& draft);
void ms_q_gemm(Draft& draft);

// quantised_blocks.cpp, quantised_lstm.cpp
void ms_dynamic_quantize_lstm(Draft& draft);
void ms_matmul_nbits(Draft& draft);
void ms_q_attention(Draft& draft);
void ms_q_embed_layer_norm(Draft& draft);

// quantised_linear.cpp
void ms_nhwc_max_pool(Draft& draft);
void ms_q_linear_add(Draft& draft);
void ms_q_linear_average_pool(Draft& draft);
void ms_q_linear_concat(Draft& draft);
void ms_q_linear_global_average_pool(Draft& draft);
void ms_q_linear_leaky_relu(Draft& draft);
void ms_q_linear_mul(Draft& draft);
void ms_q_linear_sigmoid(Draft& draft);
void ms_q_linear_softmax(Draft& draft);
void q_linear_conv(Draft& draft);
void q_linear_matmul(Draft& draft);

}  // namespace twofour::onnx_io
