"""Runs once a night, though cron starts it on every machine."""

from typing import Any

from django.core.management.base import BaseCommand

import asio_redlock as redlock
from shop.locks import locks


class Command(BaseCommand):
    help = "Writes the nightly report."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            # Half a minute at least: more than the machines' clocks differ.
            with locks().lock("nightly-report", wait=0, min_hold=30) as lock:
                self.stdout.write(f"reporting, fencing token {lock.fencing_token}")
        except redlock.Contended:
            self.stdout.write("another machine reports tonight")
