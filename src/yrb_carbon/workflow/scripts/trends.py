"""Means, totals and quantiles by reach and year."""

import pandas as pd

from yrb_carbon.analysis.trends import calc_trends
from yrb_carbon.study.units import load_units
from yrb_carbon.workflow.job import job

with job(snakemake):
    frame = pd.read_parquet(snakemake.input.frame)
    reaches = load_units().reach(snakemake.params.split).to_dict()
    trends = calc_trends(frame, snakemake.params.variables, reaches)
    trends.to_parquet(snakemake.output.trends)
