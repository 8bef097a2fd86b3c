import pytest

from nlgraph.syntax import nodes

from .conftest import read, show  # noqa: TID252


def expression(text: str) -> str:
    file, diagnostics = read(f"x = {text}")
    assert diagnostics == ()
    (equation,) = file.statements
    assert isinstance(equation, nodes.Equation)
    return show(equation.value)


def statement(text: str) -> str:
    file, diagnostics = read(text)
    assert diagnostics == ()
    (only,) = file.statements
    return show(only)


def test_every_system_of_the_project_parses(spec: str):
    file, diagnostics = read(spec)
    assert diagnostics == ()
    assert file.statements
    assert file.unread == frozenset()


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a + b * c", "(a + (b * c))"),
        ("a - b - c", "((a - b) - c)"),
        ("a / b * c @ d", "(((a / b) * c) @ d)"),
        ("-x^2", "(- (x ^ 2))"),
        ("2^-x^2", "(2 ^ (- (x ^ 2)))"),
        ("a ^ b ^ c", "(a ^ (b ^ c))"),
        ("-3", "(- 3)"),
        ("--a", "(- (- a))"),
        ("(a + b) * c", "((a + b) * c)"),
        ("not a == b and c or d", "(((not (a == b)) and c) or d)"),
        ("a <= b + 1", "(a <= (b + 1))"),
        (
            "if a > b then 1 else if c then 2 else 3",
            "(if (a > b) then 1 else (if c then 2 else 3))",
        ),
        ("L with (W = W + g, b.c' = 1)", None),
        ("L with (W = W + g, b.c = 1,)", "(L with W = (W + g), b.c = 1)"),
        ("if c then a else b with (W = 1)", "((if c then a else b) with W = 1)"),
        ("f(a, b = 1, c = [1, 2],)", "f(a, b=1, c=[1, 2])"),
        ("f()", "f()"),
        ("M'(q)", "M'(q)"),
        ("layer[i].W'[0].T", "layer[i].W'[0].T"),
        ("x[:, 0]", "x[:, 0]"),
        ("x[a:b, :c, d:, ...]", "x[a:b, :c, d:, ...]"),
        ("[]", "[]"),
        ('"a\\"b\\\\c\\n"', "'a\"b\\\\c\\n'"),
        ("true == false", "(true == false)"),
        ("3e-4 + 3 + 2.5 + 1e2", "(((0.0003 + 3) + 2.5) + 100.0)"),
        ("λ + W_k", "(λ + W_k)"),
    ],
)
def test_expressions(text: str, tree: str | None):
    if tree is None:  # a binding has no prime: it replaces what is read unprimed
        assert read(f"x = {text}")[1] != ()
        return
    assert expression(text) == tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("use std.optim (adamw, gd,)", "Use(path='std.optim', quoted=False, names=(adamw, gd))"),
        ('use "a/b.nl" (f)', "Use(path='a/b.nl', quoted=True, names=(f))"),
        ("use std.optim", "Use(path='std.optim', quoted=False, names=-)"),
        ("dim B = 3, d", "Dims(defines=(Define(name='B', value=3), Define(name='d', value=-)))"),
        ("const lr = 3e-4", "Consts(defines=(Define(name='lr', value=0.0003)))"),
        ("clock step", "Clock(name='step', period=-)"),
        ("clock slow = 16 step", "Clock(name='slow', period=Period(count=16, of=step))"),
        ("clock c = (4^i) a.b", "Clock(name='c', period=Period(count=(4 ^ i), of=a.b))"),
        ("clock c = n step", "Clock(name='c', period=Period(count=n, of=step))"),
        (
            "clock token = sequence along T",
            "Clock(name='token', period=Along(parent=sequence, dim=T))",
        ),
        ("clock inner = task / 5", "Clock(name='inner', period=Divided(parent=task, count=5))"),
        (
            "input x, z : f32[B, T] every 5 critic",
            "Input(names=(x, z), type=Type(dtype='f32', dims=(B, T)), "
            "every=Period(count=5, of=critic))",
        ),
        (
            "input s : f64[] every step",
            "Input(names=(s), type=Type(dtype='f64', dims=()), every=Period(count=-, of=step))",
        ),
        (
            "output y, z = y + 1",
            "Outputs(outputs=(Output(target=y, value=-), Output(target=z, value=(y + 1))))",
        ),
        ("metric loss", "Metric(name='loss', value=-)"),
        ("metric a = mean(b)", "Metric(name='a', value=mean(b))"),
        ("x[0] = 1", "Equation(target=x[0], primed=False, value=1)"),
        (
            "train a, b.W, layer\n  minimize loss by clip(1) then adamw(lr = 1)",
            "Train(targets=(a, b.W, layer), minimize=Minimize(objective=loss, "
            "rules=(RuleCall(rule=clip, args=(1), keywords=()), "
            "RuleCall(rule=adamw, args=(), keywords=(lr=1)))))",
        ),
        (
            "fn f(x, y = 1) = x",
            "Fn(name='f', params=(Param(name='x', default=-), Param(name='y', default=1)), "
            "body=FnBody(lines=(), result=x))",
        ),
        (
            "fn f(x) { y = x; for i in 1 .. 3 { y = y + 1 }; return y }",
            "Fn(name='f', params=(Param(name='x', default=-)), body=FnBody(lines=("
            "Equation(target=y, primed=False, value=x), "
            "FnFor(name='i', start=1, stop=3, "
            "lines=(Equation(target=y, primed=False, value=(y + 1))))), result=y))",
        ),
        (
            "rule r(lr) for each W, g { W' = W - g }",
            "Rule(name='r', params=(Param(name='lr', default=-)), each=True, names=(W, g), "
            "body=(Equation(target=W, primed=True, value=(W - g))))",
        ),
        (
            "transform t for w, g = 2 * g",
            "Transform(name='t', params=(), each=False, names=(w, g), value=(2 * g), body=-)",
        ),
        (
            "transform t for each w, g = g",
            "Transform(name='t', params=(), each=True, names=(w, g), value=g, body=-)",
        ),
        (
            "transform t(a) for w, g { g' = g }",
            "Transform(name='t', params=(Param(name='a', default=-)), each=False, names=(w, g), "
            "value=-, body=(Equation(target=g, primed=True, value=g)))",
        ),
        ("block b() { }", "Block(name='b', params=(), body=())"),
        (
            "for i in 1..L { z[i] = i }",
            "For(name='i', start=1, stop=L, body=(Equation(target=z[i], primed=False, value=i)))",
        ),
    ],
)
def test_statements(text: str, tree: str):
    assert statement(text) == tree


def test_a_component_has_its_clauses_in_any_order():
    text = (
        "component ffn[i] : like X = X reset W1, b.c every 8 token to meta.a per B, H\n"
        "  every (4^i) step reset every sequence { state W1, W2 : [d] ~ xavier(); map (q) = q\n"
        "minimize E by gd(1) }"
    )
    file, diagnostics = read(text)
    assert diagnostics == ()
    (component,) = file.statements
    assert isinstance(component, nodes.Component)
    assert show(component.member) == "Member(name='ffn', index=i)"
    assert show(component.type) == "Like(value=X)"
    assert show(component.init) == "Init(value=X, drawn=False)"
    assert show(component.per) == "(B, H)"
    assert show(component.every) == "Period(count=(4 ^ i), of=step)"
    assert [show(reset) for reset in component.resets] == [
        "Reset(only=(W1, b.c), period=Period(count=8, of=token), to=meta.a)",
        "Reset(only=(), period=Period(count=-, of=sequence), to=-)",
    ]
    assert component.body is not None
    assert [type(line).__name__ for line in component.body] == ["State", "Map", "Minimize"]


def test_a_component_without_braces_has_no_body_and_one_with_empty_ones_an_empty():
    file, _ = read("component A = mlp(d)\ncomponent B : scalar ~ normal(0, 1) {}")
    first, second = file.statements
    assert isinstance(first, nodes.Component)
    assert isinstance(second, nodes.Component)
    assert first.body is None
    assert first.type is None
    assert second.body == ()
    assert show(second.type) == "Type(dtype='scalar', dims=-)"
    assert show(second.init) == "Init(value=normal(0, 1), drawn=True)"


# ----------------------------------------------------------------------------- spans


def test_spans_hold_what_was_written_brackets_included():
    text = "x = (a + b) * f(c)  # done"
    file, _ = read(text)
    (equation,) = file.statements
    assert isinstance(equation, nodes.Equation)
    product = equation.value
    assert isinstance(product, nodes.Binary)
    assert equation.span.text == "x = (a + b) * f(c)"
    assert product.span.text == "(a + b) * f(c)"
    assert product.left.span.text == "(a + b)"
    assert product.right.span.text == "f(c)"
    assert [comment.text for comment in file.comments] == ["# done"]
    assert file.comments[0].span.text == "# done"


def test_a_component_ends_with_its_brace():
    text = "component A : [d] = 0 {\n  A' = A\n}\n\ny = 1"
    file, _ = read(text)
    assert file.statements[0].span.text == "component A : [d] = 0 {\n  A' = A\n}"


# ----------------------------------------------------------------------------- layout


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("\n;;\n  # only this\n", 0),
        ("x = 1; y = 2;\n;z = 3", 3),
        ("x = f(a,\n\n  b)\ny = [1,\n2]", 2),
        ("x = a\n  + b\n  * c", 1),
        ("x = a +\n b", 1),
        ("x\n= a", 1),
        ("x = if a\nthen b\nelse c", 1),
        ("x = f\n  .W", 1),
        ("x = a\n  with (W = 1)", 1),
        ("component A : [d]\n= 0\nevery step\nreset every task\nto A\n{\n}\n", 1),
        ("train a,\n b\nminimize e\nby r()\nthen s()", 1),
        ("fn f(x) =\n  x", 1),
        ("for i in 1 .. 2 {\n\n}\n", 1),
        ("x = 1\r\ny = 2\r\n", 2),
        ("\tx\t=\t1", 1),
        ("x = 1 # with a ; inside\ny = 2", 2),
    ],
)
def test_where_statements_end(text: str, count: int):
    file, diagnostics = read(text)
    assert diagnostics == ()
    assert len(file.statements) == count


def test_a_semicolon_ends_a_statement_where_a_newline_would_not():
    assert len(read("x = a\n + b")[1]) == 0
    assert len(read("x = a; + b")[1]) == 1


# ----------------------------------------------------------------------------- names


def test_one_name_has_one_spelling():
    composed, decomposed = "\N{LATIN SMALL LETTER E WITH ACUTE}", "e\N{COMBINING ACUTE ACCENT}"
    assert expression(decomposed) == composed
    assert expression("\N{MICRO SIGN}") == "\N{GREEK SMALL LETTER MU}"
