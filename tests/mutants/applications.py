"""Faults of the programs: shares, tables, figures, resume, wrong domains."""

from tests.mutants import mutants

_TESTS = "tests/applications/"

MUTANTS = [
    *mutants(
        "applications/markdown.py",
        f"{_TESTS}test_gallery.py",
        (
            '"|---" * len(header)',
            '"|---" * len(rows)',
            "test_the_tables_of_the_pages_are_the_facts",
        ),
    ),
    *mutants(
        "applications/runner/comparison.py",
        f"{_TESTS}test_comparison.py",
        (
            "(upper - lower) if upper > lower",
            "(upper - lower) if upper != lower",
            "test_share_of_the_gap",
        ),
        (
            "return (accuracy - lower) / (upper - lower)",
            "return (accuracy - lower) / upper",
            "test_the_whole_table",
        ),
        (
            'which = "svm_accuracy" if svm else "accuracy"',
            'which = "accuracy"',
            "test_the_whole_table",
        ),
        (
            'if m["method"] == name and m.get(which) is not None',
            'if m["method"] == name',
            "test_the_gap_is_of_seeds_that_were_measured_in_all",
        ),
        (
            'common = [m for m in metrics if m["seed"] in seeds]',
            "common = metrics",
            "test_share_of_the_gap_is_of_the_means",
        ),
        (
            "{np.std(values):.{digits}f}",
            "{np.std(values, ddof=1):.{digits}f}",
            "test_cells",
        ),
        (
            "{np.mean(values):.{digits}f}",
            "{np.max(values):.{digits}f}",
            "test_cells",
        ),
        (
            "return accuracies(metrics, method) or",
            'return accuracies(metrics, method, "oracle") or',
            "test_the_headline_is_of_the_last_epoch_if_there_are_any",
        ),
        (
            "if name in BOUNDS or not all(",
            "if not all(",
            "test_the_papers_share",
        ),
        (
            "if these[name] != value\n",
            "if name in settings and these[name] != value\n",
            "test_what_is_not_as_in_the_paper_is_said",
        ),
        (
            'if any(row[column] not in ("", NOTHING) for row in rows[1:])',
            "if rows",
            "test_the_gap_is_of_seeds_that_were_measured_in_all",
        ),
        (
            'MARK if text else ""',
            '""',
            f"{_TESTS}test_experiments.py::test_a_run_writes_what_it_found",
        ),
    ),
    *mutants(
        "applications/runner/measures.py",
        f"{_TESTS}test_measures.py",
        (
            'x = split.x_test if domain == "target" else',
            "x = split.x_test if domain else",
            "test_accuracy_is_of_the_domains_test_images",
        ),
        (
            'accuracy(self._network, "target", target)',
            'accuracy(self._network, "source", source)',
            "test_every_epoch_logs_both_domains",
        ),
        (
            "self.hidden(domain, split.x[:SAMPLES])",
            'self.hidden("source", split.x[:SAMPLES])',
            "test_every_epoch_logs_both_domains",
        ),
        (
            'row["source_accuracy"] + row["domain_error"] for',
            'row["source_accuracy"] - row["domain_error"] for',
            "test_the_summary_of_a_history_that_is_known",
        ),
        (
            'found = [row["target_accuracy"] for row in rows]',
            'found = [row["source_accuracy"] for row in rows]',
            "test_the_summary_of_a_history_that_is_known",
        ),
        (
            '"accuracy": found[-1],',
            '"accuracy": max(found),',
            "test_the_summary_of_a_history_that_is_known",
        ),
        (
            '"epoch": best + 1}',
            '"epoch": best}',
            "test_the_summary_of_a_history_that_is_known",
        ),
        (
            'tested = hidden("target", target.x_test)',
            'tested = hidden("source", target.x_test)',
            "test_the_svm_learns_from_what_it_is_given_and_is_tested_on_the_target",
        ),
    ),
    *mutants(
        "applications/runner/methods.py",
        f"{_TESTS}test_methods.py",
        (
            'return train_plain(run, "target", target.x, target.y)',
            'return train_plain(run, "target", run.domains.source.x, target.y)',
            "test_bounds_learn_from_one_domain",
        ),
        (
            '_discrepancy(run, "mmd", run.settings.mmd_weight)',
            '_discrepancy(run, "mmd", run.settings.ddc_weight)',
            "test_methods_learn_from_both_domains",
        ),
        (
            "test=(test, domains.target.y_test),",
            "test=(target, domains.target.y[:SVM_IMAGES]),",
            "test_subspaces_are_chosen_on_the_source",
        ),
        (
            '"accuracy": choice.test_accuracy[by_source],',
            '"accuracy": choice.test_accuracy[by_target],',
            "test_subspaces_are_chosen_on_the_source",
        ),
    ),
    *mutants(
        "applications/runner/training.py",
        f"{_TESTS}test_resume.py",
        (
            "larger = max(len(run.domains.source.x),",
            "larger = min(len(run.domains.source.x),",
            f"{_TESTS}test_methods.py::test_methods_learn_from_both_domains",
        ),
        (
            'size["labeled_target"] = max(half // 2, 1)',
            'size["labeled_target"] = half',
            f"{_TESTS}test_methods.py::test_semi_supervised_batches",
        ),
        (
            'learned["target"] = labeled',
            'learned["target"] = (target.x, target.y)',
            f"{_TESTS}test_methods.py::test_semi_supervised_batches",
        ),
        (
            "keras.utils.set_random_seed(run.seed)",
            "pass",
            f"{_TESTS}test_methods.py::test_all_methods_begin_with_the_same_weights",
        ),
        (
            "random = np.random.default_rng((self._seed, epoch))",
            "random = np.random.default_rng(self._seed)",
            "test_another_epoch_has_another_order",
        ),
        (
            "initial_epoch=_initial_epoch(run, checkpoint),",
            "initial_epoch=_initial_epoch(run, checkpoint) * 0,",
            "test_a_run_that_stopped_resumes_as_if_it_had_not[source_only]",
        ),
        (
            "keras.callbacks.LambdaCallback(on_epoch_begin=batches.set_epoch),",
            "",
            "test_a_run_that_stopped_resumes_as_if_it_had_not[source_only]",
        ),
        (
            "delete_checkpoint=False,",
            "delete_checkpoint=True,",
            "test_a_run_that_stopped_before_it_was_measured",
        ),
        (
            "return Trained(network, checkpoint.logs, metrics,",
            "return Trained(network, checkpoint.logs[1:], metrics,",
            f"{_TESTS}test_experiments.py::test_a_run_writes_what_it_found",
        ),
    ),
    *mutants(
        "applications/runner/results.py",
        f"{_TESTS}test_results.py",
        (
            "while metrics != (found := self.metrics()):",
            "if metrics != (found := self.metrics()):",
            "test_a_run_that_another_process_finishes_meanwhile_is_not_lost",
        ),
        (
            "for epoch, row in enumerate(trained.rows, start=1)",
            "for epoch, row in enumerate(trained.rows)",
            "test_a_run_that_is_known",
        ),
        (
            'key=lambda m: (order.index(m["method"]), m["seed"])',
            'key=lambda m: (m["seed"], order.index(m["method"]))',
            "test_the_summary_has_all_runs_in_order",
        ),
        (
            "        if conflict:\n            stop(conflict)\n\n    def run(",
            "\n    def run(",
            "test_of_two_processes_with_other_settings_one_stops",
        ),
        (
            'if (self.path / "metrics.json").exists():',
            "if False:",
            "test_results_of_an_earlier_version_are_not_overwritten",
        ),
        (
            '"test": len(split.x_test)}',
            '"test": len(split.x)}',
            "test_a_run_that_is_known",
        ),
    ),
    *mutants(
        "applications/runner/running.py",
        f"{_TESTS}test_results.py",
        (
            "if not alone:",
            "if False:",
            "test_two_processes_do_not_train_the_same_network",
        ),
        (
            "        if not samples:\n            _check_layers",
            "        if True:\n            _check_layers",
            "test_seeds_come_in_order_and_figures_are_of_the_first[done0]",
        ),
        (
            "if not todo and samples:",
            "if not todo:",
            "test_seeds_come_in_order_and_figures_are_of_the_first[done1]",
        ),
    ),
    *mutants(
        "applications/runner/report.py",
        f"{_TESTS}test_report.py",
        (
            'flags["seeds"] = max(seeds) - min(seeds) + 1',
            'flags["seeds"] = max(seeds) - min(seeds)',
            "test_the_command_that_makes_it_again",
        ),
    ),
    *mutants(
        "applications/runner/pictures.py",
        f"{_TESTS}test_pictures.py",
        (
            'row["seed"] == job.options.seed]',
            'row["seed"] >= 0]',
            "test_curves_of_validation_images_are_of_the_first_seed",
        ),
        (
            '"target: unlabeled": target[:shown],',
            '"target: unlabeled": source[:shown],',
            "test_each_figure_shows_the_first_seed",
        ),
    ),
    *mutants(
        "applications/tables.py",
        f"{_TESTS}test_tables.py",
        (
            "column.cell(name, svm=False), column.cell(name, svm=True)",
            "column.cell(name, svm=True), column.cell(name, svm=False)",
            "test_tables_have_each_run_and_the_paper_once",
        ),
        (
            "            if column is last[column.experiment.name]:",
            "            if column is found[-1]:",
            "test_the_papers_own_runs_have_no_mark",
        ),
        (
            "self.experiment.published.get(method),",
            'self.experiment.published.get("dann"),',
            "test_tables_have_each_run_and_the_paper_once",
        ),
    ),
    *mutants(
        "applications/figures.py",
        f"{_TESTS}test_figures.py",
        (
            '1 - row["target_accuracy"]',
            'row["target_accuracy"]',
            "test_the_error_along_training_is_the_mean_of_the_seeds",
        ),
        (
            "plots.embedding(source, target, axes=axis)",
            "plots.embedding(target, source, axes=axis)",
            "test_each_method_has_an_embedding_by_domain",
        ),
        (
            '_logs(runs["dann"])',
            "_logs(history)",
            "test_the_curves_of_training_are_those_of_the_history",
        ),
    ),
    *mutants(
        "applications/demo.py",
        f"{_TESTS}test_demo.py",
        (
            '"train_on_target": domains.target,',
            '"train_on_target": domains.source,',
            "test_each_network_learns_from_its_own_domain[train_on_target]",
        ),
        (
            '*digits.load(target, "test", 1188, seed),',
            '*digits.load(target, "validation", 600, seed),',
            "test_no_written_digit_is_in_two_parts",
        ),
        (
            "if self.name is None:",
            "if False:",
            "test_a_second_default_run_gets_a_number",
        ),
    ),
    *mutants(
        "applications/office.py",
        f"{_TESTS}test_domains.py",
        (
            "Split(x[chosen], y[chosen], x[~chosen], y[~chosen])",
            "Split(x[chosen], y[chosen], x[chosen], y[chosen])",
            "test_the_splits_of_office",
        ),
        (
            "office31.sample(y, office31.LABELED[source], seed)",
            "office31.sample(y, office31.LABELED[source], 0)",
            "test_the_splits_of_office",
        ),
    ),
    *mutants(
        "applications/semi_supervised_signs.py",
        f"{_TESTS}test_domains.py",
        (
            "rows = random.permutation(len(target.x))[:LABELED]",
            "rows = random.integers(len(target.x), size=LABELED)",
            "test_so_many_photographs_have_labels",
        ),
    ),
    *mutants(
        "applications/files.py",
        f"{_TESTS}test_files.py",
        (
            "if isinstance(content, float) and not math.isfinite(content):",
            "if isinstance(content, float) and math.isinf(content):",
            "test_json_has_no_nan",
        ),
        (
            'f".{path.stem}-{uuid.uuid4().hex}{path.suffix}"',
            'f".{path.stem}{path.suffix}"',
            "test_two_writers_of_one_file_and_a_reader",
        ),
    ),
    *mutants(
        "applications/options.py",
        f"{_TESTS}test_start.py",
        (
            "allow_abbrev=False,",
            "",
            "test_every_program_refuses_what_is_not_its_option",
        ),
        (
            "if first + seeds - 1 > _MOST_SEED:",
            "if first + seeds - 2 > _MOST_SEED:",
            "test_the_last_seed_is_one_too",
        ),
        (
            "with tempfile.TemporaryFile(dir=folder):\n            pass",
            "pass",
            "test_an_output_that_cannot_be_written",
        ),
    ),
]
