/* The interactive map: Plotly draws filled outlines in the study's projection; this script gives
   them the colours of a variable and year, and says what a unit's value is. */
(function () {
  "use strict";

  const PLAY_MS = 1100;
  const ZOOM_STEP = 1.5;
  const MARGIN = 0.03;
  const PRINT_PX = 660;
  const NARROW_PX = 500;
  const SCALE_SHARE = 0.2;
  const TAGS = { en: "en", zh: "zh-Hans" };

  function start(root) {
    const part = (name) => root.querySelector(`#basin-map-${name}`);
    const data = JSON.parse(part("data").textContent);
    const plot = part("plot");
    const count = data.units.length;
    const place = new Map(data.units.map((unit, index) => [unit.id, index]));
    const years = [...new Set(data.layers.flatMap((layer) => layer.years))].sort((a, b) => a - b);
    const state = {
      layer: data.start.layer,
      year: Math.max(0, years.indexOf(data.start.year)),
      unit: -1,
      pinned: -1,
      timer: null,
      sort: { column: 0, turn: 1 },
      language: data.languages[0],
    };
    const outside = data.layers.map((layer) => new Set(layer.outside));

    // words

    function element(tag, content = "", className = "") {
      const made = document.createElement(tag);
      made.textContent = content;
      if (className) { made.className = className; }
      return made;
    }

    function spokenLanguage() {
      const wanted = document.documentElement.lang.slice(0, 2);
      return data.languages.includes(wanted) ? wanted : data.languages[0];
    }

    const said = (texts) => texts[state.language];
    function text(name, values = {}) {
      return Object.entries(values).reduce(
        (words, [key, value]) => words.replace(`{${key}}`, value), said(data.text[name]));
    }

    function number(value, decimals) {
      const format = { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
      return new Intl.NumberFormat("en-US", format).format(value).replace("-", "−");
    }

    function otherLanguage() {
      return state.language === "zh" ? "en" : "zh";
    }

    /** Both names of a unit, each in an element of its language. */
    function nameElements(unit) {
      const own = element("span", said(unit.name));
      const other = element("span", unit.name[otherLanguage()]);
      own.lang = TAGS[state.language];
      other.lang = TAGS[otherLanguage()];
      return own.textContent === other.textContent ? [own] : [own, " ", other];
    }

    function fullName(unit) {
      const own = said(unit.name);
      const other = unit.name[otherLanguage()];
      return own === other ? own : `${own} ${other}`;
    }

    // values

    const layer = () => data.layers[state.layer];
    const width = (one) => Math.max(1, one.years.length);

    function column(one) {
      return one.years.length ? one.years.indexOf(years[state.year]) : 0;
    }

    function valueOf(unit, one = layer(), at = column(one)) {
      return at < 0 ? null : one.values[unit * width(one) + at];
    }

    function classOf(value, one = layer()) {
      if (value === null) { return -1; }
      let index = 0;
      while (index < one.colours.length - 1 && value > one.edges[index + 1]) { index += 1; }
      return index;
    }

    const isOutside = (unit) => outside[state.layer].has(unit);

    function colourOf(unit) {
      if (isOutside(unit)) { return data.colours.outside; }
      const index = classOf(valueOf(unit));
      return index < 0 ? data.colours.noData : layer().colours[index];
    }

    const isMissing = (unit) => !isOutside(unit) && valueOf(unit) === null;

    function valueText(unit) {
      if (isOutside(unit)) { return text("outside"); }
      const value = valueOf(unit);
      return value === null ? text("noData") : number(value, layer().decimals);
    }

    const yearText = () => (layer().years.length ? String(years[state.year]) : text("noYear"));

    function placeText(unit) {
      const own = data.units[unit];
      const reach = own.reach && data.reaches[own.reach] ? [said(data.reaches[own.reach])] : [];
      return [said(own.province), ...reach].join(" · ");
    }

    /** Lines about a unit below its names: place, variable, value with unit and year. */
    function linesOf(unit) {
      const known = !isOutside(unit) && valueOf(unit) !== null;
      return [
        placeText(unit),
        said(layer().label),
        `${valueText(unit)}${known ? ` (${said(layer().unit)})` : ""}, ${yearText()}`,
      ];
    }

    // drawing

    function coordinates(rings) {
      const x = [], y = [];
      rings.forEach((ring, index) => {
        if (index) { x.push(null); y.push(null); }
        for (let i = 0; i < ring.length; i += 2) { x.push(ring[i]); y.push(ring[i + 1]); }
      });
      return { x, y };
    }

    function lines(rings, line) {
      return { type: "scatter", mode: "lines", ...coordinates(rings), line, hoverinfo: "skip" };
    }

    const units = data.units.map((unit) => ({
      type: "scatter", mode: "lines", ...coordinates(unit.rings),
      fill: "toself", hoveron: "fills", hoverinfo: "none",
      fillcolor: data.colours.noData, fillpattern: { shape: "", fgcolor: "#8c8c8c", size: 6 },
      line: { color: "#fff", width: 0.6 },
    }));
    const marked = count + 2;
    const traces = [
      ...units,
      lines(data.provinces, { color: data.colours.province, width: 0.9 }),
      lines(data.reachBorders, { color: "#000", width: 2.6 }),
      lines([], { color: "#b3541e", width: 3.2 }),
    ];
    const home = {
      x: [-MARGIN * data.size[0], (1 + MARGIN) * data.size[0]],
      y: [-MARGIN * data.size[1], (1 + MARGIN) * data.size[1]],
    };
    const aspect = (home.y[1] - home.y[0]) / (home.x[1] - home.x[0]);
    const coarse = window.matchMedia("(pointer: coarse)").matches;
    const layout = {
      showlegend: false, hovermode: "closest", dragmode: coarse ? false : "pan",
      margin: { l: 0, r: 0, t: 0, b: 0 }, paper_bgcolor: "#fff", plot_bgcolor: "#fff",
      xaxis: { visible: false, range: home.x.slice() },
      yaxis: { visible: false, range: home.y.slice(), scaleanchor: "x", scaleratio: 1 },
      font: { family: window.getComputedStyle(root).fontFamily },
    };

    const widthHere = () => plot.clientWidth;
    const size = (wide) => ({ width: wide, height: Math.round(wide * aspect) });

    function fit(wide = widthHere()) {
      return wide > 0 ? Plotly.relayout(plot, size(wide)) : Promise.resolve();
    }

    function paint() {
      const all = data.units.map((_, unit) => unit);
      return Plotly.restyle(plot, {
        fillcolor: all.map(colourOf),
        "line.color": all.map((unit) => (isOutside(unit) ? "#c3ccd2" : "#fff")),
        "fillpattern.shape": all.map((unit) => (isMissing(unit) ? "/" : "")),
      }, all);
    }

    function nameReaches() {
      const narrow = widthHere() < NARROW_PX;
      return Plotly.relayout(plot, {
        annotations: data.reachNames.map((one) => ({
          x: one.at[0], y: one.at[1], showarrow: false, borderpad: 1, bgcolor: "rgba(255,255,255,.8)",
          text: narrow ? said(data.reaches[one.reach]).replace(" ", "<br>")
            : said(data.reaches[one.reach]),
          font: { size: narrow ? 9 : 12, color: "#111" },
        })),
      });
    }

    /** Largest 1, 2 or 5 times a power of ten that is not above a value. */
    function roundBelow(value) {
      const power = 10 ** Math.floor(Math.log10(value));
      return power * [5, 2, 1].find((times) => times * power <= value);
    }

    function drawScale() {
      const { xaxis } = plot._fullLayout;
      const pixelsPerKm = 1000 / data.stepM * xaxis._length / (xaxis.range[1] - xaxis.range[0]);
      const km = roundBelow(SCALE_SHARE * xaxis._length / pixelsPerKm);
      part("scale").style.width = `${Math.round(km * pixelsPerKm)}px`;
      part("scale").textContent = `${km} km`;
    }

    function followView() {
      drawScale();
      placeTip();
    }

    function zoom(factor, middle) {
      const axes = plot._fullLayout;
      const update = {};
      [["xaxis", 0], ["yaxis", 1]].forEach(([name, i]) => {
        const [low, high] = axes[name].range;
        const centre = middle ? middle[i] : (low + high) / 2;
        const half = (high - low) / 2 / factor;
        update[`${name}.range`] = [centre - half, centre + half];
      });
      if (coarse) { update.dragmode = "pan"; }
      return Plotly.relayout(plot, update);
    }

    function showWhole() {
      const update = { "xaxis.range": home.x.slice(), "yaxis.range": home.y.slice() };
      if (coarse) { update.dragmode = false; }
      return Plotly.relayout(plot, update);
    }

    // a unit

    function placeTip() {
      const tip = part("tip");
      if (state.unit < 0) { return; }
      const { xaxis, yaxis } = plot._fullLayout;
      const [x, y] = data.units[state.unit].at;
      const left = xaxis.l2p(x) + xaxis._offset, top = yaxis.l2p(y) + yaxis._offset;
      const room = plot.clientWidth - tip.offsetWidth - 4;
      tip.style.left = `${Math.max(2, Math.min(left + 14, room))}px`;
      const above = top - tip.offsetHeight - 14;
      tip.style.top = `${above > 2 ? above : top + 14}px`;
    }

    function fillTip() {
      const tip = part("tip");
      tip.hidden = state.unit < 0;
      if (tip.hidden) { return; }
      const name = element("p", "", "basin-map-name");
      name.append(...nameElements(data.units[state.unit]));
      tip.replaceChildren(name, ...linesOf(state.unit).map((line) => element("p", line)));
      placeTip();
    }

    /** Show a unit; one that was chosen stays when the pointer leaves the map, and is said. */
    function choose(unit, pinned = true) {
      state.unit = unit;
      const { x, y } = coordinates(unit < 0 ? [] : data.units[unit].rings);
      Plotly.restyle(plot, { x: [x], y: [y] }, [marked]);
      fillTip();
      if (pinned) {
        state.pinned = unit;
        part("unit").value = unit < 0 ? "" : data.units[unit].id;
        say();
      }
    }

    function say() {
      const mine = data.units.map((_, unit) => unit).filter((unit) => !isOutside(unit));
      const n = mine.filter((unit) => valueOf(unit) !== null).length;
      part("status").textContent = state.pinned < 0
        ? `${yearText()}: ${text("counted", { n, m: mine.length })}`
        : [fullName(data.units[state.pinned]), ...linesOf(state.pinned)].join("; ");
    }

    /** Unit nearest in a direction: far ones and those aside count more. */
    function neighbour(dx, dy) {
      const here = state.unit < 0 ? data.size.map((v) => v / 2) : data.units[state.unit].at;
      let best = state.unit, least = Infinity;
      data.units.forEach((unit, index) => {
        if (index === state.unit) { return; }
        const ahead = (unit.at[0] - here[0]) * dx + (unit.at[1] - here[1]) * dy;
        const aside = Math.abs((unit.at[0] - here[0]) * dy) + Math.abs((unit.at[1] - here[1]) * dx);
        if (ahead <= 0 || aside > 2 * ahead) { return; }
        const far = ahead + 2 * aside;
        if (far < least) { least = far; best = index; }
      });
      return best;
    }

    const keys = {
      ArrowLeft: () => choose(neighbour(-1, 0)),
      ArrowRight: () => choose(neighbour(1, 0)),
      ArrowUp: () => choose(neighbour(0, 1)),
      ArrowDown: () => choose(neighbour(0, -1)),
      Home: () => choose(0),
      End: () => choose(count - 1),
      Escape: () => choose(-1),
      "+": () => zoom(ZOOM_STEP, state.unit < 0 ? null : data.units[state.unit].at),
      "=": () => zoom(ZOOM_STEP, state.unit < 0 ? null : data.units[state.unit].at),
      "-": () => zoom(1 / ZOOM_STEP, null),
      0: showWhole,
    };

    // legend

    function entry(markClass, colour, content) {
      const item = document.createElement("li");
      const mark = element("span", "", markClass);
      if (colour) { mark.style.backgroundColor = colour; }
      item.append(mark, element("span", content));
      return item;
    }

    function drawLegend() {
      const one = layer(), legend = part("legend");
      const counts = one.colours.map(() => 0);
      let missing = 0;
      data.units.forEach((_, unit) => {
        if (isOutside(unit)) { return; }
        const index = classOf(valueOf(unit));
        if (index < 0) { missing += 1; } else { counts[index] += 1; }
      });
      const list = document.createElement("ul");
      one.colours.forEach((colour, index) => list.append(entry("basin-map-swatch", colour,
        `${said(one.intervals)[index]} (${text("units", { n: counts[index] })})`)));
      if (missing) {
        list.append(entry("basin-map-swatch basin-map-hatched", data.colours.noData,
          `${text("noData")} (${text("units", { n: missing })})`));
      }
      if (one.outside.length) {
        list.append(entry("basin-map-swatch", data.colours.outside,
          `${text("outside")} (${text("units", { n: one.outside.length })})`));
      }
      if (data.reachBorders.length) {
        list.append(entry("basin-map-stroke basin-map-stroke-reach", null, text("reachBorder")));
      }
      list.append(entry("basin-map-stroke", null, text("provinceBorder")));
      const how = [text(one.years.length ? "legendYears" : "legendUnits")];
      if (one.centre !== null) { how.push(text("legendSides", { centre: one.centre })); }
      legend.replaceChildren(
        list,
        element("p", `${said(one.label)}: ${said(one.definition)}`),
        element("p", text("valuesIn", { unit: said(one.unit) })),
        element("p", how.join(state.language === "zh" ? "" : " ")),
        element("p", text("projection", { crs: data.crs })),
      );
    }

    // table

    function columns() {
      const one = layer();
      const words = [
        [text("unit"), (unit) => said(data.units[unit].name)],
        [said({ en: "中文", zh: "English" }), (unit) => data.units[unit].name[otherLanguage()]],
        [text("code"), (unit) => data.units[unit].id],
        [text("province"), (unit) => said(data.units[unit].province)],
        ...(data.reachNames.length ? [[text("reach"), (unit) => (data.units[unit].reach
          ? said(data.reaches[data.units[unit].reach]) : "")]] : []),
      ].map(([head, of]) => ({ head, of, words: true }));
      const numbers = (one.years.length ? one.years : [text("value")]).map((head, at) => ({
        head: String(head), words: false, of: (unit) => valueOf(unit, one, at),
      }));
      return [...words, ...numbers];
    }

    function sorted(rows, chosen) {
      const { turn } = state.sort;
      return rows.sort((a, b) => {
        const [one, other] = [chosen.of(a), chosen.of(b)];
        if (one === null || other === null) { return (one === null) - (other === null) || a - b; }
        const order = chosen.words ? one.localeCompare(other, state.language) : one - other;
        return turn * order || a - b;
      });
    }

    function drawTable() {
      if (!part("values").open) { return; }
      const one = layer(), shown = columns();
      state.sort.column = Math.min(state.sort.column, shown.length - 1);
      const head = document.createElement("tr");
      shown.forEach((entryOf, index) => {
        const cell = document.createElement("th");
        cell.scope = "col";
        if (entryOf.words) { cell.className = "basin-map-words"; }
        if (index === 1) { cell.lang = TAGS[otherLanguage()]; }
        if (index === state.sort.column) {
          cell.setAttribute("aria-sort", state.sort.turn > 0 ? "ascending" : "descending");
        }
        const button = element("button", entryOf.head);
        button.type = "button";
        button.title = text("sort", { column: entryOf.head });
        button.addEventListener("click", () => {
          state.sort = {
            column: index, turn: index === state.sort.column ? -state.sort.turn : 1,
          };
          drawTable();
          part("table").querySelectorAll("thead button")[index].focus();
        });
        cell.append(button);
        head.append(cell);
      });
      const wanted = part("search").value.trim().toLowerCase();
      const inside = data.units.map((_, unit) => unit).filter((unit) => !isOutside(unit));
      const rows = inside.filter((unit) => {
        const own = data.units[unit];
        return [own.id, ...Object.values(own.name), ...Object.values(own.province)]
          .some((name) => name.toLowerCase().includes(wanted));
      });
      const body = sorted(rows, shown[state.sort.column]).map((unit) => {
        const row = document.createElement("tr");
        shown.forEach((entryOf, index) => {
          const content = entryOf.of(unit);
          const cell = element(index ? "td" : "th", entryOf.words ? content
            : content === null ? text("noData") : number(content, one.decimals));
          if (!index) { cell.scope = "row"; }
          if (entryOf.words) { cell.className = "basin-map-words"; }
          if (index === 1) { cell.lang = TAGS[otherLanguage()]; }
          row.append(cell);
        });
        return row;
      });
      part("caption").textContent = `${said(one.label)} (${said(one.unit)})`;
      const table = part("table");
      table.querySelector("thead").replaceChildren(head);
      table.querySelector("tbody").replaceChildren(...body);
      part("found").textContent = text("found", { n: rows.length, m: inside.length });
    }

    // controls

    function option(value, content) {
      const made = element("option", content);
      made.value = value;
      return made;
    }

    function grouped(items, groupOf, optionOf) {
      const groups = new Map();
      items.forEach((item, index) => {
        const name = groupOf(item);
        if (!groups.has(name)) {
          groups.set(name, document.createElement("optgroup"));
          groups.get(name).label = name;
        }
        groups.get(name).append(optionOf(item, index));
      });
      return [...groups.values()];
    }

    function speak() {
      state.language = spokenLanguage();
      root.querySelectorAll("[data-text]").forEach((node) => {
        node.textContent = text(node.dataset.text);
      });
      root.querySelectorAll("[data-name]").forEach((node) => {
        node.setAttribute("aria-label", text(node.dataset.name));
        node.title = text(node.dataset.name);
      });
      plot.setAttribute("aria-label", text("map"));
      part("layer").replaceChildren(...grouped(
        data.layers, (one) => said(one.group), (one, index) => option(index, said(one.short))));
      part("unit").replaceChildren(option("", text("noUnit")), ...grouped(
        data.units, (unit) => said(unit.province), (unit) => option(unit.id, fullName(unit))));
      part("layer").value = state.layer;
      part("unit").value = state.pinned < 0 ? "" : data.units[state.pinned].id;
      nameReaches();
      update();
    }

    function update() {
      const one = layer(), many = one.years.length > 1;
      part("year").max = Math.max(0, years.length - 1);
      part("year").value = state.year;
      part("year").setAttribute("aria-valuetext", yearText());
      part("shown-year").textContent = yearText();
      part("year").disabled = !many;
      part("play").disabled = !many;
      part("previous").disabled = !many || state.year === 0;
      part("next").disabled = !many || state.year === years.length - 1;
      part("play").textContent = text(state.timer === null ? "play" : "pause");
      part("title").textContent = `${said(one.label)}, ${yearText()}`;
      paint();
      drawLegend();
      drawTable();
      fillTip();
      say();
    }

    function goTo(year) {
      state.year = Math.max(0, Math.min(year, years.length - 1));
      update();
    }

    function stop() {
      window.clearInterval(state.timer);
      state.timer = null;
    }

    function togglePlay() {
      if (state.timer !== null) { stop(); update(); return; }
      if (state.year === years.length - 1) { state.year = 0; }
      state.timer = window.setInterval(() => {
        if (state.year >= years.length - 2) { stop(); }
        goTo(state.year + 1);
      }, PLAY_MS);
      update();
    }

    function listen() {
      part("layer").addEventListener("change", (event) => {
        stop();
        state.layer = Number(event.target.value);
        if (layer().years.length && column(layer()) < 0) {
          state.year = years.indexOf(layer().years[layer().years.length - 1]);
        }
        update();
      });
      part("unit").addEventListener("change", (event) => {
        choose(place.has(event.target.value) ? place.get(event.target.value) : -1);
      });
      part("year").addEventListener("input", (event) => { stop(); goTo(Number(event.target.value)); });
      part("previous").addEventListener("click", () => { stop(); goTo(state.year - 1); });
      part("next").addEventListener("click", () => { stop(); goTo(state.year + 1); });
      part("play").addEventListener("click", togglePlay);
      part("in").addEventListener("click", () => zoom(ZOOM_STEP, null));
      part("out").addEventListener("click", () => zoom(1 / ZOOM_STEP, null));
      part("whole").addEventListener("click", showWhole);
      part("search").addEventListener("input", drawTable);
      part("values").addEventListener("toggle", drawTable);
      plot.addEventListener("keydown", (event) => {
        if (event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) { return; }
        event.preventDefault();
        keys[event.key]();
      });
      const point = (event, pinned) => {
        const unit = event.points[0].curveNumber;
        if (unit < count && (pinned || unit !== state.unit)) { choose(unit, pinned); }
      };
      plot.on("plotly_hover", (event) => point(event, false));
      plot.on("plotly_click", (event) => point(event, true));
      plot.on("plotly_relayout", followView);
      plot.on("plotly_relayouting", followView);
      plot.addEventListener("mouseleave", () => choose(state.pinned, false));
      document.addEventListener("languagechange-report", speak);
      new ResizeObserver(() => {
        if (plot._fullLayout && Math.abs(plot._fullLayout.width - widthHere()) > 1 && !printing) {
          fit().then(nameReaches);
        }
      }).observe(plot.parentElement);
    }

    // paper

    let printing = false, wasOpen = false;
    window.addEventListener("beforeprint", () => {
      printing = true;
      wasOpen = part("values").open;
      part("values").open = true;
      drawTable();
      fit(PRINT_PX);
    });
    window.addEventListener("afterprint", () => {
      printing = false;
      part("values").open = wasOpen;
      fit();
    });

    root.querySelectorAll(".basin-map-body").forEach((body) => { body.hidden = false; });
    Plotly.newPlot(plot, traces, { ...layout, ...size(widthHere()) },
      { displayModeBar: false, doubleClick: false, scrollZoom: false, showTips: false })
      .then(() => {
        listen();
        speak();
        drawScale();
        root.dataset.ready = "true";
      });
  }

  document.querySelectorAll("[data-basin-map]").forEach((root) => {
    if (root.querySelector("#basin-map-data")) { start(root); }
  });
}());
