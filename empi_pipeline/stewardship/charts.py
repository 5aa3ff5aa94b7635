"""Small drawings for the page of figures: SVG without colours of its own, which the style gives."""

from collections.abc import Sequence

from markupsafe import Markup

_WIDTH, _HEIGHT = 160, 28


def sparkline(values: Sequence[float], told: str) -> Markup:
    """A line through values in their order, its last point marked."""
    if not values:
        return Markup("")
    low, high = min(values), max(values)
    room = (high - low) or 1.0
    step = (_WIDTH - 8) / max(1, len(values) - 1)
    points = [
        (round(4 + step * place, 1), round(_HEIGHT - 4 - (_HEIGHT - 8) * (value - low) / room, 1))
        for place, value in enumerate(values)
    ]
    path = " ".join(f"{x},{y}" for x, y in points)
    x, y = points[-1]
    return Markup(
        '<svg class="spark" viewBox="0 0 {w} {h}" width="{w}" height="{h}" role="img" aria-label="{told}">'
        '<polyline points="{path}"/><circle cx="{x}" cy="{y}" r="2.5"/></svg>'
    ).format(w=_WIDTH, h=_HEIGHT, told=told, path=path, x=x, y=y)


def columns(parts: Sequence[tuple[str, int, int]], told: str, height: int = 90) -> Markup:
    """A column a day: what was saved, and on top of it, in another tone, what was taken back.

    Args:
        parts: (name, saved, taken back).
        told: What it shows.
        height: Of the drawing.
    """
    most = max((saved + back for _, saved, back in parts), default=0) or 1
    drawn = Markup("")
    base = height - 14
    for place, (name, saved, back) in enumerate(parts):
        one, other = (round((height - 16) * count / most, 1) for count in (saved, back))
        drawn += Markup(
            "<g><title>{name}: {saved} saved, {back} taken back</title>"
            '<rect class="room" x="{x}" y="0" width="14" height="{base}"/>'
            '<rect class="saved" x="{x}" y="{top}" width="14" height="{one}"/>'
            '<rect class="back" x="{x}" y="{above}" width="14" height="{other}"/></g>'
        ).format(
            name=name, saved=saved, back=back, x=place * 16, base=base, top=round(base - one, 1), one=one,
            above=round(base - one - other, 1), other=other,
        )  # fmt: skip
        if place % 7 == 0:
            drawn += Markup('<text x="{x}" y="{y}">{day}</text>').format(x=place * 16, y=height - 2, day=name[5:])
    return Markup(
        '<svg class="columns" viewBox="0 0 {w} {h}" width="{w}" height="{h}" role="img" aria-label="{told}">'
        "{drawn}</svg>"
    ).format(w=len(parts) * 16, h=height, told=told, drawn=drawn)
