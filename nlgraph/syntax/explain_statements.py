"""The faults of statements: words in a wrong place, and parts that are missing."""

from __future__ import annotations

from collections.abc import Callable

from nlgraph.diagnostics.diagnostic import Diagnostic
from nlgraph.diagnostics.suggest import nearest
from nlgraph.syntax import errors
from nlgraph.syntax.expected import found_words
from nlgraph.syntax.fault import Fault
from nlgraph.syntax.mend import missing_brace
from nlgraph.syntax.repair import STATEMENTS
from nlgraph.syntax.tokens import END, ODD, SEPARATOR, Token
from nlgraph.text.span import Span

# What follows a name: a reserved word before it was meant as one.
# fmt: off
_AFTER_NAME = frozenset({
    "EQUAL", "COLON", "COMMA", "RPAR", "RSQB", "QUOTE", "DOT", "PLUS", "MINUS", "STAR", "SLASH",
    "AT", "CIRCUMFLEX", "CMP",
})
# fmt: on


# ----------------------------------------------------------------------------- reserved words


def _reserved(fault: Fault) -> Diagnostic | None:
    """`dim to = 3`, `map = 3`, `x = state * 2`."""
    token, before = fault.token, fault.back()
    heads_equation = token.kind in ("EQUAL", "QUOTE", "DOT") and before is fault.head
    if heads_equation and before is not None and before.kind in STATEMENTS:
        return errors.reserved(fault.span(before))
    if not fault.is_word(token) or "NAME" not in fault.expected:
        return None
    following = fault.ahead()
    if following.kind in (SEPARATOR, END):
        meant = token.kind not in STATEMENTS
    else:
        meant = following.kind in _AFTER_NAME
        if token is fault.head:
            meant = following.kind in ("EQUAL", "QUOTE", "DOT")
    if meant and token.kind not in ("NOT", "IF", "THEN", "ELSE", "BY", "EVERY"):
        return errors.reserved(fault.span(token))
    return None


# ----------------------------------------------------------------------------- wrong places

_BODIES = {
    "COMPONENT": "the body of a component",
    "RULE": "the body of a rule",
    "TRANSFORM": "the body of a transform",
    "BLOCK": "the body of a block",
    "FN": "the braces of a fn",
    "MAP": "the braces of a map",
}
_HELP_OF_PLACE = {
    "STATE": "a component with one state is written `component NAME : TYPE = INIT`",
    "MAP": "a function that belongs to no component is a `fn`",
    "MINIMIZE": "at file level write `train NAMES minimize … by …`",
    "TRAIN": "in a body write `minimize … by …`",
    "RETURN": "a `return` stands in the braces of a fn or a map",
    "OUTPUT": "move it to file level; from there a body's signals are `NAME.signal`",
    "METRIC": "move it to file level; from there a body's signals are `NAME.signal`",
}


def _missing_brace(fault: Fault) -> Diagnostic | None:
    """A header that goes on with its body, but without the `{`."""
    head = missing_brace(fault.source, fault.tokens, fault.at, fault.start, fault.expected)
    if head is None or fault.token.kind == ODD:
        return None
    return errors.missing_brace(fault.span(fault.token), fault.span(fault.tokens[head]))


def _wrong_place(fault: Fault) -> Diagnostic | None:
    """`state` at file level, `input` in a body."""
    token = fault.token
    if token is not fault.head or token.kind not in STATEMENTS:
        return None
    heads = [fault.tokens[head] for head in fault.heads]
    head = next((head for head in reversed(heads) if head.kind in _BODIES), None)
    where = "at file level" if head is None else f"in {_BODIES[head.kind]}"
    help_ = _HELP_OF_PLACE.get(token.kind, "move it to file level")
    if head is not None and token.kind in ("STATE", "MINIMIZE", "MAP", "COMPONENT", "FN", "FOR"):
        help_ = "move it out of these braces"
    return errors.misplaced(
        fault.span(token),
        f"`{token.text}` cannot stand {where}",
        "inside this",
        None if head is None else fault.span(head),
        help_,
    )


# ----------------------------------------------------------------------------- first words

_WORDS_OF_OTHERS = {
    "def": "a function is `fn NAME(x) = …`",
    "func": "a function is `fn NAME(x) = …`",
    "function": "a function is `fn NAME(x) = …`",
    "lambda": "a function is `fn NAME(x) = …`",
    "let": "a signal is just `NAME = …`",
    "var": "a signal is just `NAME = …`",
    "val": "a signal is just `NAME = …`",
    "import": "write `use std.optim (adamw)`",
    "from": "write `use std.optim (adamw)`",
    "include": "write `use std.optim (adamw)`",
    "class": "a template of a component's body is `block NAME(…) { … }`",
    "module": "a template of a component's body is `block NAME(…) { … }`",
    "param": "a learned value is `component NAME : TYPE ~ xavier()`",
    "parameter": "a learned value is `component NAME : TYPE ~ xavier()`",
    "optimize": "write `train NAMES minimize … by …`",
    "maximize": "write `minimize -(…) by …`",
    "while": "write `for i in 1 .. n { … }`",
}


def _first_word(fault: Fault) -> Diagnostic | None:
    """A statement whose first word is a name, but which is no equation."""
    token, head, before = fault.token, fault.head, fault.back()
    if token is head:
        return _first_sign(fault)
    if head.kind != "NAME" or "EQUAL" not in fault.expected or "PLUS" in fault.expected:
        return None
    if fault.in_brackets or before is None:
        return None
    if before is head and token.kind in ("NAME", "STRING", "NUMBER"):
        words = [fault.word(kind) for kind in STATEMENTS]
        instead = _WORDS_OF_OTHERS.get(head.text, f"an equation is `{head.text} = …`")
        meant = None if head.text in _WORDS_OF_OTHERS else nearest(head.text, sorted(words))
        return errors.unknown_statement(fault.span(head), head.text, meant, instead)
    if token.kind == "COLON":
        help_ = f"write `component {head.text} : …`, or `input {head.text} : …`"
    elif token.kind == "TILDE":
        help_ = f"write `component {head.text} : TYPE ~ …`"
    elif fault.ends or token.kind == "LPAR":
        help_ = "an expression alone does nothing: give its value a name, `NAME = …`"
    else:
        help_ = f"an equation is `{head.text} = …`"
    return errors.not_an_equation(fault.place, found_words(token), help_)


def _first_sign(fault: Fault) -> Diagnostic:
    token = fault.token
    help_ = None
    if token.kind in ("LPAR", "LSQB", "QUOTE"):
        help_ = f"a `{token.text}` stands on the line of what it belongs to"
    elif token.kind in ("PER", "EVERY", "RESET"):
        help_ = f"`{token.text}` stands in the header of a component, before its braces"
    return errors.no_statement(fault.span(token), found_words(token), help_)


# ----------------------------------------------------------------------------- missing parts

_Part = tuple[frozenset[str], str, Callable[[Fault], bool], str, str]


def _at(*kinds: str) -> Callable[[Fault], bool]:
    """The statement stops, or goes on with one of these."""
    return lambda fault: fault.ends or fault.token.kind in kinds


def _only_at(*kinds: str) -> Callable[[Fault], bool]:
    return lambda fault: fault.token.kind in kinds


def _after_member(fault: Fault) -> bool:
    return fault.token.kind == "NAME" and fault.at == fault.start + 2


def _in_member(fault: Fault) -> bool:
    return fault.bracket is fault.tokens[fault.start + 2] if fault.in_brackets else False


_LEARNS = frozenset({"MINIMIZE", "TRAIN"})
_DEFINES = frozenset({"RULE", "BLOCK", "FN", "TRANSFORM"})


def _parts(*heads: str) -> frozenset[str]:
    return frozenset(heads)


# Heads, what is expected there, what is found instead; what is missing, and the help.
_PARTS: tuple[_Part, ...] = (
    (
        _parts("INPUT"),
        "EVERY",
        lambda fault: "COMMA" not in fault.expected or fault.ends,
        "an input says how often it comes: `every CLOCK` is missing",
        "write `input x : [B, d] every step`, with your clock for `step`",
    ),
    (
        _parts("INPUT"),
        "COLON",
        _at("EVERY", "EQUAL", "TILDE", "LSQB"),
        "an input says its type: `: TYPE` is missing",
        "write `input x : [B, d] every step`",
    ),
    (
        _parts("STATE"),
        "COLON",
        _at("EQUAL", "TILDE", "LSQB"),
        "a state says its type: `: TYPE` is missing",
        "write `state W : [d, h] ~ xavier()`, or `: like X`",
    ),
    (
        _parts("COMPONENT"),
        "RSQB",
        _in_member,
        "a `:` stands between a component's name and its type",
        "write `component W : [d, h] ~ xavier()`",
    ),
    (
        _parts("COMPONENT"),
        "EQUAL",
        _after_member,
        "a `=` stands between a component's name and its block",
        "write `component ffn = mlp(d, h)`",
    ),
    (
        _parts("COMPONENT", "STATE"),
        "TILDE",
        _only_at("NAME", "NUMBER"),
        "a `=` or a `~` stands before an initial value",
        "write `= 0`, or `~ xavier()` to draw it at random",
    ),
    (
        _LEARNS,
        "BY",
        _at("NAME", "THEN"),
        "`minimize` says by which rule: `by RULE(…)` is missing",
        "write `minimize loss by adamw(lr = 1e-3)`",
    ),
    (
        _parts("TRAIN"),
        "MINIMIZE",
        _at("BY", "EVERY", "WITH"),
        "`train` says what it minimizes: `minimize … by …` is missing",
        "write `train W minimize loss by adamw(lr = 1e-3)`",
    ),
    (
        _LEARNS,
        "THEN",
        _only_at("COMMA", "BY", "PLUS"),
        "`then` stands between the rules that follow each other",
        "write `by clip_norm(1.0) then adamw(lr = 1e-3)`",
    ),
    (
        _parts("RULE", "TRANSFORM"),
        "FOR",
        _at("LBRACE", "EQUAL"),
        "a rule names the states and their gradient: `for W, g` is missing",
        "write `rule sgd(lr) for W, g { … }`",
    ),
    (
        _parts("RULE", "BLOCK"),
        "LBRACE",
        _at("EQUAL"),
        "a body in braces is missing",
        "write `{ … }`",
    ),
    (
        _DEFINES | {"MAP"},
        "LPAR",
        _at("LBRACE", "EQUAL", "FOR", "NAME"),
        "parameters in parentheses are missing, `()` where there are none",
        "write `block mlp(n, m) { … }`, `fn f(x) = …`, `map (q) = …`",
    ),
    (
        _parts("USE"),
        "LPAR",
        _only_at("NAME", "COLON", "STAR"),
        "the names that a `use` brings in stand in parentheses",
        "write `use std.optim (adamw, gd)`",
    ),
    (
        _parts("CLOCK"),
        "EQUAL",
        _only_at("EVERY", "NUMBER", "COLON", "NAME"),
        "a `=` stands between a clock's name and its period",
        "write `clock slow = 16 step`",
    ),
    (
        _parts("FOR"),
        "__ANON_0",
        _at("LBRACE", "COLON", "COMMA", "TO"),
        "a `for` runs from one number to another: `..` is missing",
        "write `for i in 1 .. 4 { … }`",
    ),
)


def _missing_part(fault: Fault) -> Diagnostic | None:
    head = fault.head.kind
    for heads, expected, found, message, help_ in _PARTS:
        if head in heads and expected in fault.expected and found(fault):
            return errors.missing_part(_gap(fault), message, help_)
    return _count_without_clock(fault) or _rule_without_call(fault) or _conditional(fault)


def _count_without_clock(fault: Fault) -> Diagnostic | None:
    """`clock slow = 16`, `clock slow = every 16 step`."""
    before = fault.back()
    if fault.head.kind == "CLOCK" and fault.token.kind == "EVERY":
        return errors.superfluous(fault.span(fault.token), "write `clock slow = 16 step`")
    if before is None or before.kind != "NUMBER" or fault.expected != {"NAME"}:
        return None
    message = "a count is followed by the clock whose ticks it counts"
    return errors.missing_part(_gap(fault), message, f"write `{before.text} step`, say")


def _rule_without_call(fault: Fault) -> Diagnostic | None:
    """`by adamw` without its parentheses."""
    name = fault.back()
    wants_call = "LPAR" in fault.expected and not {"PLUS", "EQUAL", "BY"} & fault.expected
    if fault.head.kind not in _LEARNS or not wants_call or name is None or name.kind != "NAME":
        return None
    if not (fault.ends or fault.token.kind == "THEN"):
        return None
    message = "a rule is called: its parentheses are missing"
    return errors.missing_part(_gap(fault), message, f"write `{name.text}()`")


def _conditional(fault: Fault) -> Diagnostic | None:
    """`if c: a`, `if c then a`."""
    for word in ("THEN", "ELSE"):
        if word in fault.expected and "BY" not in fault.expected and word != fault.token.kind:
            if word == "THEN" and fault.head.kind in _LEARNS and "PLUS" not in fault.expected:
                continue
            message = f"an `if` has a `then` and an `else`: the `{word.lower()}` is missing"
            help_ = "write `if c then a else b`"
            if fault.token.text in ("elif", "elseif"):
                help_ = "write `else if …`"
            return errors.missing_part(_gap(fault), message, help_)
    return None


def _gap(fault: Fault) -> Span:
    """Where the missing part belongs: at the token found, or after the last one of its line."""
    before = fault.back()
    if before is not None and (fault.ends or _on_another_line(fault, before)):
        return Span(fault.source, before.end, before.end)
    return fault.span(fault.token)


def _on_another_line(fault: Fault, before: Token) -> bool:
    position = fault.source.position
    return position(before.end)[0] != position(fault.token.start)[0]


STATEMENT_CHECKS = (_reserved, _missing_brace, _wrong_place, _first_word, _missing_part)
