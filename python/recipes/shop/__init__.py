"""A Django application with locks."""
