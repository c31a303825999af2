"""The table of a slide: its files, its rows and the edits on top."""
