"""The graph of a case: what hangs together by being named in the same events, one or two steps away, and no farther."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from service.pages import Graph, Node
from service.ports_desk import Mention, Mentions

SUBJECTS: Final = ("line", "party", "device", "agent", "store", "contact", "target", "beneficiary")
MOST_HOPS: Final = 2
MOST_NODES: Final = 60
EACH: Final = 20
"""How many newest events of one thing are followed: a store is named by thousands."""
JOINING: Final = frozenset({"screening", "labelled_fraud"})


@dataclass
class _Growing:
    """A graph while it grows."""

    nodes: dict[str, tuple[str, int]] = field(default_factory=dict)
    edges: set[tuple[str, str]] = field(default_factory=set)
    cut: bool = False

    def node(self, token: str, entity: str, hop: int) -> bool:
        """Add a thing, if it is there already or there is room; say whether it is in the graph."""
        if token not in self.nodes and len(self.nodes) >= MOST_NODES:
            self.cut = True
            return False
        self.nodes.setdefault(token, (entity, hop))
        return True

    def edge(self, one: str, other: str) -> None:
        """Join two things."""
        if one != other:
            self.edges.add((min(one, other), max(one, other)))


async def graph_of(mentions: Mentions, tenant: str, keys: Mapping[str, str], hops: int) -> Graph:
    """Return the graph around a screening's entities.

    Args:
        mentions: the index; what it has not read yet is not in the graph.
        tenant: whose.
        keys: the screening's entities, as tokens.
        hops: one or two steps.
    """
    growing = _Growing()
    own = {entity: keys[entity] for entity in SUBJECTS if entity in keys}
    hub = own.get("line") or next(iter(own.values()), "")
    for entity, token in own.items():
        growing.node(token, entity, 0 if token == hub else 1)
        growing.edge(hub, token)
    frontier = list(own.values())
    for hop in range(1, min(hops, MOST_HOPS) + 1):
        frontier = await _step(mentions, tenant, growing, frontier, hop + 1)
    frauds = await mentions.frauds(tenant, list(growing.nodes))
    nodes = tuple(
        Node(token=token, entity=entity, fraud=frauds.get(token, 0), hop=hop)
        for token, (entity, hop) in growing.nodes.items()
    )
    return Graph(nodes=nodes, edges=tuple(sorted(growing.edges)), cut=growing.cut)


async def _step(mentions: Mentions, tenant: str, growing: _Growing, frontier: Sequence[str], hop: int) -> list[str]:
    """Follow what the things at the edge were named in, and return what is new."""
    found = [mention for mention in await mentions.of(tenant, frontier, each=EACH) if mention.kind in JOINING]
    events = sorted({mention.event_id for mention in found})
    before = set(growing.nodes)
    for together in _by_event(await mentions.beside(tenant, events)).values():
        here = [mention for mention in together if growing.node(mention.token, mention.entity, hop)]
        hub = next((mention.token for mention in here if mention.entity == "line"), None)
        for mention in here:
            growing.edge(hub or here[0].token, mention.token)
    return [token for token in growing.nodes if token not in before]


def _by_event(mentions: Sequence[Mention]) -> dict[str, list[Mention]]:
    grouped: dict[str, list[Mention]] = {}
    for mention in mentions:
        grouped.setdefault(mention.event_id, []).append(mention)
    return grouped
