"""Laws of options: every number has two limits, and every option of every command a test that sees its effect."""

import dataclasses
import pathlib
import re

import click
import pytest
from refusal import assert_said_plainly, ptycho

from ptychopinn import params
from ptychopinn.preparation import params as preparation_params
from ptychopinn.schema import Params, field_type
from ptychopinn.simulation import params as simulation_params
from ptychopinn_cli.main import main
from ptychopinn_cli.options import Number

TESTS = pathlib.Path(__file__).parent
CLASSES = [
    cls
    for module in (params, preparation_params, simulation_params)
    for cls in vars(module).values()
    if isinstance(cls, type) and issubclass(cls, Params) and cls is not Params
]
EVERYWHERE = {
    "config": "test_cli.test_defaults_yield_to_the_file_and_the_file_to_the_command_line",
    "backend": "test_bad_requests.test_the_option_wins_over_the_environment_and_says_so",
    "quiet": "test_options.test_quiet_says_results_alone",
    "verbose": "test_bad_requests.test_verbose_shows_where_it_happened",
    "report": "test_report.test_a_page_of_another_scan_does_not_stay_behind",
}
EXECUTION = {
    "accelerator": "test_bad_requests.test_an_accelerator_that_is_not_there_is_refused",
    "precision": "test_networks.test_low_precision_keeps_weights_of_float32_and_the_result",
    "jit": "test_execution.test_jit_compiles_the_step_or_not_or_is_refused",
    "deterministic": "test_execution.test_deterministic_turns_the_backend_s_switch",
    "num_workers": "test_execution.test_workers_read_in_threads_of_their_own",
    "remat": "test_training.test_remat_and_workers_change_nothing_but_the_cost",
}
JUDGING = {
    "measurement": "test_evaluate_cli.test_a_scan_is_evaluated_as_it_is_said_to_be_read",
    "zero_frequency": "test_evaluate_cli.test_a_scan_is_evaluated_as_it_is_said_to_be_read",
    "scan": "test_evaluate_cli.test_an_evaluation_says_and_writes_its_figures",
    "region": "test_evaluation.test_regions_lie_in_the_light_and_in_the_scan",
    "low_pass": "test_evaluation.test_a_low_pass_takes_noise_away",
    "as_json": "test_evaluate_cli.test_json_on_the_screen_is_that_of_the_file",
    "output_dir": "test_evaluate_cli.test_json_on_the_screen_is_that_of_the_file",
}
RESTATED = "test_bad_requests.test_options_that_contradict_the_bundle_name_both_values"
SIMULATED = "test_simulate_options.test_every_option_of_a_simulation_changes_what_is_written"
PREPARED = {
    "late": "test_doctor.test_patterns_go_with_the_positions_of_frames_before",
    "energy": "test_preparation.test_the_pixel_follows_from_the_geometry_or_is_asked_for",
    "electrons": "test_preparation.test_the_pixel_follows_from_the_geometry_or_is_asked_for",
    "distance": "test_preparation.test_the_pixel_follows_from_the_geometry_or_is_asked_for",
    "detector_pixel": "test_preparation.test_the_pixel_follows_from_the_geometry_or_is_asked_for",
    "pixel_size": "test_preparation.test_the_pixel_follows_from_the_geometry_or_is_asked_for",
    "propagation": "test_near_field.test_a_geometry_tells_the_pixel_and_its_fresnel_number",
    "focus_distance": "test_near_field.test_a_geometry_tells_the_pixel_and_its_fresnel_number",
    "fresnel_number": "test_near_field.test_a_geometry_tells_the_pixel_and_its_fresnel_number",
    "units": "test_preparation.test_pixels_that_are_believed_stay_pixels",
    "positions_from": "test_preparation.test_positions_may_lie_in_another_file",
    "scan_step": "test_preparation.test_a_raster_of_points_alone_needs_its_step",
    "sign": "test_preparation.test_axes_of_the_scan_are_as_the_user_says",
    "swap_xy": "test_preparation.test_axes_of_the_scan_are_as_the_user_says",
    "rotate_scan": "test_preparation.test_axes_of_the_scan_are_as_the_user_says",
    "affine": "test_preparation.test_axes_of_the_scan_are_as_the_user_says",
    "orient": "test_preparation.test_orientations_keep_the_zero_frequency_and_are_undone_by_their_inverse",
    "crop": "test_preparation.test_a_crop_makes_larger_pixels_and_a_pad_smaller_ones",
    "bin": "test_preparation.test_binned_pixels_are_added_up_and_the_window_shrinks",
    "pad": "test_preparation.test_a_crop_makes_larger_pixels_and_a_pad_smaller_ones",
    "centre": "test_preparation.test_light_far_from_the_middle_is_brought_there",
    "mask": "test_detectors.test_a_mask_of_its_own_file_is_applied",
    "dark": "test_detectors.test_a_background_is_subtracted",
    "photons_per_unit": "test_detectors.test_photons_per_unit_scale_counts_and_are_refused_for_amplitudes",
    "faults": "test_detectors.test_kept_faults_are_data",
    "pattern_axis": "test_formats.test_as_many_patterns_as_pixels_are_told_by_their_light",
    "pair": "test_preparation.test_frames_and_positions_are_paired_as_the_user_says",
    "bursts": "test_preparation.test_frames_of_a_burst_are_added_up",
    "make_probe": "test_preparation.test_the_probe_of_the_file_is_left_out_as_asked",
    "defocus": "test_preparation.test_a_defocus_widens_the_probe_that_is_made",
}
"""Options of a preparation, which every command that opens scans has: `test_every_command_prepares_scans_alike`."""

RECONSTRUCTION = (
    EXECUTION
    | PREPARED
    | {
        "auto": "test_reconstruct.test_auto_corrects_what_is_found",
        "output_dir": "test_bad_requests.test_places_that_cannot_be_written_are_refused_before_the_work",
        "batch_size": "test_reconstruct.test_groups_at_a_time_change_nothing_but_the_cost",
        "precision": "test_reconstruct.test_precision_is_that_of_the_networks_alone",
        "jit": "test_reconstruct.test_jit_compiles_the_networks_or_not_or_is_refused",
        "deterministic": "test_reconstruct.test_deterministic_asks_the_backend_for_it",
        "num_workers": "test_reconstruct.test_workers_read_ahead_in_threads_of_their_own",
        "remat": "test_reconstruct.test_remat_and_absent_devices_are_refused",
        "save_format": "test_save_format.test_a_reconstruction_is_saved_in_other_formats_besides",
        "measurement": "test_refinement.test_amplitudes_are_refined_too",
        "zero_frequency": "test_reconstruct.test_where_the_zero_frequency_is_said_to_be_acts",
        "probe": "test_reconstruct.test_start_and_probe_act_on_the_command_line",
        "start": "test_reconstruct.test_start_and_probe_act_on_the_command_line",
        "resolution": "test_resolution.test_the_command_says_and_draws_the_resolution",
        "passes": "test_refinement.test_infer_refines_counts_unless_told_not_to",
        "prior": "test_prior.test_infer_takes_a_scan_alone_and_a_prior_acts",
        "focus": "test_focus.test_the_command_focuses_unless_told_not_to_and_refuses_where_nothing_would_move",
        "modes": "test_refinement.test_modes_that_the_file_does_not_hold_are_found",
        "positions": "test_refinement.test_positions_are_found_again_and_kept_unless_asked",
        "flux": "test_refinement.test_the_flux_of_each_pattern_is_found_and_even_unless_asked",
        "opr": "test_variation.test_a_probe_that_walks_is_followed_and_kept_steady_unless_asked",
        "background": "test_optics.test_a_background_is_found_and_taken_for_light_unless_asked",
        "blur": "test_optics.test_a_detector_that_blurs_is_allowed_for_if_told",
        "slices": "test_optics.test_two_slices_are_each_found",
        "slice_fresnel_number": "test_optics.test_two_slices_are_each_found",
        "slice_spacing": "test_optics.test_geometry_makes_the_way_from_slice_to_slice",
        "workers": "test_workers.test_a_killed_worker_is_replaced_and_two_make_what_one_does",
        "refine_probe": "test_refinement.test_a_wrong_probe_is_brought_nearer_and_left_alone_if_asked",
    }
)
SEEN = {
    "train": EXECUTION | PREPARED | {
        "train_data_file": "test_options.test_a_scan_may_be_named_in_ptychopinn_s_words",
        "test_data": "test_many_scans.test_a_bundle_of_several_scans_knows_each",
        "output_dir": "test_bad_requests.test_places_that_cannot_be_written_are_refused_before_the_work",
        "resume": "test_story.test_a_run_resumes",
        "from_bundle": "test_many_scans.test_a_training_from_a_bundle_says_so",
        "rehearse": "test_rehearsal.test_a_training_that_rehearses_says_so_and_goes_on",
        "devices": "test_devices.test_two_devices_learn_what_one_does",
        "report": "test_report.test_training_writes_a_page_of_the_middle_of_its_scan",
        "model_type": "test_model.test_supervised_loss_is_zero_at_the_labels_alone",
        "group_side": "test_model.test_output_is_a_pure_function_of_one_group",
        "generator": "test_model.test_generator_is_of_no_fixed_size",
        "input": "test_training.test_collapse_is_said",
        "physics_rounds": "test_model.test_an_untrained_network_leaves_what_the_physics_found",
        "unroll": "test_model.test_rounds_have_networks_of_their_own_unless_they_share_one",
        "share_rounds": "test_model.test_rounds_have_networks_of_their_own_unless_they_share_one",
        "single_shot": "test_model.test_a_network_that_sees_one_pattern_makes_the_same_of_it_in_any_group",
        "head": "test_model.test_a_head_of_amplitudes_keeps_to_the_largest_and_one_of_waves_does_not",
        "n_filters_scale": "test_model.test_more_filters_are_more_weights",
        "amplitude_max": "test_model.test_a_head_of_amplitudes_keeps_to_the_largest_and_one_of_waves_does_not",
        "probe_trainable": "test_model.test_every_trainable_weight_moves",
        "scale_trainable": "test_forward.test_probe_and_scale_are_trainable_on_demand",
        "measurement": "test_refinement.test_amplitudes_are_refined_too",
        "zero_frequency": "test_formats.test_what_the_user_says_of_the_zero_frequency_wins",
        "photons": "test_formats.test_photons_scale_amplitudes_and_probe",
        "n_subsample": "test_grouping.test_training_and_validation_share_no_pattern",
        "n_groups": "test_grouping.test_every_position_is_the_anchor_equally_often",
        "neighbours": "test_grouping.test_neighbours_are_all_used",
        "max_distance": "test_grouping.test_max_distance_is_respected",
        "validation_fraction": "test_grouping.test_training_and_validation_share_no_pattern",
        "nll_weight": "test_model.test_weights_of_the_loss_add_its_terms",
        "mae_weight": "test_model.test_weights_of_the_loss_add_its_terms",
        "realspace_weight": "test_model.test_weights_of_the_loss_add_its_terms",
        "epochs": "test_story.test_a_run_resumes",
        "batch_size": "test_bad_requests.test_a_batch_holds_no_copies_and_says_so",
        "holdout": "test_execution.test_holdout_judges_by_photons_that_the_network_did_not_see",
        "learning_rate": "test_training.test_collapse_is_said",
        "scheduler": "test_training.test_schedules_step",
        "gradient_clip_norm": "test_training.test_gradients_are_clipped_and_gathered_as_asked",
        "accumulate_grad_batches": "test_training.test_gradients_are_clipped_and_gathered_as_asked",
        "early_stop_patience": "test_training.test_early_stopping_returns_to_the_best_weights",
        "checkpoint": "test_training.test_checkpoint_only_on_demand",
        "logger": "test_training.test_loggers_write",
        "seed": "test_grouping.test_epochs_differ_and_depend_on_seed_and_epoch_alone",
    },
    "reconstruct": RECONSTRUCTION | {
        "bundle": "test_reconstruct.test_infer_is_reconstruct_with_a_bundle",
        "shard": "test_shards.test_stitched_parts_are_the_plain_inference_to_the_last_bit_and_have_its_receipt",
        "engine": "test_engines.test_slurm_does_an_array_of_shards_and_then_stitches",
        "shards": "test_engines.test_slurm_does_an_array_of_shards_and_then_stitches",
    },
    "watch": RECONSTRUCTION | {
        "count": "test_watch.test_a_scan_is_watched_to_its_end_and_reconstructed",
        "socket": "test_stream.test_a_scan_is_watched_through_a_socket_to_its_end",
        "idle": "test_watch.test_a_scan_is_watched_to_its_end_and_reconstructed",
        "port": "test_watch.test_a_page_has_the_port_that_is_asked_for_and_no_other_s",
        "bundle": "test_watch.test_a_bundle_corrects_the_image_and_makes_the_start_at_the_end",
    },
    "infer": RECONSTRUCTION | {
        "shard": "test_shards.test_stitched_parts_are_the_plain_inference_to_the_last_bit_and_have_its_receipt",
        "engine": "test_engines.test_slurm_does_an_array_of_shards_and_then_stitches",
        "shards": "test_engines.test_slurm_does_an_array_of_shards_and_then_stitches",
        **{field.name: RESTATED for field in dataclasses.fields(params.ModelParams) if not field.metadata["derived"]},
    },
    "evaluate": PREPARED | JUDGING,
    "compare": PREPARED | JUDGING | {
        "truth": "test_evaluate_cli.test_a_comparison_ranks_and_draws_on_shared_pixels",
        "names": "test_evaluate_cli.test_a_comparison_ranks_and_draws_on_shared_pixels",
    },
    "inspect": PREPARED | {
        "as_json": "test_cli.test_inspect_describes_a_scan_and_a_bundle",
        "trials": "test_doctor.test_inspect_says_what_is_wrong_and_what_reconstructs_it",
        "forecast": "test_enough.test_inspect_foretells_on_screen_in_json_and_on_the_page",
        "report": "test_doctor.test_the_page_shows_what_was_found",
    },
    "export": {
        "name": "test_export.test_what_is_exported_predicts_what_keras_predicts_of_the_scan_that_it_suits",
        "data": "test_export.test_what_is_exported_predicts_what_keras_predicts_of_the_scan_that_it_suits",
        "batch_size": "test_export.test_what_is_exported_predicts_what_keras_predicts_of_the_scan_that_it_suits",
        "output": "test_export.test_a_folder_that_is_there_and_a_network_of_several_probes_are_refused",
    },
    "stitch": {
        "data": "test_shards.test_a_part_or_a_scan_that_was_changed_is_refused",
        "save_format": "test_shards.test_a_part_or_a_scan_that_was_changed_is_refused",
        "output_dir": "test_shards.test_stitched_parts_are_the_plain_inference_to_the_last_bit_and_have_its_receipt",
    },
    "verify": {
        "data": "test_verify.test_a_scan_that_moved_is_said_by_data_and_another_one_is_found",
        "as_json": "test_verify.test_lines_json_and_exit_codes_say_what_differs",
    },
    "convert": PREPARED | {
        "name": "test_writers.test_format_wins_over_the_suffix",
        "measurement": "test_writers.test_how_a_scan_is_read_decides_what_is_written",
        "zero_frequency": "test_writers.test_how_a_scan_is_read_decides_what_is_written",
    },
    "simulate": dict.fromkeys((field.name for cls in CLASSES for field in dataclasses.fields(cls)
                               if cls.__module__ == simulation_params.__name__), SIMULATED),
    "demo": {
        "output_dir": "test_bad_requests.test_places_that_cannot_be_written_are_refused_before_the_work",
        "epochs": "test_options.test_the_demo_trains_as_long_as_asked",
    },
    "backends": {
        "devices": "test_options.test_backends_name_their_accelerators",
        "backend": "test_options.test_the_backend_asked_for_is_marked",
    },
}  # fmt: skip
"""The test that sees the effect of each option, by command."""


def numbers():
    for cls in CLASSES:
        for field in dataclasses.fields(cls):
            if field_type(field)[0] in (int, float):
                yield pytest.param(field.metadata, id=f"{cls.__name__}.{field.name}")
    for name, command in main.commands.items():
        for option in command.params:
            if isinstance(option.type, Number):
                yield pytest.param(option.type.limits, id=f"{name} {option.name}")


@pytest.mark.parametrize("limits", list(numbers()))
def test_every_number_has_a_lower_and_an_upper_limit(limits):
    assert limits["high"] is not None and (limits["low"] is not None) != (limits["above"] is not None)


@pytest.mark.parametrize("name", main.commands)
def test_every_number_of_a_command_is_held_to_its_limits(name):
    for option in main.commands[name].params:
        assert not isinstance(option.type, click.types.IntParamType | click.types.FloatParamType), option.name


@pytest.mark.parametrize("name", main.commands)
def test_every_option_has_a_test_that_sees_its_effect(name):
    seen = EVERYWHERE | SEEN[name]
    for option in main.commands[name].params:
        if isinstance(option, click.Option):
            assert option.name in seen, f"name the test that sees what --{option.name} does"
            file, test = seen[option.name].split(".")
            assert re.search(rf"^def {test}\(", (TESTS / f"{file}.py").read_text(), re.M), seen[option.name]
    assert set(SEEN[name]) <= {option.name for option in main.commands[name].params}


def test_every_command_prepares_scans_alike(scan_file, out):
    """What is said of a scan reaches it from every command; a bundle remembers it, and has none of its own."""
    turned = ("--orient", "transpose", "--sign", "negate-y")
    inspected = ptycho("inspect", scan_file, *turned)
    small = ("--epochs", 1, "--n-filters-scale", 0.1, "--unroll", 1, "--no-report")
    trained = ptycho("train", scan_file, "--output-dir", out / "run", *small, *turned)
    alone = ptycho("reconstruct", scan_file, "--output-dir", out / "alone", "--passes", 0, "--no-report", *turned)
    again = ptycho("infer", out / "run", scan_file, "--output-dir", out / "again", "--passes", 0, "--no-report")
    anew = ptycho("infer", out / "run", scan_file, "--output-dir", out / "anew", "--passes", 0, "--no-report",
                  "--orient", "identity")  # fmt: skip
    judged = ptycho("evaluate", out / "alone", scan_file, "--output-dir", out / "eval", "--no-report", *turned)
    compared = ptycho("compare", out / "again", out / "anew", "--scan", scan_file, "--output-dir", out / "compared",
                      "--no-report", *turned)  # fmt: skip
    converted = ptycho("convert", scan_file, out / "turned.npz", *turned)
    for result in (inspected, trained, alone, again, anew, judged, compared, converted):
        assert result.exit_code == 0, result.output
        assert "negate y, as asked" in result.output
        assert ("turned by transpose, as asked" in result.output) == (result is not anew)
    assert_said_plainly(ptycho("inspect", out / "run", *turned), "no scan to prepare", "orient", "Leave them out")
    assert_said_plainly(ptycho("convert", out / "alone", out / "a.tiff", *turned), "Only a scan", "Leave those options")


@pytest.mark.parametrize("words", [
    "train x.npz --n-groups 1000000000", "train x.npz --physics-rounds 1000000000", "train x.npz --epochs 1000000000",
    "train x.npz --batch-size 1000000000", "train x.npz --neighbours 1000000000", "train x.npz --unroll 99",
    "train x.npz --photons 1e300", "train x.npz --learning-rate nan", "infer run x.npz --batch-size 1000000000",
    "infer run x.npz --passes 1000000000", "evaluate a b --low-pass nan", "demo --epochs 1000000000",
    "simulate s.npz --modes 1000000", "simulate s.npz --object-size 1000000", "simulate s.npz --size 1000000",
    "simulate s.npz --step 1e-9", "simulate s.npz --objects 1000000000", "simulate s.npz --photons 1e300",
])  # fmt: skip
def test_numbers_beyond_reason_are_refused_with_their_limits(words):
    option, value = words.split()[-2:]
    name = option[2:].replace("-", "_")
    assert_said_plainly(ptycho(*words.split()), f"{name} must be a", "at most", f"Received: {name}={value}")


def test_what_does_not_fit_in_memory_is_refused_before_it_is_taken(scan_file, out):
    huge = ("--object-size", 8192, "--step", 0.5)
    assert_said_plainly(ptycho("simulate", out / "s.npz", *huge), "must fit in memory", "GiB", "larger --step", out=out)
    huge = ("--batch-size", 60_000, "--n-groups", 300_000, "--output-dir", out)
    assert_said_plainly(ptycho("train", scan_file, *huge), "must fit in memory", "GiB", "--batch-size", out=out)


def test_quiet_says_results_alone(bundle, scan_file, out):
    loud, quiet = (
        ptycho("infer", bundle, scan_file, "--output-dir", out, "--refine", 0, "--no-report", *words)
        for words in ((), ("--quiet",))
    )
    assert "The probe is that of" in loud.output
    assert quiet.output == quiet.stdout and quiet.output.startswith(f"{out}: object of")


def test_the_demo_trains_as_long_as_asked(out, monkeypatch):
    def look(job, report, talk):
        raise ValueError(f"Asked for {job.stored['training'].epochs} epochs")

    monkeypatch.setattr("ptychopinn_cli.train.run", look)
    assert "Asked for 3 epochs" in ptycho("demo", "--epochs", 3, "--output-dir", out).output


def test_a_scan_may_be_named_in_ptychopinn_s_words(tmp_path):
    assert_said_plainly(ptycho("train", "--train_data_file", tmp_path / "nowhere.npz"), "A scan must be", "nowhere.npz")


def test_backends_name_their_accelerators():
    line = next(line for line in ptycho("backends", "--devices").output.splitlines() if line[2:].startswith("torch"))
    assert re.search(r"cpu only|cuda|mps", line)


def test_the_backend_asked_for_is_marked(monkeypatch):
    for words, environment in ((("--backend", "jax"), "torch"), ((), "JAX")):
        monkeypatch.setenv("KERAS_BACKEND", environment)
        assert [line[2:5] for line in ptycho("backends", *words).output.splitlines() if line[0] == "*"] == ["jax"]
