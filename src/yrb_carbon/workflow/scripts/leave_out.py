"""One model again without the units of each province."""

import pandas as pd

from yrb_carbon.analysis.robustness import case_of_column, leave_out_rows
from yrb_carbon.analysis.tables import SampleData, read_spec, read_weights
from yrb_carbon.study.units import load_units
from yrb_carbon.workflow.job import job

with job(snakemake):
    spec = read_spec(snakemake.params.spec)
    frame = pd.read_parquet(snakemake.input.frame)
    data = SampleData(frame, read_weights(snakemake.input.weights))
    case = case_of_column(spec.table, spec.models, data, spec.key)
    provinces = load_units().frame["province"].to_dict()
    covariances, draws = spec.models.covariances, spec.table.draws
    rows = leave_out_rows(case, provinces, covariances, draws, snakemake.params.seed, spec.key)
    rows.to_parquet(snakemake.output.rows)
