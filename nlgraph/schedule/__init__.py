"""What runs when: the equations as regions, one or more for each clock, still without torch."""
