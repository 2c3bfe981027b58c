# Specification tests of the cigarette panel by spdep and plm.
#
# Usage: Rscript diagnostics.R panel.csv weights.csv output.csv
#   panel.csv: unit, year, logc, logp, logy; weights.csv: binary contiguity with names.
# tests/peers/test_diagnostics_peers.py writes both inputs when it is run as a program.

suppressMessages({
  library(spdep)
  library(plm)
})

arguments <- commandArgs(trailingOnly = TRUE)
panel <- read.csv(arguments[1], stringsAsFactors = FALSE)
binary <- as.matrix(read.csv(arguments[2], row.names = 1, check.names = FALSE))
panel <- panel[order(panel$year, panel$unit), ]
units <- sort(unique(panel$unit))
periods <- sort(unique(panel$year))
binary <- binary[units, units]
weights <- binary / rowSums(binary)
stacked <- mat2listw(kronecker(diag(length(periods)), weights), style = "W")

rows <- list()
add <- function(source, effects, quantity, value) {
  rows[[length(rows) + 1]] <<- data.frame(
    source = source, effects = effects, quantity = quantity,
    value = format(as.numeric(value), digits = 15)
  )
}

models <- list(
  "pooled" = lm(logc ~ logp + logy, panel),
  "unit" = lm(logc ~ logp + logy + factor(unit), panel),
  "time" = lm(logc ~ logp + logy + factor(year), panel),
  "two-way" = lm(logc ~ logp + logy + factor(unit) + factor(year), panel)
)
for (effects in names(models)) {
  moran <- lm.morantest(models[[effects]], stacked, alternative = "two.sided")
  add("spdep lm.morantest", effects, "moran", moran$estimate["Observed Moran I"])
  add("spdep lm.morantest", effects, "expected", moran$estimate["Expectation"])
  add("spdep lm.morantest", effects, "variance", moran$estimate["Variance"])
  add("spdep lm.morantest", effects, "statistic", moran$statistic)
}
for (statistic in c("LMlag", "LMerr", "RLMlag", "RLMerr")) {
  test <- lm.LMtests(models[["pooled"]], stacked, test = statistic)
  add("spdep lm.LMtests", "pooled", statistic, test[[statistic]]$statistic)
}

frame <- pdata.frame(panel, index = c("unit", "year"))
formula <- logc ~ logp + logy
add("plm plmtest honda", "pooled", "LM1",
    plmtest(formula, frame, effect = "individual", type = "honda")$statistic)
for (effects in c("individual", "twoways")) {
  within <- plm(formula, frame, model = "within", effect = effects)
  label <- if (effects == "individual") "unit" else "two-way"
  add("plm pcdtest", label, "CD", pcdtest(within, test = "cd")$statistic)
}

write.csv(do.call(rbind, rows), arguments[3], row.names = FALSE, quote = FALSE)
cat(R.version.string, "\n")
for (package in c("spdep", "plm")) cat(package, as.character(packageVersion(package)), "\n")
