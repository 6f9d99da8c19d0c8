# SPDX-License-Identifier: Apache-2.0
"""Intervals, without libraries: Student's t for means, exact ones for ratios of two rates."""
import math


def normal_quantile(p):
    """By bisection on erf."""
    low, high = -10.0, 10.0
    for _ in range(80):
        mid = (low + high) / 2
        if 0.5 * (1 + math.erf(mid / math.sqrt(2))) < p:
            low = mid
        else:
            high = mid
    return (low + high) / 2


def t_quantile(p, df):
    """By bisection on the distribution function, integrated by Simpson's rule."""
    c = math.exp(math.lgamma((df + 1) / 2) - math.lgamma(df / 2)) / math.sqrt(df * math.pi)

    def cdf(x):
        n, h = 400, x / 400
        total = 0.0
        for i in range(n + 1):
            weight = 1 if i in (0, n) else 4 if i % 2 else 2
            total += weight * c * (1 + (i * h) ** 2 / df) ** (-(df + 1) / 2)
        return 0.5 + total * h / 3
    low, high = 0.0, 200.0
    for _ in range(60):
        mid = (low + high) / 2
        if cdf(mid) < p:
            low = mid
        else:
            high = mid
    return (low + high) / 2


def mean_interval(values, level=0.95):
    """(mean, low, high) by Student's t. Needs two values."""
    n = len(values)
    mean = sum(values) / n
    if n < 2:
        return mean, -math.inf, math.inf
    sd = math.sqrt(sum((v - mean) ** 2 for v in values) / (n - 1))
    d = t_quantile(0.5 + level / 2, n - 1) * sd / math.sqrt(n)
    return mean, mean - d, mean + d


def ratio_interval(pairs, level=0.95):
    """Of pairs (with, without): the geometric mean of with/without and its interval."""
    m, low, high = mean_interval([math.log(a / b) for a, b in pairs], level)
    return math.exp(m), math.exp(low), math.exp(high)


def quantile(values, p):
    values = sorted(values)
    at = p * (len(values) - 1)
    low = int(at)
    high = min(low + 1, len(values) - 1)
    return values[low] + (values[high] - values[low]) * (at - low)


def binomial_below(k, n, p):
    """P(X <= k) for X binomial(n, p)."""
    if p <= 0:
        return 1.0
    if p >= 1:
        return 1.0 if k >= n else 0.0
    return min(1.0, sum(math.exp(math.lgamma(n + 1) - math.lgamma(i + 1) - math.lgamma(n - i + 1)
                                 + i * math.log(p) + (n - i) * math.log1p(-p)) for i in range(k + 1)))


def root(f):
    """p in (0, 1) where the falling f crosses zero."""
    low, high = 0.0, 1.0
    for _ in range(100):
        mid = (low + high) / 2
        if f(mid) > 0:
            low = mid
        else:
            high = mid
    return (low + high) / 2


def hazard_ratio(events, seconds, base_events, base_seconds, level=0.95):
    """Rate against base rate: (ratio, low, high, one-sided upper bound at level), exact: given the sum
    of events, those of one arm are binomial (Clopper and Pearson). Bounds may be 0 or inf."""
    n = events + base_events
    if n == 0 or not seconds or not base_seconds:
        return math.nan, 0.0, math.inf, math.inf

    def scaled(p):
        return math.inf if p >= 1 - 1e-12 else p / (1 - p) * base_seconds / seconds

    def upper(alpha):
        return 1.0 if events == n else root(lambda p: binomial_below(events, n, p) - alpha)

    def lower(alpha):
        return 0.0 if events == 0 else root(lambda p: alpha - (1 - binomial_below(events - 1, n, p)))
    ratio = math.inf if base_events == 0 else events / seconds / (base_events / base_seconds)
    alpha = 1 - level
    return ratio, scaled(lower(alpha / 2)), scaled(upper(alpha / 2)), scaled(upper(alpha))
