"""Loads, and the peers they are measured against. Figures are ratios of one run; see docs/performance.md."""
