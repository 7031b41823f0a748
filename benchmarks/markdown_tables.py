"""Figures of repeated runs -> their medians, and tables in Markdown."""

import statistics

RATES = {
    "training": "training",
    "prediction": "prediction",
    "stitching": "stitching",
    "refinement": "refinement, a pass",
    "reconstruct": "file to object",
    "reconstruct_steady": "after the first batch",
}
COSTS = {
    "first_step_s": "first training step, s",
    "first_batch_s": "first reconstructed batch, s",
    "resident_MiB": "resident, MiB",
    "device_MiB": "on the GPU, MiB",
}

LIMITS = {
    "products_Gflops": "matrix products, Gflop/s",
    "transforms": "Fourier transforms/s",
    "read_GBs": "reading, GB/s",
    "training_share": "training, % of products",
    "prediction_share": "prediction, % of products",
    "refinement_share": "a pass, % of transforms",
}
COUNTED = ("first_loss", "parameters", "training_flop", "prediction_flop")


def summary(runs):
    """Return the median, least and largest of every figure that the runs have."""
    figures = {}
    for name in (*RATES, *COSTS, *LIMITS, *COUNTED):
        values = [run[name] for run in runs if run.get(name) is not None]
        if values:
            figures[name] = {"median": statistics.median(values), "min": min(values), "max": max(values)}
    return figures


def markdown(report):
    """Return the report as tables: rates, their ratios to the first row's, and what a start and memory cost."""
    rows, settings = report["rows"], report["settings"]
    versions = ", ".join(f"{name} {version}" for name, version in report["versions"].items()) or "nothing measured"
    parts = [
        f"{report['date']}; {report['device']}; device {settings['device']}, cores {report['cores']}; {versions}.",
        f"{settings['patterns']} simulated patterns of {settings['size']} x {settings['size']} pixels, groups of "
        f"{settings['group_side'] ** 2}, {settings['batch_size']} groups a batch, {settings['repeats']} repeats.",
    ]
    if rows:
        first = next(iter(rows))
        parts += [
            table("patterns/s: median (least - largest)", RATES, rows, spread),
            table(f"times {first}", RATES, rows, lambda figures, name: ratio(figures, rows[first], name)),
            table("cost: median (least - largest)", COSTS, rows, spread),
            table("what the machine does at most", LIMITS, rows, spread),
        ]
    parts += [f"{name} failed: {last_line(words)}" for name, words in report["failures"].items()]
    parts += [f"{name} is not installed." for name in report["absent"]]
    return "\n\n".join(parts)


def table(corner, columns, rows, cell):
    """Return a table: a row per backend, and the columns for which any has a figure."""
    columns = {name: words for name, words in columns.items() if any(name in figures for figures in rows.values())}
    lines = [[corner, *columns.values()], ["---", *("---:" for _ in columns)]]
    for row, figures in rows.items():
        lines.append([row, *(cell(figures, name) if name in figures else "-" for name in columns)])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def last_line(words):
    """Return the last line of what a process said."""
    return words.splitlines()[-1] if words else "it said nothing"


def spread(figures, name):
    """Write a figure's median, and its range if there is one."""
    median, least, largest = (brief(figures[name][key]) for key in ("median", "min", "max"))
    return median if least == largest else f"{median} ({least} - {largest})"


def ratio(figures, others, name):
    """Write the ratio of two medians."""
    return f"{figures[name]['median'] / others[name]['median']:.2f}" if name in others else "-"


def brief(number):
    """Write a number with three digits or more: 0.123, 12.3, 1,234."""
    return f"{number:,.0f}" if number >= 100 else f"{number:#.3g}".rstrip(".")
