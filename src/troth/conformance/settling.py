"""In which order a trial looks at operations, and when it is settled.

Grounds share nothing, so what one of them says is what a run of all would say of it: a fault that is noticed on one is
noticed. A trial is settled when one of the clauses that name its fault has been found broken, or been judged wherever
it is promised, and every other clause has been judged on two operations on which an answer differs, or asked about in
vain: on all that the fault can reach where these are few, else on three.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

from troth.behaviour.clauses import Clause
from troth.conformance.running import ground_of

__all__ = ["Agenda"]

#: On how many operations that a fault shows on every clause is judged before a trial is settled.
_ENOUGH = 2
#: On how many operations a clause is asked about in vain, where a fault reaches many, and how many are few.
_IN_VAIN, _FEW = 3, 30
#: What a ground costs beside its requests, in requests.
_ENTRANCE = 20


class Agenda:
    """The grounds of a contract with their clauses; ``cost`` says how many requests one takes."""

    def __init__(self, clauses: Iterable[Clause], cost: Callable[[str], int]) -> None:
        self.grounds: dict[str, list[Clause]] = {}
        for clause in clauses:
            self.grounds.setdefault(ground_of(clause), []).append(clause)
        self._ids = {name: frozenset(one.id for one in found) for name, found in self.grounds.items()}
        self._costs = {name: _ENTRANCE + cost(name) for name in self.grounds}
        self._all = frozenset[str]().union(*self._ids.values())
        self._order = tuple(self._thrifty())

    def _thrifty(self) -> Iterator[str]:
        """The grounds, those first that say most for their requests that is not known yet."""
        needs, left = Counter(dict.fromkeys(self._all, _ENOUGH)), dict(self._ids)
        while left:
            name = max(left, key=lambda one: sum(needs[i] > 0 for i in left[one]) / self._costs[one])
            needs.subtract(left.pop(name))
            yield name

    def settle(
        self,
        named: Iterable[str],
        reached: Collection[str] | None,
        hear: Callable[[str, Sequence[Clause]], bool],
        noticed: Callable[[], bool],
    ) -> None:
        """Go through the grounds that a fault reaches until its trial is settled; None: it may reach all.

        ``hear`` asks the first clauses of a ground and says whether they were judged, since an answer differed;
        ``noticed`` says whether any of the ``named`` clauses was found broken.
        """
        few = reached is not None and len(reached) <= _FEW
        needs = _Needs(self._all, len(reached) if few and reached else _IN_VAIN)
        open_ones = [name for name in self._order if reached is None or name in reached]
        own = frozenset(named)
        about = sorted((name for name in open_ones if own & self._ids[name]), key=self._costs.__getitem__)
        heard = set[str]()
        for name in about:
            if noticed():
                break
            heard.add(name)
            first = self._first(name, needs, own)
            needs.note({one.id for one in first}, judged=hear(name, first))
        for name in open_ones:
            first = () if name in heard else self._first(name, needs, ())
            if first:
                needs.note({one.id for one in first}, judged=hear(name, first))

    def _first(self, ground: str, needs: _Needs, named: Collection[str]) -> Sequence[Clause]:
        """The clauses of a ground up to the last one that has something to say; those after it change nothing there."""
        clauses = self.grounds[ground]
        wanted = [index for index, one in enumerate(clauses) if one.id in named or needs.wants(one.id)]
        return clauses[: wanted[-1] + 1] if wanted else ()


class _Needs:
    """On how many grounds each clause is still to be judged, and how often it may still be asked in vain."""

    def __init__(self, clauses: Collection[str], in_vain: int) -> None:
        self._judging = Counter(dict.fromkeys(clauses, _ENOUGH))
        self._asking = Counter(dict.fromkeys(clauses, in_vain))

    def wants(self, clause: str) -> bool:
        return self._judging[clause] > 0 and self._asking[clause] > 0

    def note(self, clauses: Iterable[str], *, judged: bool) -> None:
        (self._judging if judged else self._asking).subtract(clauses)
