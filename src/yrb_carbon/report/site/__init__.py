"""The report: pages that open from disk, in every language of the study."""
