import unittest
from datetime import date

from harvest import Entry, parse, parse_line


class Parsing(unittest.TestCase):
    def test_a_line_is_day_crop_and_amount(self):
        self.assertEqual(parse_line("2026-07-01 tomato 1.5 kg"), Entry(date(2026, 7, 1), "tomato", 1500))

    def test_grams_stay_grams(self):
        self.assertEqual(parse_line("2026-07-01 bean 250 g").grams, 250)

    def test_a_comma_is_a_point(self):
        self.assertEqual(parse_line("2026-07-01 bean 0,25 kg").grams, 250)

    def test_a_crop_may_have_two_words(self):
        self.assertEqual(parse_line("2026-07-01 Swiss chard 300 g").crop, "swiss chard")

    def test_remarks_and_empty_lines_are_passed_over(self):
        self.assertEqual(parse("# July\n\n2026-07-01 bean 250 g # first\n"), [Entry(date(2026, 7, 1), "bean", 250)])

    def test_an_unknown_unit_is_refused(self):
        with self.assertRaisesRegex(ValueError, "unknown unit 'lb'"):
            parse_line("2026-07-01 bean 1 lb")
