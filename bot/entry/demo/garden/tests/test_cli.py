import tempfile
import unittest
from pathlib import Path

from harvest.cli import main


class CommandLine(unittest.TestCase):
    def run_on(self, log, *options):
        lines = []
        with tempfile.TemporaryDirectory() as place:
            path = Path(place, "log.txt")
            path.write_text(log, encoding="utf-8")
            self.assertEqual(main([str(path), *options], lines.append), 0)
        return lines

    def test_totals_per_crop(self):
        self.assertEqual(self.run_on("2026-07-01 bean 250 g\n"), ["bean            0.25 kg", "best: bean"])

    def test_totals_per_week(self):
        self.assertEqual(len(self.run_on("2026-07-01 bean 250 g\n2026-07-08 bean 1 kg\n", "--weekly")), 2)

    def test_an_empty_log_prints_nothing(self):
        self.assertEqual(self.run_on(""), [])
