"""The shared library and its functions, as ctypes calls them."""
from __future__ import annotations

import ctypes
import os
from ctypes import c_char_p, c_double, c_int32, c_int64, c_uint64, c_void_p
from pathlib import Path
from typing import Any

_TYPES = {"p": c_void_p, "s": c_char_p, "i": c_int32, "q": c_int64, "Q": c_uint64, "d": c_double, "v": None}

#: Each function with what it returns and takes: p pointer, s text, i int32, q int64, Q uint64, d double, v nothing.
SIGNATURES = {
    "deepid_status_name": "s:i",
    "deepid_version": "s:",
    "deepid_build_info": "s:",
    "deepid_ctx_create": "i:p",
    "deepid_ctx_destroy": "v:p",
    "deepid_ctx_error": "s:p",
    "deepid_ctx_set_threads": "i:pi",
    "deepid_ctx_threads": "i:p",
    "deepid_ctx_set_limit": "i:psq",
    "deepid_ctx_set_log": "i:ppp",
    "deepid_ctx_memory": "q:p",
    "deepid_tensor_wrap": "i:piippp",
    "deepid_tensor_destroy": "v:p",
    "deepid_table_destroy": "v:p",
    "deepid_table_rows": "q:p",
    "deepid_table_columns": "q:p",
    "deepid_table_column_name": "s:pq",
    "deepid_table_row_name": "s:pq",
    "deepid_table_row_heading": "s:p",
    "deepid_table_column": "p:pq",
    "deepid_dataset_wrap": "i:pipipppqp",
    "deepid_dataset_set_series": "i:p",
    "deepid_dataset_wrap_targets": "i:pipippipqp",
    "deepid_dataset_open": "i:psQpp",
    "deepid_dataset_destroy": "v:p",
    "deepid_dataset_count": "q:p",
    "deepid_dataset_rank": "i:p",
    "deepid_dataset_extent": "q:pi",
    "deepid_dataset_classes": "q:p",
    "deepid_dataset_class_name": "s:pq",
    "deepid_dataset_target_width": "q:p",
    "deepid_dataset_labels": "p:p",
    "deepid_dataset_about": "s:p",
    "deepid_dataset_warnings": "s:p",
    "deepid_dataset_copy": "i:pqqp",
    "deepid_dataset_sample": "i:pqQp",
    "deepid_dataset_normalize": "i:psp",
    "deepid_net_create": "i:psip",
    "deepid_net_destroy": "v:p",
    "deepid_net_clone": "i:pip",
    "deepid_net_describe": "s:p",
    "deepid_net_init": "i:psQ",
    "deepid_net_set_mode": "i:pi",
    "deepid_net_mode": "i:p",
    "deepid_net_forward": "i:ppp",
    "deepid_net_backward": "i:ppp",
    "deepid_net_zero_gradients": "i:p",
    "deepid_net_prepare": "i:pqi",
    "deepid_net_init_data": "i:ppsQ",
    "deepid_net_evaluate": "i:ppspp",
    "deepid_net_parameter_gradient": "p:ps",
    "deepid_net_dtype": "i:p",
    "deepid_net_input_rank": "i:p",
    "deepid_net_input_extent": "q:pi",
    "deepid_net_output_rank": "i:p",
    "deepid_net_output_extent": "q:pi",
    "deepid_net_summary": "i:pp",
    "deepid_net_parameter_count": "q:p",
    "deepid_net_parameter_name": "s:pq",
    "deepid_net_parameter_rank": "i:pq",
    "deepid_net_parameter_extent": "q:pqi",
    "deepid_net_parameter_data": "p:ps",
    "deepid_net_save": "i:ps",
    "deepid_net_load": "i:psip",
    "deepid_net_load_weights": "i:pss",
    "deepid_net_save_weights": "i:psss",
    "deepid_net_load_onnx": "i:psp",
    "deepid_net_save_onnx": "i:ps",
    "deepid_net_deepen_on": "i:ppqsqsp",
    "deepid_net_inspect": "i:ppsp",
    "deepid_trainer_create": "i:ppp",
    "deepid_trainer_destroy": "v:p",
    "deepid_trainer_set_optimizer": "i:ps",
    "deepid_trainer_set_learning_rate": "i:pd",
    "deepid_trainer_set_schedule": "i:ps",
    "deepid_trainer_set_total_steps": "i:pq",
    "deepid_trainer_set_batch": "i:pq",
    "deepid_trainer_set_keep_last": "i:pi",
    "deepid_trainer_set_clip": "i:pd",
    "deepid_trainer_set_seed": "i:pQ",
    "deepid_trainer_set_loss": "i:ps",
    "deepid_trainer_set_augmentation": "i:ps",
    "deepid_trainer_set_nonfinite": "i:ps",
    "deepid_trainer_set_shards": "i:pq",
    "deepid_trainer_set_batchnorm": "i:ps",
    "deepid_trainer_set_allreduce": "i:pppii",
    "deepid_trainer_step": "i:p",
    "deepid_trainer_fit": "i:pqpp",
    "deepid_trainer_steps_done": "q:p",
    "deepid_trainer_steps_per_epoch": "q:p",
    "deepid_trainer_loss": "d:p",
    "deepid_trainer_gradient_norm": "d:p",
    "deepid_trainer_current_rate": "d:p",
    "deepid_trainer_nonfinite_steps": "q:p",
    "deepid_trainer_save": "i:ps",
    "deepid_trainer_load": "i:ps",
    "deepid_event_step": "q:p",
    "deepid_event_epoch": "d:p",
    "deepid_event_loss": "d:p",
    "deepid_event_learning_rate": "d:p",
    "deepid_study_create": "i:psspp",
    "deepid_study_destroy": "v:p",
    "deepid_study_set_validation": "i:pp",
    "deepid_study_set_text": "i:pss",
    "deepid_study_set_number": "i:psd",
    "deepid_study_set_folder": "i:ps",
    "deepid_study_run": "i:ppp",
    "deepid_study_request_stop": "v:p",
    "deepid_study_event_tasks": "q:p",
    "deepid_study_event_tasks_done": "q:p",
    "deepid_study_event_share": "d:p",
    "deepid_study_event_seconds": "d:p",
    "deepid_study_event_seconds_left": "d:p",
    "deepid_study_event_text": "s:p",
    "deepid_study_results": "i:pp",
    "deepid_study_history": "i:pp",
    "deepid_study_tuning": "i:pp",
    "deepid_study_net": "i:psQp",
    "deepid_study_judge": "i:pp",
    "deepid_study_write": "i:ps",
    "deepid_report_write": "i:pps",
    "deepid_hypothesis_help": "s:s",
    "deepid_evidence_create": "i:pp",
    "deepid_evidence_destroy": "v:p",
    "deepid_evidence_read": "i:psp",
    "deepid_evidence_read_csv": "i:pssp",
    "deepid_evidence_write": "i:ps",
    "deepid_evidence_add": "i:psqdd",
    "deepid_evidence_set_run": "i:psqsd",
    "deepid_evidence_add_point": "i:psqddd",
    "deepid_evidence_add_tuning": "i:psdqd",
    "deepid_evidence_set_arm": "i:pssd",
    "deepid_evidence_leave_out": "i:pss",
    "deepid_evidence_set_number": "i:psd",
    "deepid_evidence_set_text": "i:pss",
    "deepid_evidence_explain": "i:psdd",
    "deepid_evidence_judge": "i:pp",
    "deepid_evidence_advice": "s:pp",
    "deepid_report_write_evidence": "i:pps",
    "deepid_verdict_destroy": "v:p",
    "deepid_verdict_answer": "s:p",
    "deepid_verdict_text": "s:pi",
    "deepid_verdict_count": "q:p",
    "deepid_verdict_hypothesis": "s:pq",
    "deepid_verdict_status": "s:pq",
    "deepid_verdict_sentence": "s:pq",
    "deepid_verdict_to_settle": "s:pq",
    "deepid_verdict_arm": "s:pq",
    "deepid_verdict_effect": "d:pq",
    "deepid_verdict_low": "d:pq",
    "deepid_verdict_high": "d:pq",
    "deepid_verdict_share": "d:pq",
    "deepid_verdict_share_low": "d:pq",
    "deepid_verdict_share_high": "d:pq",
    "deepid_verdict_write_json": "i:ps",
}

LOG_FUNCTION = ctypes.CFUNCTYPE(None, c_void_p, c_int32, c_char_p)
EVENT_FUNCTION = ctypes.CFUNCTYPE(c_int32, c_void_p, c_void_p)  # of trainers and of studies
ALLREDUCE_FUNCTION = ctypes.CFUNCTYPE(c_int32, c_void_p, c_int32, ctypes.POINTER(c_int64), c_int64,
                                      ctypes.POINTER(c_char_p))


def _load() -> Any:
    """The library that $DEEPID_LIBRARY names, or else that of the package, or else that of the system."""
    bundled = Path(__file__).with_name("libdeepid.so")
    name = os.environ.get("DEEPID_LIBRARY") or (str(bundled) if bundled.exists() else "libdeepid.so")
    try:
        library = ctypes.CDLL(name)
    except OSError as error:
        raise ImportError(f"deepid: {error}; pip install examples/ffi/python builds the library, "
                          "or let the environment variable DEEPID_LIBRARY name a libdeepid.so") from error
    for function_name, signature in SIGNATURES.items():
        function = getattr(library, function_name)
        result, arguments = signature.split(":")
        function.restype = _TYPES[result]
        function.argtypes = [_TYPES[letter] for letter in arguments]
    return library


lib = _load()
