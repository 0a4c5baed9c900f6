"""Progress of a work in parts is progress of the whole."""

from lossmodel.progress import parts


def test_parts_follow_each_other_to_the_end():
    told = []
    first, second = parts(lambda step, steps: told.append(step / steps), 1, 3)
    first(1, 2)
    first(2, 2)
    second(0, 0)
    second(5, 10)
    second(10, 10)
    assert told == [0.125, 0.25, 0.25, 0.625, 1.0]
