"""Direct, indirect and total effects of the models of a table."""

import pandas as pd

from yrb_carbon.analysis.effects import effects_by_unit, effects_rows
from yrb_carbon.analysis.models import fit_columns
from yrb_carbon.analysis.tables import read_spec, read_weights
from yrb_carbon.study.sections import load_sections
from yrb_carbon.workflow.job import job

with job(snakemake):
    spec = read_spec(snakemake.params.spec)
    sections = load_sections(snakemake.params.sections)
    frame = pd.read_parquet(snakemake.input.frame)
    weights = read_weights(snakemake.input.weights)
    fitted = fit_columns(spec.models, frame, weights, spec.key)
    rows = effects_rows(fitted, sections.effects, sections.seed, spec.key)
    rows.to_parquet(snakemake.output.rows)
    effects_by_unit(fitted, spec.key).to_parquet(snakemake.output.by_unit)
