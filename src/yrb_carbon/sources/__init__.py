"""Readers, one module a published file format; they return tidy frames with units."""
