"""Components: their states, clocks, resets, maps, local signals and inner components.

A component is built once for each host: once in a file or a body, and in a rule once for each
component of the bundle. What needs the meaning of other names (initial values, equations) is kept
as a closure or a statement and resolved when everything is declared.
"""

from __future__ import annotations

from dataclasses import replace

from nlgraph import limits
from nlgraph.syntax import nodes
from nlgraph.system import errors
from nlgraph.system.arguments import bind
from nlgraph.system.body import read_body
from nlgraph.system.builder import Builder, Place, has_fault
from nlgraph.system.clauses import settle_clauses
from nlgraph.system.entities import Comp, Holder, LazyComponent, Scope, StateRecord, Template
from nlgraph.system.externs import check_clauses, declare_extern, extern_call
from nlgraph.system.ids import ComponentId
from nlgraph.system.lookup import describe, entity_of, holder_of
from nlgraph.system.states import Site, StateMaker, typed
from nlgraph.system.values import Key
from nlgraph.text.span import Origin, Span


def build(builder: Builder, node: nodes.Component, site: Site) -> Holder:
    """Build a component for each host; the states' updates come later."""
    origin = Origin(_head(node), site.via)
    comps = {key: _comp(builder, site, key, origin) for key in site.hosts}
    place = Place(site.scope, node.member.name, via=site.via)
    extern = extern_call(node, place)
    block, type_node, init = (None, None, None) if extern else _header(builder, node, place)
    scope = Scope(site.scope)
    leaves: dict[Key, StateRecord] = {}
    maker = StateMaker(builder, site, comps, leaves)
    for comp in comps.values():
        comp.scope = scope
    if type_node is not None:
        typed(builder, node, type_node, init, place, maker)
    if extern is not None:
        declare_extern(builder, node, extern, maker, place)
    holder = Holder(leaves, comps)
    if block is not None:
        _instantiate(builder, node, block, holder, maker, place)
    read_body(builder, node.body or (), holder, maker, replace(place, scope=scope), site)
    settle_clauses(builder, node, site, holder, place)
    if extern is not None:
        check_clauses(builder, node, comps.values(), place)
    is_bare = block is None and type_node is None and extern is None and init is None
    unknown = (node.init is not None and is_bare) or _is_like_lost(builder, type_node, place)
    if unknown or has_fault(builder, node) or (block and has_fault(builder, block.node)):
        _lose(holder)
    return holder


def _lose(holder: Holder) -> None:
    for comp in holder.comps.values():
        comp.lost = True


def _is_like_lost(
    builder: Builder, type_node: nodes.Type | nodes.Like | None, place: Place
) -> bool:
    """Whether a component is like one of which a fault hides what it has."""
    if not isinstance(type_node, nodes.Like):
        return False
    entity = entity_of(builder, type_node.value, place, quiet=True)
    if not isinstance(entity, Holder | LazyComponent):
        return isinstance(type_node.value, nodes.Name) and entity is None
    holder = holder_of(builder, entity, place.origin(type_node))
    return holder is not None and holder.is_lost


def _head(node: nodes.Component) -> Span:
    """A component without its braces, which is the place that messages show."""
    span = node.span
    if node.body is None:
        return span
    head = span.text.partition("{")[0].rstrip()
    return Span(span.source, span.start, span.start + len(head))


def _instantiate(
    builder: Builder,
    node: nodes.Component,
    block: Template,
    holder: Holder,
    maker: StateMaker,
    place: Place,
) -> None:
    """A block's body: it sees its parameters and its own file, the component's body sees it."""
    if place.origin(node).is_looping or place.origin(node).depth > limits.NESTING:
        fault = errors.too_deep(place.origin(node))
        if all(fault.labels[:1] != known.labels[:1] for known in builder.report.diagnostics):
            builder.report.add(fault)
        _lose(holder)
        return
    call = node.init.value if node.init is not None else None
    assert isinstance(call, nodes.Call)
    assert isinstance(block.node, nodes.Block)
    bound = bind(
        builder,
        block.node.name,
        block.node.params,
        call.args,
        call.keywords,
        call,
        place,
        block.scope,
    )
    if bound is None:
        _lose(holder)
        return
    comp = next(iter(holder.comps.values()))
    scope = Scope(bound, comp.scope.names)
    inside = replace(place, scope=scope, via=place.origin(node))
    read_body(builder, block.node.body, holder, maker, inside, replace(maker.site, via=inside.via))


def _comp(builder: Builder, site: Site, key: str, origin: Origin) -> Comp:
    host = site.hosts[key]
    name = ComponentId(site.names[key])
    if site.leaf is not None and host is not None:
        known = builder.instances.get((host.id, name))
        if known is not None:
            return known
    comp = Comp(name, host, origin, Scope(site.scope))
    builder.comps.append(comp)
    if len(builder.comps) > limits.COMPONENTS:
        builder.stop(errors.too_many("components", limits.COMPONENTS, comp.origin))
    if site.leaf is not None and host is not None:
        builder.instances[host.id, name] = comp
    return comp


def _header(
    builder: Builder, node: nodes.Component, place: Place
) -> tuple[Template | None, nodes.Type | nodes.Like | None, nodes.Init | None]:
    init = node.init
    if (
        node.type is None
        and init is not None
        and not init.drawn
        and isinstance(init.value, nodes.Call)
    ):
        entity = entity_of(builder, init.value.function, place)
        if isinstance(entity, Template) and isinstance(entity.node, nodes.Block):
            return entity, None, None
        if entity is not None:
            origin = place.origin(init.value.function)
            text = init.value.function.span.text
            builder.report.add(errors.not_a("a block", text, describe(entity), origin))
        return None, None, None
    if node.type is None and init is not None:
        builder.report.add(
            errors.misplaced(
                "an initial value",
                "without a type",
                place.origin(init),
                f"say its shape: component {node.member.name} : [d, d] = …, or : like …",
            )
        )
    return None, node.type, init
