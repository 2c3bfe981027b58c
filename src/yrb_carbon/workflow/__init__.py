"""The DAG: paths of results, digests of the code behind a rule, and the rules themselves."""
