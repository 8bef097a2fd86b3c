from nlgraph.schedule.model import Count


def units(schedule):
    return [
        (unit.period, sorted(t.key for t in unit.outputs if not t.key.startswith("@")))
        for unit in schedule.units
    ]


def test_one_unit_for_each_clock(schedule_of):
    schedule = schedule_of(
        "component s : scalar = 0 every four { s' = s + average(mean(x)) }\n"
        "component f : scalar = 0 { f' = f + s + mean(x) }"
    )
    assert units(schedule) == [(1, ["f"]), (4, ["s"])]


def test_a_path_that_switches_clocks_and_back_has_units_of_its_own(schedule_of):
    schedule = schedule_of(
        "component f : scalar = 0 { f' = f + mean(x) }\n"
        "component s : scalar = 0 every four { s' = s + f' }\n"
        "component g : scalar = 0 every step { g' = g + s' }\n"
        "component h : scalar = 0 every four { h' = h + g' }"
    )
    assert units(schedule) == [(1, ["f"]), (4, ["s"]), (1, ["g"]), (4, ["h"])]


def test_clocks_beside_each_other_wait_for_each_other(schedule_of):
    schedule = schedule_of(
        "component a : scalar = 0 every 2 step { a' = a + accumulate(mean(x)) }\n"
        "component b : scalar = 0 every 3 step { b' = b + a' + accumulate(mean(x)) }"
    )
    order = units(schedule)
    assert order.index((2, ["a"])) < order.index((3, ["b"]))
    last = schedule.units[order.index((3, ["b"]))]
    assert ("updated", "a") in {(source.kind, source.key) for source in last.inputs}


def test_a_slower_unit_reads_what_a_faster_one_computes_anyway(text_of):
    text = text_of(
        "metric loss\nmetric last = latest(loss, four)\nmetric other = latest(tanh(loss), four)"
    )
    first, second = text.split("unit 1")
    assert "cross_entropy" in first
    assert "cross_entropy" not in second
    assert "loss of unit 0" in second


def test_what_only_slower_units_read_is_computed_there(text_of):
    text = text_of("metric last = latest(loss, four)\ntrain W minimize mean(x @ W) by gd(lr = 0.1)")
    first, second = text.split("unit 1")
    assert "cross_entropy" not in first
    assert "cross_entropy" in second


def test_the_number_of_a_tick():
    assert [Count(3, None).at(tick) for tick in range(1, 8)] == [1, 1, 1, 2, 2, 2, 3]
    assert [Count(1, 3).at(tick) for tick in range(1, 8)] == [1, 2, 3, 1, 2, 3, 1]
    assert [Count(2, 6).at(tick) for tick in range(1, 9)] == [1, 1, 2, 2, 3, 3, 1, 1]
