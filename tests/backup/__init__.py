"""Tests of `cocoai backup` and `cocoai restore`."""
