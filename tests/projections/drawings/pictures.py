"""What holds for every picture: no words lie over others or over the edge, and it describes itself."""

from __future__ import annotations

from itertools import pairwise, takewhile

from projections.drawings.picture import Picture

LEAST = 40.0  # units of height of a part


def check_picture(p: Picture) -> None:
    """Check that nothing leaves the picture, that no two lines of words overlap, and that none is cut by its parts."""
    assert p.title
    assert p.says
    boxes = sorted((w.box for w in p.words), key=lambda box: box[1])
    for left, top, right, bottom in (*boxes, *(s.box for s in p.paths)):
        assert left >= -1.5
        assert top >= -1.5
        assert right <= p.width + 1.5
        assert bottom <= p.height + 1.5
    for n, (left, top, right, bottom) in enumerate(boxes):
        for other in takewhile(lambda box: box[1] < bottom - 0.5, boxes[n + 1 :]):  # noqa: B023 - used at once
            assert min(right, other[2]) - max(left, other[0]) < 0.5, (left, top, right, bottom, other)
    _check_parts(p)


def _check_parts(p: Picture) -> None:
    """Check that the parts of a picture follow each other, and that each line of words is whole in one of them."""
    parts = p.parts(LEAST)
    assert parts[0].top == 0
    assert all(abs(a.top + a.height - b.top) < 0.2 for a, b in pairwise(parts))
    assert [w for part in parts for w in part.words] == sorted(p.words, key=lambda w: [w.y >= q.top for q in parts])
    for part in parts:
        for word in part.words:
            _, top, _, bottom = word.box
            assert part.top - 1.5 <= top
            assert bottom <= part.top + part.height + 1.5
