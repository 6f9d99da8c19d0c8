#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The benches' statistics against tabled values."""
import math
import os
import random
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "bench"))
import stats

tests = 0


def ok(good, name):
    global tests
    tests += 1
    print(f"{'ok' if good else 'not ok'} {tests} - {name}")


def near(a, b, by=0.002):
    return abs(a - b) <= by * abs(b)


ok(near(stats.t_quantile(0.975, 9), 2.2622), "t of 9 degrees")
ok(near(stats.t_quantile(0.95, 2), 2.9200), "t of 2 degrees")
ok(near(stats.normal_quantile(0.975), 1.95996), "normal quantile")
mean, low, high = stats.mean_interval([1.0, 2.0, 3.0])
ok(mean == 2 and near(high, 2 + 4.3027 / math.sqrt(3)), "interval of a mean")
# Clopper and Pearson for 5 of 20: 0.0866 .. 0.4910
ratio, low, high, bound = stats.hazard_ratio(5, 10, 15, 10)
ok(near(ratio, 1 / 3) and near(low, 0.08657 / 0.91343) and near(high, 0.49105 / 0.50895),
   "hazard ratio, exact interval")
ok(bound < high, "the one-sided bound lies within")
ok(stats.hazard_ratio(0, 10, 0, 10)[3] == math.inf, "no crash at all says nothing")
ratio, low, high, bound = stats.hazard_ratio(0, 100, 5, 100)
ok(ratio == 0 and low == 0 and 0 < high < 1.1, "none against five")
ok(stats.quantile([1, 2, 3, 4, 5], 0.5) == 3 and stats.quantile([1, 2], 0.5) == 1.5, "quantiles")
r = random.Random(1)
inside = 0
for _ in range(400):
    d1 = sum(r.random() < 0.02 for _ in range(1000))
    d0 = sum(r.random() < 0.02 for _ in range(1000))
    inside += stats.hazard_ratio(d1, 1000, d0, 1000)[1] <= 1 <= stats.hazard_ratio(d1, 1000, d0, 1000)[2]
ok(inside >= 372, f"95 % intervals hold the truth ({inside} of 400)")
print(f"1..{tests}")
