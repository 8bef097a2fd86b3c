"""The oracle: the language read plainly, tick by tick.

A value is computed when it is first asked for, from what it reads; what it reads decides the
order. Times are fractions of root ticks, exact; the n-th root tick covers (n-1, n].
"""
