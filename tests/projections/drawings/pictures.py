"""What holds for every picture: no words lie over others or over the edge, and it describes itself."""

from __future__ import annotations

from itertools import takewhile

from projections.drawings.picture import Picture


def check_picture(p: Picture) -> None:
    """Check that nothing leaves the picture, and that no two lines of words overlap."""
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
