"""The viewer in a real JupyterLab and Chromium: what a person waits for, beside what is asked."""
