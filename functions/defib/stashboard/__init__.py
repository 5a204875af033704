"""Stashboard's REST API, version 1, as its last release (1.5.1) answered: for the clients that still speak it."""
