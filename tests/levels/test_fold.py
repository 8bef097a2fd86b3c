from nlgraph.levels.fold import fold_names


def test_a_family_becomes_one_name():
    assert fold_names(["layer[1]", "layer[2]", "layer[3]", "layer[4]"]) == ("layer[1…4]",)


def test_a_gap_in_the_indices_shows():
    assert fold_names([f"layer[{i}]" for i in (1, 2, 3, 5, 7, 8)]) == ("layer[1…3, 5, 7…8]",)


def test_names_keep_the_order_in_which_they_first_stand():
    names = ["head", "layer[2]", "W.m", "layer[1]", "W.v"]
    assert fold_names(names) == ("head", "layer[1…2]", "W.m", "W.v")


def test_moments_of_a_family_fold_by_moment():
    names = [f"layer[{i}].{moment}" for i in (1, 2) for moment in ("m", "v")]
    assert fold_names(names) == ("layer[1…2].m", "layer[1…2].v")


def test_a_grid_folds_in_both_directions():
    names = [f"cell[{i}][{j}]" for i in (1, 2, 3) for j in (1, 2)]
    assert fold_names(names) == ("cell[1…3][1…2]",)


def test_a_grid_with_a_hole_folds_what_is_alike():
    names = ["cell[1][1]", "cell[1][2]", "cell[2][1]", "cell[2][2]", "cell[3][1]"]
    assert fold_names(names) == ("cell[1…2][1…2]", "cell[3][1]")


def test_a_lone_member_keeps_its_index():
    assert fold_names(["layer[16]"]) == ("layer[16]",)


def test_ten_thousand_members_are_folded_at_once():
    assert fold_names(f"layer[{i}].m" for i in range(1, 10_001)) == ("layer[1…10000].m",)
