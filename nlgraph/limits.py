"""Every bound on what a spec may ask for, each with its reason."""

CHARACTERS = 200_000
"""A file's characters: hand-written specs have some thousands; this parses in seconds."""

NESTING = 100
"""Levels of brackets, calls and expansions inside each other: deeper is never meant, and passes
over the tree may then recurse."""

STATEMENTS = 100_000
"""Statements after expansion of every `for`: 10,000 components of a few lines each."""

NODES = 1_000_000
"""Expression nodes after expansion: about a gigabyte of them would be ten times this."""

COMPONENTS = 20_000
"""Components, those of rules included."""

FAULTS = 1000
"""Syntax errors reported for one file: a text with more of them is no spec."""

PLANS = 16
"""Sets of sizes, other than the file's, for which a module keeps what runs them: batches of one or
two lengths and sequences of a dozen. One that is needed again is made again."""

KEPT_BYTES = 64 * 2**30
"""Bytes of the windows that are kept from tick to tick: more is no machine that a spec is for."""

GRAPHS = 256
"""Graphs that a module keeps, each for a set of clocks that tick together and the sizes of a call:
k clocks that share no factor make 2^k sets. One that is needed again is built again."""
