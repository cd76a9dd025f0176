import unittest

from harvest import best_crop, parse, per_crop, per_week

LOG = """
2026-07-01 tomato 1.5 kg
2026-07-02 bean 250 g
2026-07-08 tomato 500 g
"""


class Totals(unittest.TestCase):
    def test_each_crop_is_added_up_largest_first(self):
        self.assertEqual(list(per_crop(parse(LOG)).items()), [("tomato", 2000), ("bean", 250)])

    def test_each_week_is_added_up(self):
        self.assertEqual(list(per_week(parse(LOG)).values()), [1750, 500])

    def test_the_best_crop_brought_most(self):
        self.assertEqual(best_crop(parse(LOG)), "tomato")

    def test_an_empty_log_has_no_best_crop(self):
        self.assertIsNone(best_crop([]))
