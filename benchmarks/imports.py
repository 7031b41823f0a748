"""Draw which room of a package imports which: a room is a folder, or a module beside the folders. See `--help`."""

import ast
import graphlib
import pathlib

import click
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch

SPACING = (1.9, 1.0)
"""Between rooms of one floor, and between floors, in inches."""


@click.command()
@click.argument("package", type=click.Path(exists=True, file_okay=False, path_type=pathlib.Path))
@click.option("--output", type=click.Path(dir_okay=False, path_type=pathlib.Path), default="imports.png",
              show_default=True, help="Picture, PNG or SVG.")  # fmt: skip
def main(package, output):
    """Draw the rooms of PACKAGE on their floors, count them and their imports, and say whether they go round.

    Example: python benchmarks/imports.py ptychopinn --output imports.png
    """
    rooms = rooms_of(package)
    floors, circle = floors_of(rooms)
    arrows = sum(map(len, rooms.values()))
    words = f"{len(rooms)} rooms, {arrows} arrows, " + (f"a circle: {' > '.join(circle)}" if circle else "no circle")
    draw(rooms, floors, f"{package.resolve().name}: {words}").savefig(output, dpi=120)
    click.echo(f"{package}: {words}; {output}")


def rooms_of(package):
    """Return the rooms of a package: dict from a name to the set of rooms that it imports."""
    package = package.resolve()
    rooms = {}
    for path in sorted(package.rglob("*.py")):
        room = path.relative_to(package).parts[0].removesuffix(".py")
        if room != "__init__":  # the table of contents imports whatever it lists
            rooms.setdefault(room, set()).update(imported(path, package.name) - {room})
    return {room: targets & set(rooms) for room, targets in rooms.items()}


def imported(path, package):
    """Return the rooms of a package that a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        found |= {name.split(".")[1] for name in names if name.startswith(f"{package}.")}
    return found


def floors_of(rooms):
    """Return lists of rooms, each list above all that its rooms import, and the first circle that is found, if any."""
    try:
        order = list(graphlib.TopologicalSorter(rooms).static_order())
    except graphlib.CycleError as error:
        return [sorted(rooms)], error.args[1]
    level = {}
    for room in order:
        level[room] = max((level[target] + 1 for target in rooms[room]), default=0)
    return [sorted(room for room in rooms if level[room] == floor) for floor in range(max(level.values()) + 1)], None


def draw(rooms, floors, title):
    """Draw rooms as boxes, floor above floor, and imports as arrows downwards: matplotlib Figure."""
    widest = max(map(len, floors))
    figure = Figure(figsize=(SPACING[0] * widest + 1, SPACING[1] * len(floors) + 1), layout="constrained")
    axes = figure.subplots()
    places = {room: (SPACING[0] * (at - (len(names) - 1) / 2 + 0.2 * (floor % 2)), SPACING[1] * floor)
              for floor, names in enumerate(floors) for at, room in enumerate(names)}  # fmt: skip
    for room, targets in rooms.items():
        for target in targets:
            axes.add_patch(FancyArrowPatch(places[room], places[target], arrowstyle="-|>", mutation_scale=9, shrinkA=12,
                                           shrinkB=12, color="0.6", linewidth=0.8,
                                           connectionstyle="arc3,rad=0.08"))  # fmt: skip
    for room, (x, y) in places.items():
        axes.text(x, y, room, ha="center", va="center", bbox={"boxstyle": "round", "fc": "w", "ec": "0.3"})
    axes.set(title=title, xlim=(-SPACING[0] * (widest + 1) / 2, SPACING[0] * (widest + 1) / 2),
             ylim=(-0.6, SPACING[1] * (len(floors) - 1) + 0.6))  # fmt: skip
    axes.axis("off")
    return figure


if __name__ == "__main__":
    main()
