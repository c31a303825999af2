"""Versions for programs that know nothing of wsinb: plain files, folders, queries."""
