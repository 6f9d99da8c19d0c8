#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The benches' statistics against tabled values; what they record of a command line."""
import math
import os
import random
import sys

from tap import check, done

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "bench"))
import record
import stats


def near(a, b, by=0.002):
    return abs(a - b) <= by * abs(b)


check(near(stats.t_quantile(0.975, 9), 2.2622), "t of 9 degrees")
check(near(stats.t_quantile(0.95, 2), 2.9200), "t of 2 degrees")
check(near(stats.normal_quantile(0.975), 1.95996), "normal quantile")
mean, low, high = stats.mean_interval([1.0, 2.0, 3.0])
check(mean == 2 and near(high, 2 + 4.3027 / math.sqrt(3)), "interval of a mean")
# Clopper and Pearson for 5 of 20: 0.0866 .. 0.4910
ratio, low, high, bound = stats.hazard_ratio(5, 10, 15, 10)
check(near(ratio, 1 / 3) and near(low, 0.08657 / 0.91343) and near(high, 0.49105 / 0.50895),
      "hazard ratio, exact interval")
check(bound < high, "the one-sided bound lies within")
check(stats.hazard_ratio(0, 10, 0, 10)[3] == math.inf, "no crash at all says nothing")
ratio, low, high, bound = stats.hazard_ratio(0, 100, 5, 100)
check(ratio == 0 and low == 0 and 0 < high < 1.1, "none against five")
check(stats.quantile([1, 2, 3, 4, 5], 0.5) == 3 and stats.quantile([1, 2], 0.5) == 1.5, "quantiles")
r = random.Random(1)
inside = 0
for _ in range(400):
    d1 = sum(r.random() < 0.02 for _ in range(1000))
    d0 = sum(r.random() < 0.02 for _ in range(1000))
    inside += stats.hazard_ratio(d1, 1000, d0, 1000)[1] <= 1 <= stats.hazard_ratio(d1, 1000, d0, 1000)[2]
check(inside >= 372, f"95 % intervals hold the truth ({inside} of 400)")
shown = record.shown(["bench/x.py", "--trees", "/somewhere/else/trees", "--arm", "a=/opt/b/maptrap locate --pid {pid}",
                      "--match", "1.27/pie", "/"])
check(shown == "bench/x.py --trees trees --arm a=maptrap locate --pid {pid} --match 1.27/pie /",
      "no path of the machine in a recorded command", shown)
sys.exit(done())
