"""The sidebar with the slides of a project, as tests see and use it."""

from __future__ import annotations

__all__ = ["Panel"]


class Panel:
    """The sidebar of a `Lab`."""

    def __init__(self, lab) -> None:
        self.lab = lab
        self.page = lab.page
        self.node = lab.page.locator(".wsinb-project")

    def open(self, folder: str = "") -> None:
        self.lab.open_folder(folder)
        self.execute("wsinb:show-panel")
        self.node.wait_for()

    def come_back(self) -> None:
        """Open JupyterLab at an address without a folder, as people have it among their bookmarks."""
        self.page.goto(f"{self.lab.server.url}lab")

    def execute(self, command: str, **arguments) -> None:
        # what a command answers with is not waited for: a dialog may be open until then
        self.page.evaluate("([id, args]) => void jupyterapp.commands.execute(id, args)", [command, arguments])

    def row(self, name: str):
        return self.node.locator(f'.wsinb-strip-item[data-slide="{name}"]')

    def names(self) -> list[str]:
        return self.node.locator(".wsinb-strip-name").all_inner_texts()

    def wait_for_names(self, *names: str) -> None:
        script = """names => JSON.stringify(names) === JSON.stringify(
            [...document.querySelectorAll('.wsinb-strip-name')].map(node => node.textContent))"""
        self.page.wait_for_function(script, arg=list(names))

    def wait_for_current(self, name: str | None) -> None:
        script = """name => (document.querySelector('.wsinb-strip-item[aria-current=true]')?.dataset.slide
            ?? null) === name"""
        self.page.wait_for_function(script, arg=name)

    def wait_for_progress(self, text: str) -> None:
        self.node.locator(f".wsinb-progress-text:text-is({text!r})").wait_for()

    def open_slide(self, name: str) -> None:
        self.row(name).dblclick()
        self.wait_for_current(name)
        self.lab.wait_for_viewer()

    def tabs(self) -> list[str]:
        labels = ".lm-DockPanel-tabBar .lm-TabBar-tab:has(svg[data-icon='wsinb:slide']) .lm-TabBar-tabLabel"
        return self.page.locator(labels).all_inner_texts()

    def wait_for_tabs(self, *names: str) -> None:
        script = """names => JSON.stringify(names) === JSON.stringify([...document.querySelectorAll(
            ".lm-DockPanel-tabBar .lm-TabBar-tab:has(svg[data-icon='wsinb:slide']) .lm-TabBar-tabLabel"
        )].map(node => node.textContent))"""
        self.page.wait_for_function(script, arg=list(names))

    def dialog(self, text: str):
        found = self.page.locator(".jp-Dialog", has_text=text)
        found.wait_for()
        return found

    def wait_until_kept(self, text: str) -> None:
        """Wait until JupyterLab has stored its layout, which it does a moment after a change."""
        # not wait_for_function, for which the promise itself is an answer
        kept = "async () => JSON.stringify((await jupyterapp.serviceManager.workspaces.list()).values)"
        self.lab.until(lambda: text in self.page.evaluate(kept), f"{text} is kept")
