"""The own columns of a project: every change of them is a commit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from wsinb.errors import InvalidInput
from wsinb.listing import html_table
from wsinb.names import is_among, unknown
from wsinb.versions.author import check_author
from wsinb.versions.graph.commits import Draft
from wsinb.versions.graph.records import Record
from wsinb.versions.repository import MAIN, Repository
from wsinb.versions.tables.columns import Column, check_column, check_column_name, shown

__all__ = ["Columns"]


class Columns(Mapping[str, Column]):
    """The columns that a project adds to its annotations; changing them makes a commit.

    It is one on main, if not `on` another branch.

    Sessions read and write them by name, behind the columns of every annotation table. Adding,
    renaming and removing rewrites no file: earlier versions keep the names that they had.
    """

    def __init__(self, repository: Repository, branch: str = MAIN) -> None:
        self._repository = repository
        self._branch = branch

    def on(self, branch: str) -> Columns:
        """Return the columns of another branch, to read and to change."""
        return Columns(self._repository, branch)

    def _shown(self) -> dict[str, Column]:
        return shown(self._repository.columns_of(self._repository.branch_head(self._branch).record))

    def __getitem__(self, name: str) -> Column:
        return _known(self._shown(), name)

    def __contains__(self, name: object) -> bool:
        return name in self._shown()

    def __iter__(self) -> Iterator[str]:
        return iter(self._shown())

    def __len__(self) -> int:
        return len(self._shown())

    def add(
        self,
        name: str,
        type: str,  # noqa: A002
        unit: str | None = None,
        description: str = "",
        author: str | None = None,
    ) -> Column:
        """Add a column, as a commit; it is null in all rows there are.

        Parameters
        ----------
        name
            Unique among all columns of the table, whatever the case.
        type
            "float", "int", "text", "bool" or "time".
        unit
            For example ``"µm²"``.
        description
            What it means, in a sentence.
        author
            Who commits; the user by default.

        Raises
        ------
        InvalidInput
            If the name is taken or cannot be used, or there is no such type.
        """
        made = check_column(name, type, unit, description, ())

        def change(columns: tuple[Column, ...]) -> tuple[Column, ...]:
            check_column_name(name, shown(columns))
            return (*columns, made)

        self._edit(f"Add column {name}", {"added": [name]}, change, author)
        return made

    def rename(self, old: str, new: str, author: str | None = None) -> Column:
        """Give a column another name, as a commit; earlier versions keep the old one.

        Raises
        ------
        InvalidInput
            If there is no column of the old name, or the new one is taken or cannot be used.
        """

        def change(columns: tuple[Column, ...]) -> tuple[Column, ...]:
            column = _known(shown(columns), old)
            check_column_name(new, shown(columns).keys() - {old})
            return tuple(replace(each, name=new) if each is column else each for each in columns)

        self._edit(f"Rename column {old} to {new}", {"updated": [new]}, change, author)
        return self[new]

    def remove(self, name: str, author: str | None = None) -> None:
        """Hide a column, as a commit; earlier versions show it, and its values are kept.

        Raises
        ------
        InvalidInput
            If there is no column of that name.
        """

        def change(columns: tuple[Column, ...]) -> tuple[Column, ...]:
            column = _known(shown(columns), name)
            return tuple(replace(each, removed=True) if each is column else each for each in columns)

        self._edit(f"Remove column {name}", {"removed": [name]}, change, author)

    def _edit(
        self,
        message: str,
        edits: dict[str, list[str]],
        change: Callable[[tuple[Column, ...]], tuple[Column, ...]],
        author: str | None,
    ) -> None:
        signed = check_author(author)

        def prepare(record: Record) -> Draft:
            stored = {entry["key"]: entry for entry in self._repository.metadata_of(record)["columns"]}
            columns = change(self._repository.columns_of(record))
            # members that a later version gave to a column stay
            new = [{**stored.get(column.key, {}), **column.to_json()} for column in columns]
            project = self._repository.put_metadata(record, columns=new)
            return Draft(message, signed, project=project, edits={"columns": edits})

        self._repository.edit(prepare, self._branch)

    def __repr__(self) -> str:
        return f"Columns({', '.join(self)})"

    def _repr_html_(self) -> str:
        rows = ((each.name, each.type, each.unit or "", each.description) for each in self._shown().values())
        return html_table(("column", "type", "unit", "description"), rows)


def _known(columns: Mapping[str, Column], name: str) -> Column:
    if not is_among(name, columns):
        remedy = "add one with project.columns.add(name, type)."
        raise InvalidInput(unknown("column of the project's own named", name, columns, remedy))
    return columns[name]
