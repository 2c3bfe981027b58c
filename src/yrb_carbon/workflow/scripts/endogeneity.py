"""One model with instruments, and in dynamic form."""

import pandas as pd

from yrb_carbon.analysis.endogeneity import endogeneity_rows
from yrb_carbon.analysis.robustness import case_of_column
from yrb_carbon.analysis.tables import SampleData, read_spec, read_weights
from yrb_carbon.workflow.job import job

with job(snakemake):
    spec = read_spec(snakemake.params.spec)
    frame = pd.read_parquet(snakemake.input.frame)
    data = SampleData(frame, read_weights(snakemake.input.weights))
    case = case_of_column(spec.table, spec.models, data, spec.key)
    rows = endogeneity_rows(spec.table, case, spec.models.covariances, spec.key)
    rows.to_parquet(snakemake.output.rows)
