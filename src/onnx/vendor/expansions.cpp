#include <array>

#include "onnx/vendor/adapters.h"
#include "onnx/vendor/expansion.h"

namespace twofour::onnx_io {
namespace {

constexpr std::string_view kMicrosoft = "com.microsoft";
constexpr std::string_view kMl = "ai.onnx.ml";
constexpr std::string_view kBinaryInputs =
    "A A_scale A_zero_point? B B_scale B_zero_point? C_scale C_zero_point?";
constexpr std::string_view kUnaryInputs = "X X_scale X_zero_point? Y_scale Y_zero_point?";
constexpr std::string_view kQLinearConvInputs =
    "x x_scale x_zero_point w w_scale w_zero_point y_scale y_zero_point B?";
constexpr std::string_view kConvAttrs =
    "activation activation_params auto_pad dilations group kernel_shape pads strides";

constexpr std::array kExpansions = {
    Expansion{"", "Affine", "X", "alpha beta consumed_inputs", legacy_affine},
    Expansion{"", "Crop", "input", "border consumed_inputs scale", legacy_crop},
    Expansion{"", "ImageScaler", "input", "bias consumed_inputs scale", legacy_image_scaler},
    Expansion{"", "ParametricSoftplus", "X", "alpha beta consumed_inputs", legacy_parametric_softplus},
    Expansion{"", "QLinearConv", kQLinearConvInputs, "auto_pad dilations group kernel_shape pads strides",
              q_linear_conv},
    Expansion{"", "QLinearMatMul", "a a_scale a_zero_point b b_scale b_zero_point y_scale y_zero_point", "",
              q_linear_matmul},
    Expansion{"", "Scale", "input", "consumed_inputs scale", legacy_scale},
    Expansion{"", "ScaledTanh", "input", "alpha beta consumed_inputs", legacy_scaled_tanh},
    Expansion{"", "SimplifiedLayerNormalization", "X scale", "axis epsilon stash_type",
              simplified_layer_norm},
    Expansion{kMl, "ArrayFeatureExtractor", "X Y", "", ml_array_feature_extractor},
    Expansion{kMl, "Binarizer", "X", "threshold", ml_binarizer},
    Expansion{kMl, "FeatureVectorizer", "X*", "inputdimensions", ml_feature_vectorizer},
    Expansion{kMl, "Imputer", "X",
              "imputed_value_floats imputed_value_int64s replaced_value_float replaced_value_int64",
              ml_imputer},
    Expansion{
        kMl, "LabelEncoder", "X",
        "classes_strings default_float default_int64 default_string default_tensor keys_floats keys_int64s "
        "keys_strings keys_tensor values_floats values_int64s values_strings values_tensor",
        ml_label_encoder},
    Expansion{kMl, "LinearClassifier", "X",
              "classlabels_ints classlabels_strings coefficients intercepts multi_class post_transform",
              ml_linear_classifier},
    Expansion{kMl, "LinearRegressor", "X", "coefficients intercepts post_transform targets",
              ml_linear_regressor},
    Expansion{kMl, "Normalizer", "X", "norm", ml_normalizer},
    Expansion{kMl, "OneHotEncoder", "X", "cats_int64s cats_strings zeros", ml_one_hot_encoder},
    Expansion{kMl, "Scaler", "X", "offset scale", ml_scaler},
    Expansion{
        kMl, "TreeEnsemble", "X",
        "aggregate_function leaf_targetids leaf_weights membership_values n_targets nodes_falseleafs "
        "nodes_falsenodeids nodes_featureids nodes_hitrates nodes_missing_value_tracks_true nodes_modes "
        "nodes_splits nodes_trueleafs nodes_truenodeids post_transform tree_roots",
        ml_tree_ensemble},
    Expansion{
        kMl, "TreeEnsembleClassifier", "X",
        "base_values base_values_as_tensor class_ids class_nodeids class_treeids class_weights "
        "class_weights_as_tensor classlabels_int64s classlabels_strings nodes_falsenodeids nodes_featureids "
        "nodes_hitrates nodes_hitrates_as_tensor nodes_missing_value_tracks_true nodes_modes nodes_nodeids "
        "nodes_treeids nodes_truenodeids nodes_values nodes_values_as_tensor post_transform",
        ml_tree_ensemble_classifier},
    Expansion{
        kMl, "TreeEnsembleRegressor", "X",
        "aggregate_function base_values base_values_as_tensor n_targets nodes_falsenodeids nodes_featureids "
        "nodes_hitrates nodes_hitrates_as_tensor nodes_missing_value_tracks_true nodes_modes nodes_nodeids "
        "nodes_treeids nodes_truenodeids nodes_values nodes_values_as_tensor post_transform target_ids "
        "target_nodeids target_treeids target_weights target_weights_as_tensor",
        ml_tree_ensemble_regressor},
    Expansion{kMl, "ZipMap", "X", "classlabels_int64s classlabels_strings", ml_zip_map},
    Expansion{kMicrosoft, "Attention",
              "input weights bias? mask_index? past? attention_bias? past_sequence_length?",
              "do_rotary mask_filter_value num_heads past_present_share_buffer qkv_hidden_sizes "
              "rotary_embedding_dim "
              "scale unidirectional",
              ms_attention},
    Expansion{kMicrosoft, "BiasGelu", "A B", "", ms_bias_gelu},
    Expansion{kMicrosoft, "DequantizeLinear", "x x_scale x_zero_point?", "axis", ms_linear},
    Expansion{kMicrosoft, "DynamicQuantizeLSTM",
              "X W R B? sequence_lens? initial_h? initial_c? P? W_scale W_zero_point R_scale R_zero_point",
              "activation_alpha activation_beta activations clip direction hidden_size input_forget",
              ms_dynamic_quantize_lstm},
    Expansion{kMicrosoft, "DynamicQuantizeMatMul", "A B b_scale b_zero_point? bias?", "",
              ms_dynamic_quantize_matmul},
    Expansion{kMicrosoft, "EmbedLayerNormalization",
              "input_ids segment_ids? word_embedding position_embedding segment_embedding? gamma beta mask? "
              "position_ids?",
              "epsilon mask_index_type", ms_embed_layer_norm},
    Expansion{kMicrosoft, "FastGelu", "X bias?", "", ms_fast_gelu},
    Expansion{kMicrosoft, "FusedConv", "X W B? Z?", kConvAttrs, ms_fused_conv},
    Expansion{kMicrosoft, "FusedGemm", "A B C?",
              "activation activation_alpha activation_beta activation_gamma alpha beta transA transB",
              ms_fused_gemm},
    Expansion{kMicrosoft, "FusedMatMul", "A B", "alpha transA transB transBatchA transBatchB",
              ms_fused_matmul},
    Expansion{kMicrosoft, "Gelu", "X", "", ms_gelu},
    Expansion{kMicrosoft, "GroupQueryAttention",
              "query key? value? past_key? past_value? seqlens_k total_sequence_length cos_cache? sin_cache? "
              "position_ids? attention_bias? head_sink? k_scale? v_scale? q_norm_weight? k_norm_weight? "
              "query_seqlens?",
              "causal do_rotary k_norm_epsilon k_quant_type kv_cache_bit_width kv_num_heads "
              "local_window_size num_heads "
              "q_norm_epsilon qk_norm_epsilon qk_output rotary_interleaved scale sliding_window_cache "
              "smooth_softmax "
              "softcap v_quant_type",
              ms_group_query_attention},
    Expansion{kMicrosoft, "MatMulIntegerToFloat", "A B a_scale b_scale a_zero_point? b_zero_point? bias?", "",
              ms_matmul_integer_to_float},
    Expansion{kMicrosoft, "MatMulNBits", "A B scales zero_points? g_idx? bias?",
              "K N accuracy_level bits block_size weight_prepacked", ms_matmul_nbits},
    Expansion{kMicrosoft, "MultiHeadAttention",
              "query key? value? bias? key_padding_mask? attention_bias? past_key? past_value?",
              "mask_filter_value num_heads scale unidirectional", ms_multi_head_attention},
    Expansion{kMicrosoft, "NhwcMaxPool", "x", "auto_pad ceil_mode dilations kernel_shape pads strides",
              ms_nhwc_max_pool},
    Expansion{
        kMicrosoft, "QAttention",
        "input weight bias input_scale weight_scale mask_index? input_zero_point? weight_zero_point? past?",
        "do_rotary mask_filter_value num_heads past_present_share_buffer scale unidirectional",
        ms_q_attention},
    Expansion{
        kMicrosoft, "QEmbedLayerNormalization",
        "input_ids segment_ids? word_embedding_quant position_embedding_quant segment_embedding? gamma_quant "
        "beta_quant mask? word_embedding_scale position_embedding_scale segment_embedding_scale? gamma_scale "
        "beta_scale word_embedding_zero_point? position_embedding_zero_point? segment_embedding_zero_point? "
        "gamma_zero_point? beta_zero_point?",
        "epsilon", ms_q_embed_layer_norm},
    Expansion{kMicrosoft, "QGemm", "A a_scale a_zero_point B b_scale b_zero_point C? y_scale? y_zero_point?",
              "alpha transA transB", ms_q_gemm},
    Expansion{kMicrosoft, "QLinearAdd", kBinaryInputs, "", ms_q_linear_add},
    Expansion{kMicrosoft, "QLinearAveragePool", kUnaryInputs,
              "auto_pad ceil_mode channels_last count_include_pad kernel_shape pads strides",
              ms_q_linear_average_pool},
    Expansion{kMicrosoft, "QLinearConcat", "Y_scale Y_zero_point inputs*", "axis", ms_q_linear_concat},
    Expansion{kMicrosoft, "QLinearConv", kQLinearConvInputs,
              "auto_pad channels_last dilations group kernel_shape pads strides", q_linear_conv},
    Expansion{kMicrosoft, "QLinearGlobalAveragePool", kUnaryInputs, "channels_last",
              ms_q_linear_global_average_pool},
    Expansion{kMicrosoft, "QLinearLeakyRelu", kUnaryInputs, "alpha", ms_q_linear_leaky_relu},
    Expansion{kMicrosoft, "QLinearMul", kBinaryInputs, "", ms_q_linear_mul},
    Expansion{kMicrosoft, "QLinearSigmoid", kUnaryInputs, "", ms_q_linear_sigmoid},
    Expansion{kMicrosoft, "QLinearSoftmax", kUnaryInputs, "axis opset", ms_q_linear_softmax},
    Expansion{kMicrosoft, "QuantizeLinear", "x y_scale y_zero_point?", "axis output_dtype", ms_linear},
    Expansion{kMicrosoft, "QuickGelu", "X", "alpha", ms_quick_gelu},
    Expansion{kMicrosoft, "RotaryEmbedding", "input position_ids cos_cache sin_cache",
              "interleaved is_packed_batching num_heads rotary_embedding_dim scale", ms_rotary_embedding},
    Expansion{kMicrosoft, "SimplifiedLayerNormalization", "X scale", "axis epsilon stash_type",
              simplified_layer_norm},
    Expansion{kMicrosoft, "SkipLayerNormalization", "input skip gamma beta? bias?", "epsilon",
              ms_skip_layer_norm},
    Expansion{kMicrosoft, "SkipSimplifiedLayerNormalization", "input skip gamma bias?", "epsilon",
              ms_skip_rms_norm},
    Expansion{kMicrosoft, "TransposeMatMul", "A B", "alpha transA transB", ms_fused_matmul},
};

}  // namespace

std::span<const Expansion> expansions() { return kExpansions; }

}  // namespace twofour::onnx_io
