"""The virtual sets of a project: every change of them is a commit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from wsinb.errors import InvalidInput
from wsinb.listing import html_table
from wsinb.names import is_among, is_name, unknown
from wsinb.versions.author import check_author
from wsinb.versions.checkout import Checkout, SlideCheckout
from wsinb.versions.graph.commits import Draft
from wsinb.versions.graph.records import Record
from wsinb.versions.repository import MAIN, Repository
from wsinb.versions.sets import SetMember, SlideSet
from wsinb.versions.slideentry import SlideEntry, check_slide
from wsinb.versions.slidelist import Slides
from wsinb.versions.splits import check_split, divide

if TYPE_CHECKING:
    from wsinb.tiles import Slide

__all__ = ["Places", "SlideSets"]

MAX_NAME = 200
Member = str | SetMember | Checkout | SlideCheckout
_Seen = dict[tuple[str, str], dict[str, Any]]


class Places:
    """Where the members of a set are: this project, and others, which are opened once.

    Parameters
    ----------
    repository, slides
        Of this project.
    find
        Opens another project by its address.
    """

    def __init__(
        self, repository: Repository, slides: Slides, find: Callable[[str], tuple[Repository, Slides]]
    ) -> None:
        self._here = repository, slides
        self._find = find
        self._others: dict[str, tuple[Repository, Slides]] = {}

    def at(self, project: str | None) -> tuple[Repository, Slides]:
        """Return a project's repository and slides; None is this project."""
        if project is None:
            return self._here
        if project not in self._others:
            self._others[project] = self._find(project)
        return self._others[project]

    def repository(self, project: str | None) -> Repository:
        """Return the repository of a project."""
        return self.at(project)[0]

    def open(self, project: str | None, version: str, slide: str) -> Slide:
        """Open the file of a slide of a version, where its project says that it is now."""
        repository, slides = self.at(project)
        return slides.open_entry(entry_at(repository, repository.record(version), slide))


@dataclass(frozen=True)
class _Placed:
    """A member with a pinned version, and what its project says of the slide."""

    member: SetMember
    entry: SlideEntry


class SlideSets(Mapping[str, SlideSet]):
    """The virtual sets of a project; changing them makes a commit on main, or on another branch."""

    def __init__(self, repository: Repository, places: Places, branch: str = MAIN) -> None:
        self._repository = repository
        self._places = places
        self._branch = branch

    def on(self, branch: str) -> SlideSets:
        """Return the sets of another branch, to read and to change."""
        return SlideSets(self._repository, self._places, branch)

    def at(self, version: str) -> dict[str, SlideSet]:
        """Return the sets of a version, by name."""
        stored = self._repository.sets_of(self._repository.record(version))
        return {name: SlideSet.from_json(name, data, self._places) for name, data in sorted(stored.items())}

    def __getitem__(self, name: str) -> SlideSet:
        sets = self.at(self._branch)
        if not is_among(name, sets):
            raise InvalidInput(unknown("set", name, sets, "add one with project.sets.add(name, slides)."))
        return sets[name]

    def __contains__(self, name: object) -> bool:
        return name in self.at(self._branch)

    def __iter__(self) -> Iterator[str]:
        return iter(self.at(self._branch))

    def __len__(self) -> int:
        return len(self.at(self._branch))

    def add(
        self,
        name: str,
        slides: Iterable[Member],
        split: Mapping[str, float] | None = None,
        by: str | None = None,
        seed: int = 0,
        author: str | None = None,
    ) -> SlideSet:
        """Add a set, as a commit.

        Parameters
        ----------
        name
            Unique among the sets of the project.
        slides
            Names of slides of this project, which are taken at the present version; checkouts of this or
            another project (all of their slides), or slides of checkouts (``checkout["cmu-1"]``); or
            `SetMember`. Each is stored with a commit id.
        split
            Fractions by part, such as ``{"train": 0.7, "validation": 0.15, "test": 0.15}``, to divide by
            chance as `wsinb.versions.splits` describes. Without, members keep the part they name.
        by
            An entry of the slides' metadata, for example ``"patient"``: slides with the same value come
            into one part. Otherwise the same slide file always comes into one part.
        seed
            Another seed gives another division.
        author
            Who commits; the user by default.

        Raises
        ------
        InvalidInput
            If the name is taken, a slide is given twice or lacks the metadata, or the fractions do not
            add up to 1.
        UnknownSlide, UnknownVersion, UnknownProject
            If there is no such slide, version or project.
        """
        checked, fractions = _check_name(name), check_split(split)
        given, signed = _check_members(slides), check_author(author)
        if not isinstance(by, str | None):
            raise InvalidInput(f"A set is grouped by an entry of the slides' metadata, not by {by!r}.")
        if isinstance(seed, bool) or not isinstance(seed, int):
            raise InvalidInput(f"The seed of a split is a whole number, not {seed!r}.")

        def prepare(record: Record) -> Draft:
            stored = self._repository.sets_of(record)
            if checked in stored:
                raise InvalidInput(
                    f"The project has a set {checked!r} already: choose another name, or remove it with "
                    f"project.sets.remove({checked!r})."
                )
            seen: _Seen = {}
            placed = [each for item in given for each in self._placed(item, record, seen)]
            members = _divided(_grouped(placed, by), fractions, seed)
            made = SlideSet(checked, members, self._places, fractions, by, seed)
            sets = self._repository.objects.put({"sets": {**stored, checked: made.to_json()}})
            return Draft(f"Add set {checked}", signed, sets=sets, edits={"sets": {"added": [checked]}})

        self._repository.edit(prepare, self._branch)
        return self[checked]

    def remove(self, name: str, author: str | None = None) -> None:
        """Remove a set, as a commit; earlier versions keep it.

        Raises
        ------
        InvalidInput
            If there is no set of that name.
        """
        signed = check_author(author)

        def prepare(record: Record) -> Draft:
            stored = self._repository.sets_of(record)
            if not is_among(name, stored):
                raise InvalidInput(unknown("set", name, stored))
            left = {other: data for other, data in stored.items() if other != name}
            sets = self._repository.objects.put({"sets": left})
            return Draft(f"Remove set {name}", signed, sets=sets, edits={"sets": {"removed": [name]}})

        self._repository.edit(prepare, self._branch)

    def _placed(self, item: Member, record: Record, seen: _Seen) -> Iterator[_Placed]:
        """Yield the members that somebody meant, each at a commit; `record` is the present one."""
        if isinstance(item, str):
            member = SetMember(None, record.id, item)
            yield _Placed(member, entry_at(self._repository, record, item, seen))
        elif isinstance(item, SetMember):
            repository = self._places.repository(item.project)
            pinned = repository.record(item.version)
            # an address may hold options; a folder may have been given from here
            given = item.project if "://" in (item.project or "") else self._address(repository)
            member = replace(item, project=given, version=pinned.id)
            yield _Placed(member, entry_at(repository, pinned, item.slide, seen))
        else:
            whole = item._checkout if isinstance(item, SlideCheckout) else item
            names = [item.slide] if isinstance(item, SlideCheckout) else list(whole)
            project, commit = self._address(whole.repository), whole.commit.id
            for name in names:
                yield from self._placed(SetMember(project, commit, name), record, seen)

    def _address(self, repository: Repository) -> str | None:
        """Return the address of the project of a checkout, None for this project."""
        here = self._repository
        if repository.store.url == here.store.url:
            return None
        return repository.store.url.removesuffix("/.wsinb")

    def __repr__(self) -> str:
        return f"SlideSets({', '.join(self)})"

    def _repr_html_(self) -> str:
        found = self.at(self._branch)
        rows = ((name, len(each), ", ".join(each.parts)) for name, each in found.items())
        return html_table(("set", "slides", "parts"), rows)


def entry_at(repository: Repository, record: Record, slide: str, seen: _Seen | None = None) -> SlideEntry:
    """Return what a commit says of a slide, or raise `UnknownSlide`; `seen` keeps slide lists."""
    place = repository.store.url, record.id
    entries = seen.get(place) if seen is not None else None
    if entries is None:
        entries = repository.slides_of(record)
        if seen is not None:
            seen[place] = entries
    check_slide(slide, entries, f"at commit {record.id[:10]}")
    return SlideEntry.from_json(slide, entries[slide])


def _check_name(name: Any) -> str:
    if not is_name(name, MAX_NAME, trimmed=True):
        raise InvalidInput(
            f"A set needs a printable name of 1 to {MAX_NAME} characters without spaces at its ends, "
            f"not {str(name)[:MAX_NAME]!r}."
        )
    return str(name)


def _check_members(slides: Any) -> list[Member]:
    one = isinstance(slides, str | bytes | SetMember) or not isinstance(slides, Iterable)
    given = [] if one else [slides] if isinstance(slides, Checkout) else list(slides)
    if one or not all(isinstance(item, Member) and _is_typed(item) for item in given):
        raise InvalidInput(
            "The slides of a set are a list of names, of wsinb.SetMember, or of checkouts and their slides."
        )
    if not given:
        raise InvalidInput("A set needs a slide: name at least one.")
    return given


def _is_typed(item: Member) -> bool:
    """Say whether a member holds texts only, as far as it names things."""
    if not isinstance(item, SetMember):
        return True
    needed, optional = (item.version, item.slide), (item.project, item.group, item.part)
    return all(isinstance(text, str) for text in needed) and all(
        isinstance(text, str | None) for text in optional
    )


def _grouped(placed: list[_Placed], by: str | None) -> list[_Placed]:
    """Return the members with the groups that their metadata tell; refuse those given twice."""
    counts = Counter((each.member.project, each.member.version, each.member.slide) for each in placed)
    twice = [slide for (_, _, slide), count in counts.items() if count > 1]
    if twice:
        raise InvalidInput(f"Slide {twice[0]!r} is given twice at one version: leave one out.")
    if by is None:
        return placed
    grouped, missing = [], []
    for each in placed:
        value = each.entry.metadata.get(by) if each.member.group is None else each.member.group
        if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
            missing.append(each.member.slide)
        grouped.append(replace(each, member=replace(each.member, group=str(value))))
    if missing:
        names = ", ".join(repr(name) for name in missing[:5]) + (" ..." if len(missing) > 5 else "")
        raise InvalidInput(
            f"{len(missing)} slides have no text or whole number {by!r} in their metadata ({names}): set it "
            f"with project.slides.set_metadata(name, {{{by!r}: ...}})."
        )
    return grouped


def _divided(placed: list[_Placed], split: Mapping[str, float] | None, seed: int) -> list[SetMember]:
    members = [each.member for each in placed]
    if split is None:
        return members
    chosen = next((member.slide for member in members if member.part is not None), None)
    if chosen is not None:
        raise InvalidInput(f"Slide {chosen!r} names its part: leave that out, or leave out split.")
    # the same file under two names, or at two versions, is one slide
    groups = [
        f"slide {each.entry.checksum}" if each.member.group is None else f"group {each.member.group}"
        for each in placed
    ]
    return [replace(m, part=part) for m, part in zip(members, divide(groups, split, seed), strict=True)]
